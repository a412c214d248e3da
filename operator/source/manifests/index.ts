export { type LoadOptions, loadTree } from './load-tree.ts';
export type { LoadedObject, ManifestProblem, ManifestTree } from './types.ts';
