/**
 * What the package exports as `fleetward/policy`: everything of the engine. Inside the repository import `index.ts`, or
 * lint, reach and distance from their folders, so that evaluating a policy does not load the automata.
 */
export * from './distance/index.ts';
export * from './index.ts';
export * from './lint/index.ts';
export * from './reach/index.ts';
