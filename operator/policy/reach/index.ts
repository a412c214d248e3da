export type { SameValue } from './agreements.ts';
export { type Classes, classify, type DeviceClass, type Slot, slotValue } from './classes.ts';
export type { Fleet, FleetDevice } from './fleet.ts';
export { graphOver, type ReachEdge, type ReachGraph, reachGraph } from './graph.ts';
export {
  type BlastRadius,
  blastRadius,
  type Contact,
  edgesBetween,
  type Isolation,
  isolated,
  type ReachChange,
  reachChange,
  reachedBy,
  whoReaches,
} from './queries.ts';
