import { join } from 'node:path';
import { readCrds } from './crds.ts';
import { generateDocs } from './docs.ts';
import { generatePackaging } from './packaging.ts';
import { generateSchemas } from './schemas.ts';
import { generateTypes } from './types.ts';

/** Something that writes generated files. Paths are relative to the root of the repository. */
export interface Output {
  readonly name: string;
  generate(root: string): Promise<ReadonlyMap<string, string>>;
}

/** Register other generated files here: \`npm run gen\` writes them and \`npm run verify\` compares them. */
export const outputs: readonly Output[] = [
  { name: 'types', generate: async (root) => generateTypes(await readCrds(join(root, 'crds'))) },
  { name: 'schemas', generate: async (root) => generateSchemas(await readCrds(join(root, 'crds'))) },
  { name: 'docs', generate: async (root) => generateDocs(await readCrds(join(root, 'crds')), root) },
  { name: 'packaging', generate: generatePackaging },
];
