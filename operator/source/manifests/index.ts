export { type LoadOptions, loadTree } from './load-tree.ts';
export type { ManifestProblem, ManifestTree } from './types.ts';
