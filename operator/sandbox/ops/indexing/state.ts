import type { ThingGroupIndexingConfiguration, ThingIndexingConfiguration } from '@aws-sdk/client-iot';
import type { Thing } from '../../state/registry.ts';
import type { Slice } from '../../state/scope.ts';

export type IndexedThing = Pick<Thing, 'attributes' | 'typeName' | 'groups'>;

/** Settings of the fleet index, and what has not reached it yet. */
export class Indexing {
  things: ThingIndexingConfiguration = { thingIndexingMode: 'OFF' };
  groups: ThingGroupIndexingConfiguration = { thingGroupIndexingMode: 'OFF' };
  /** The index of things cannot be queried before this time. */
  buildingUntil = 0;
  rebuildingUntil = 0;
  /** New things by the time at which a search first finds them. */
  readonly arriving = new Map<string, number>();
  /** Things as the index has them, where it lags behind the registry. */
  readonly indexed = new Map<string, IndexedThing>();

  get isOn(): boolean {
    return this.things.thingIndexingMode !== 'OFF';
  }
}

interface Saved {
  readonly things: ThingIndexingConfiguration;
  readonly groups: ThingGroupIndexingConfiguration;
}

/** A restored index is complete. */
export const INDEXING: Slice<Indexing> = {
  name: 'indexing',
  create: () => new Indexing(),
  save: ({ things, groups }): Saved => ({ things, groups }),
  load(indexing, saved) {
    const from = saved as Saved;
    indexing.things = from.things;
    indexing.groups = from.groups;
  },
};
