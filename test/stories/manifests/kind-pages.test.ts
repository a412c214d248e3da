import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../../operator/api/kinds.gen.ts';
import { loadTree } from '../../../operator/source/manifests/index.ts';

const folder = join(import.meta.dirname, '../../../docs/kinds');
const pages = await Promise.all(
  (await readdir(folder)).map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })),
);

describe('the pages of the kinds', () => {
  it('are one for each kind', () => {
    expect(pages.map(({ name }) => name).sort()).toEqual(KINDS.map((kind) => `${kind.toLowerCase()}.md`).sort());
  });

  it.each(pages)('$name has example, fields, working with it and status, in that order', ({ text }) => {
    expect([...text.matchAll(/^## (.*)$/gm)].map((match) => match[1])).toEqual([
      'Example',
      'Fields',
      'Working with it',
      'Status',
    ]);
  });

  it.each(pages)('$name shows manifests that are valid', async ({ name, text }) => {
    const work = await mkdtemp(join(tmpdir(), 'fleetward-pages-'));
    try {
      const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
      for (const [index, block] of blocks.entries()) {
        await writeFile(join(work, 'block.yaml'), block);
        const tree = await loadTree(work, { base: work });
        expect(tree.errors, `${name}, block ${index + 1}`).toEqual([]);
        expect(tree.objects.length).toBeGreaterThan(0);
      }
      expect(blocks.length).toBeGreaterThan(0);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  });
});
