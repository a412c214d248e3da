import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type LoadOptions, loadTree, type ManifestTree } from '../../../operator/source/manifests/index.ts';

export type Content = string | Buffer;

export async function folderOf(files: Readonly<Record<string, Content>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-manifests-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

export async function load(files: Readonly<Record<string, Content>>, options: LoadOptions = {}): Promise<ManifestTree> {
  const folder = await folderOf(files);
  return loadTree(folder, { base: folder, ...options });
}

export const lines = (tree: ManifestTree) =>
  tree.errors.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`);
export const names = (tree: ManifestTree) => tree.objects.map(({ object }) => `${object.kind}/${object.metadata.name}`);
export const group = (name: string, spec = '{}') =>
  `apiVersion: fleetward.dev/v1alpha1\nkind: ThingGroup\nmetadata:\n  name: ${name}\nspec: ${spec}\n`;
export const device = (name: string, spec = '  suspend: false') =>
  `apiVersion: fleetward.dev/v1alpha1\nkind: Device\nmetadata:\n  name: ${name}\nspec:\n${spec}\n`;
export const policy = (statement: string) =>
  `apiVersion: fleetward.dev/v1alpha1\nkind: IoTPolicy\nmetadata:\n  name: p\nspec:\n  document:\n    Statement:\n${statement}`;
