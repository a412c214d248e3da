/** The pages of docs/narrations; `npm run narrate` writes them anew. Read what has changed before you commit it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { narrate } from './narrate.ts';
import { SCENARIOS } from './scenarios.ts';

const FOLDER = join(import.meta.dirname, '../../../../docs/narrations');

describe('what happens, told word by word, is what the page says', () => {
  test.each(SCENARIOS)(
    '$name: $title',
    async (scenario) => {
      const { text, ended, violations } = await narrate(scenario);
      expect(violations).toEqual([]);
      expect(ended).toMatchObject(scenario.ends);
      await expect(text).toMatchFileSnapshot(join(FOLDER, `${scenario.name}.md`));
    },
    300_000,
  );
});

test('every page is a scenario, and the index links each under its title', () => {
  const pages = readdirSync(FOLDER).filter((name) => name !== 'README.md');
  expect(pages.sort()).toEqual(SCENARIOS.map(({ name }) => `${name}.md`).sort());
  const index = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  for (const { name, title } of SCENARIOS) expect(index).toContain(`[${title}](${name}.md)`);
});
