import { ownCall } from '../../call.ts';
import type { CallContext } from '../../context.ts';
import type { Sandbox } from '../../sandbox.ts';
import { REGISTRY, type Thing, type ThingGroup } from '../../state/registry.ts';
import type { Scope } from '../../state/scope.ts';
import { addMember, leaveGroup, noteFull } from '../membership.ts';
import { thingLookup } from './documents.ts';
import { matches } from './match.ts';
import { parseQuery, type Query } from './query.ts';
import { INDEXING, type Indexing } from './state.ts';

const MAX_GROUPS = 10;

interface Dynamic {
  readonly group: ThingGroup;
  readonly query: Query;
}

/** Read again only after a group came, went or changed: a fleet has many groups, and every change of a thing asks. */
class DynamicGroups {
  #known: readonly Dynamic[] | undefined;

  of(scope: Scope): readonly Dynamic[] {
    this.#known ??= dynamicGroups(scope);
    return this.#known;
  }

  forget(): void {
    this.#known = undefined;
  }
}

/** Oldest first: at ten groups the newer dynamic ones lose (dynamic-thing-groups). */
function dynamicGroups(scope: Scope): Dynamic[] {
  return [...scope.slice(REGISTRY).groups.values()]
    .filter((group) => group.query)
    .sort((a, b) => a.createdAt - b.createdAt)
    .map((group) => ({ group, query: parseQuery(group.query?.text ?? '').query }));
}

function settle(context: CallContext, thing: Thing, groups: readonly Dynamic[]): void {
  for (const { group, query } of groups) {
    const belongs = matches(query, thingLookup(context, thing));
    const isMember = thing.groups.includes(group.name);
    if (belongs && !isMember && thing.groups.length < MAX_GROUPS) addMember(context, thing, group);
    else if (belongs && !isMember) noteFull(context, thing, group.name);
    if (!belongs && isMember) leaveGroup(context, thing, group.name);
  }
}

/** What a search finds from now on. A deleted thing is found no more at once. */
function note({ indexed }: Indexing, name: string, thing: Thing | undefined): void {
  if (thing) indexed.set(name, { attributes: thing.attributes, typeName: thing.typeName, groups: thing.groups });
  else indexed.delete(name);
}

/** The changes of one scope that have not reached the dynamic groups. */
class Queue {
  readonly #sandbox: Sandbox;
  readonly #scope: Scope;
  readonly dynamic = new DynamicGroups();
  #busy = false;

  constructor(sandbox: Sandbox, scope: Scope) {
    this.#sandbox = sandbox;
    this.#scope = scope;
  }

  /** `names` undefined: every thing. */
  after(ms: number, names: readonly string[] | undefined): void {
    if (ms === 0) this.#run(names);
    else this.#sandbox.world.clock.after(ms, () => this.#run(names));
  }

  get busy(): boolean {
    return this.#busy;
  }

  #run(names: readonly string[] | undefined): void {
    const { things } = this.#scope.slice(REGISTRY);
    const groups = this.dynamic.of(this.#scope);
    const context = ownCall(this.#sandbox.world, this.#scope, 'FleetIndexing');
    const indexing = this.#scope.slice(INDEXING);
    // Memberships made here are changes too, of which nothing new follows.
    this.#busy = true;
    try {
      for (const name of names ?? things.keys()) {
        indexing.arriving.delete(name);
        const thing = things.get(name);
        if (thing && groups.length > 0) settle(context, thing, groups);
        if (this.#sandbox.world.delays.indexing > 0) note(indexing, name, thing);
      }
      for (const { group } of groups) if (!names && group.query) group.query.status = 'ACTIVE';
    } finally {
      this.#busy = false;
    }
  }
}

/**
 * Keeps the members of dynamic groups as their queries have them while the index of things is on: after a change of a
 * thing by the indexing delay, after a change of a group or of the index by the time of a build. Returns how to stop.
 */
export function startIndexing(sandbox: Sandbox): () => void {
  const queues = new WeakMap<Scope, Queue>();
  const { delays } = sandbox.world;
  return sandbox.onChange((change, scope) => {
    if (change.kind === 'thing-group' || change.kind === 'restored') queues.get(scope)?.dynamic.forget();
    const indexing = scope.slice(INDEXING);
    if (!indexing.isOn) return;
    const queue = queues.get(scope) ?? new Queue(sandbox, scope);
    queues.set(scope, queue);
    if (queue.busy) return;
    if (change.kind === 'thing' && change.operation !== 'DELETED') {
      const arrives = sandbox.clock.now() + delays.indexing;
      if (change.operation === 'CREATED' && delays.indexing > 0) indexing.arriving.set(change.thingName, arrives);
      queue.after(delays.indexing, [change.thingName]);
    } else if (change.kind === 'thing') {
      indexing.indexed.delete(change.thingName);
    } else if (change.kind === 'membership' || change.kind === 'thing-type-association') {
      queue.after(delays.indexing, [change.thingName]);
    } else if (change.kind === 'thing-group' && change.operation !== 'DELETED') {
      const query = scope.slice(REGISTRY).groups.get(change.groupName)?.query;
      if (!query) return;
      if (delays.build > 0) query.status = change.operation === 'CREATED' ? 'BUILDING' : 'REBUILDING';
      queue.after(delays.build, undefined);
    } else if (change.kind === 'restored') {
      // What was on its way when the state was saved has arrived by now.
      queue.after(0, undefined);
    } else if (change.kind === 'other' && change.resource === 'indexingconfiguration') {
      queue.after(delays.build, undefined);
    } else if (change.kind === 'other' && change.resource.startsWith('thing/')) {
      // Its shadow or its violations.
      queue.after(delays.indexing, [change.resource.slice('thing/'.length)]);
    }
  });
}
