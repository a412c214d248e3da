export { documentCharacters } from './check-object.ts';
export { type LoadOptions, loadTree } from './load-tree.ts';
export { accountOf, awsNameOf, type Reference, referencesOf } from './references.ts';
export type { LoadedObject, LoadLimits, ManifestProblem, ManifestTree, ProblemCode } from './types.ts';
