import { cp, mkdtemp, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cluster, execute, missing, must, why } from './support/cluster.ts';

const ROOT = join(import.meta.dirname, '../..');

/** No container engine here: what the Dockerfile says is done with folders instead. */
describe.skipIf(missing)(`the image${why}`, () => {
  const lines = async () => (await readFile(join(ROOT, 'Dockerfile'), 'utf8')).split('\n');

  test('the build stage copies all that the build needs, and the bundle runs without any of it', async () => {
    const stage = await mkdtemp(join(cluster().folder, 'image-'));
    const copies = (await lines()).filter((line) => line.startsWith('COPY ') && !line.includes('--from'));
    for (const line of copies) {
      const words = line.split(/\s+/).slice(1);
      const target = words.pop() ?? '';
      for (const source of words) {
        const into = words.length > 1 || target === './' ? join(target, source.split('/').pop() ?? '') : target;
        await cp(join(ROOT, source), join(stage, into), { recursive: true });
      }
    }
    await symlink(join(ROOT, 'node_modules'), join(stage, 'node_modules'));
    await must(execute(process.execPath, ['scripts/build.ts'], { cwd: stage }));
    const alone = await mkdtemp(join(cluster().folder, 'alone-'));
    await cp(join(stage, 'dist'), alone, { recursive: true });
    const run = (...args: readonly string[]) =>
      must(execute(process.execPath, [join(alone, 'fleetward.mjs'), ...args], { cwd: alone }));
    expect(await run('version')).toMatch(/^fleetward \d+\.\d+\.\d+/);
    expect(await run('iam-policy')).toContain('iot:CreateThing');
    expect(await run('validate', join(ROOT, 'manifests/examples/factory'))).not.toContain('error');
  });
});
