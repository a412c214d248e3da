import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bases, filesOf, identity, parseObjects, plain } from './support/bases.ts';
import { cluster, execute, missing, must, why } from './support/cluster.ts';

const ROOT = join(import.meta.dirname, '../..');

describe.skipIf(missing)(`the kustomize bases${why}`, () => {
  test('render the objects that the chart renders', async () => {
    const { helm, kubectl } = cluster().parts;
    for (const { folder, objects } of await bases(helm)) {
      const rendered = parseObjects(await must(execute(kubectl, ['kustomize', join(ROOT, 'manifests/bases', folder)])));
      const sorted = (list: typeof rendered) => [...list].sort((a, b) => (identity(a) < identity(b) ? -1 : 1));
      expect(rendered.length, folder).toBeGreaterThan(2);
      expect(sorted(rendered.map(plain)), folder).toEqual(sorted(objects));
    }
  });

  test('are what the chart would write now', async () => {
    for (const base of await bases(cluster().parts.helm)) {
      if (base.folder === 'crds') continue;
      for (const [path, text] of filesOf(base)) {
        expect(await readFile(join(ROOT, path), 'utf8'), `${path}: run "node test/cluster/bases.ts"`).toBe(text);
      }
    }
  });
});
