import { type SameValue, wayKey } from './agreements.ts';
import { type DeviceClass, slotValue } from './classes.ts';
import type { FleetDevice } from './fleet.ts';
import type { ReachEdge, ReachGraph } from './graph.ts';

/** A group of devices at the other end of an edge. */
export interface Contact {
  readonly edge: ReachEdge;
  /** Devices of one class; listed up to a bound, counted in full. */
  readonly count: number;
  readonly devices: readonly FleetDevice[];
}

const listed = 20;

function valuesOf(device: FleetDevice, cls: DeviceClass): (string | undefined)[] {
  return cls.slots.map((slot) => slotValue(device, slot));
}

function agree(
  sender: readonly (string | undefined)[],
  receiver: readonly (string | undefined)[],
  pair: SameValue,
): boolean {
  return sender[pair.from] === receiver[pair.to];
}

interface Ends {
  readonly graph: ReachGraph;
  readonly sender: FleetDevice;
  readonly receiver: FleetDevice;
}

function classOf(graph: ReachGraph, index: number): DeviceClass {
  return graph.classes.list[graph.classes.of[index]!]!;
}

function indexOf(graph: ReachGraph, device: FleetDevice): number {
  return graph.fleet.devices.indexOf(device);
}

/** The edges that hold between two devices: the values that agree are exactly those the edge names. */
export function edgesBetween({ graph, sender, receiver }: Ends): readonly ReachEdge[] {
  if (sender === receiver) return [];
  const from = classOf(graph, indexOf(graph, sender));
  const to = classOf(graph, indexOf(graph, receiver));
  const [left, right] = [valuesOf(sender, from), valuesOf(receiver, to)];
  const candidates = graph.edges.filter((edge) => edge.from === from.id && edge.to === to.id);
  const agreeing = graph.compared(from.id, to.id).filter((pair) => agree(left, right, pair));
  return candidates.filter((edge) => graph.holds(edge, agreeing));
}

function contacts(graph: ReachGraph, device: FleetDevice, side: 'sender' | 'receiver'): readonly Contact[] {
  const own = classOf(graph, indexOf(graph, device));
  const mine = valuesOf(device, own);
  const edges = graph.edges.filter((edge) => (side === 'receiver' ? edge.to : edge.from) === own.id);
  return edges.flatMap((edge): Contact[] => {
    const otherId = side === 'receiver' ? edge.from : edge.to;
    const other = graph.classes.list[otherId]!;
    const compared = graph.compared(edge.from, edge.to);
    const devices: FleetDevice[] = [];
    let count = 0;
    for (const member of other.members) {
      const candidate = graph.fleet.devices[member]!;
      if (candidate === device) continue;
      const theirs = valuesOf(candidate, other);
      const [left, right] = side === 'receiver' ? [theirs, mine] : [mine, theirs];
      if (
        !graph.holds(
          edge,
          compared.filter((pair) => agree(left, right, pair)),
        )
      )
        continue;
      count += 1;
      if (devices.length < listed) devices.push(candidate);
    }
    return count === 0 ? [] : [{ edge, count, devices }];
  });
}

/** Who can send what this device hears. */
export function whoReaches(graph: ReachGraph, device: FleetDevice): readonly Contact[] {
  return contacts(graph, device, 'receiver');
}

/** Who hears what this device can send. */
export function reachedBy(graph: ReachGraph, device: FleetDevice): readonly Contact[] {
  return contacts(graph, device, 'sender');
}

export interface BlastRadius {
  /** Devices that a message of the thief reaches without help of others. */
  readonly direct: number;
  /** Devices reached through others that do what they are told, in all. */
  readonly transitive: number;
  /** Whether the certificate may connect under client IDs of its own choice, and so push other devices off the broker. */
  readonly freeClientId: boolean;
  readonly contacts: readonly Contact[];
}

/** What whoever holds this device's certificate and key can reach. */
export function blastRadius(graph: ReachGraph, device: FleetDevice): BlastRadius {
  const contactList = reachedBy(graph, device);
  const all = closure(graph, indexOf(graph, device));
  return {
    direct: directCount(contactList),
    transitive: all,
    freeClientId: graph.capabilities[classOf(graph, indexOf(graph, device)).id]!.freeClientId,
    contacts: contactList,
  };
}

/** Devices that agree in the same way are at the end of topic and direct edges alike; they count once. */
function directCount(list: readonly Contact[]): number {
  const perEnd = new Map<string, number>();
  for (const { edge, count } of list) perEnd.set(endKey(edge), count);
  return [...perEnd.values()].reduce((sum, count) => sum + count, 0);
}

/** Number of devices reachable in any number of steps: breadth first, with each class searched only among members not yet met. */
function closure(graph: ReachGraph, start: number): number {
  const remaining = graph.classes.list.map((cls) => new Set(cls.members));
  remaining[graph.classes.of[start]!]!.delete(start);
  const byFrom = Map.groupBy(graph.edges, (edge) => edge.from);
  const queue = [start];
  // Senders that are equal in all that an edge compares reach the same devices over it.
  const followed = new Map(graph.edges.map((edge) => [edge, new Set<string>()]));
  for (let at = 0; at < queue.length; at += 1) {
    const sender = queue[at]!;
    const from = classOf(graph, sender);
    const left = valuesOf(graph.fleet.devices[sender]!, from);
    for (const edge of byFrom.get(from.id) ?? []) {
      const compared = graph.compared(edge.from, edge.to);
      const asked = compared.map((pair) => left[pair.from]).join('\u0000');
      if (followed.get(edge)!.has(asked)) continue;
      followed.get(edge)!.add(asked);
      take(graph, edge, { left, compared }, remaining[edge.to]!, queue);
    }
  }
  return queue.length - 1;
}

function take(
  graph: ReachGraph,
  edge: ReachEdge,
  sender: { readonly left: readonly (string | undefined)[]; readonly compared: readonly SameValue[] },
  remaining: Set<number>,
  queue: number[],
): void {
  const to = graph.classes.list[edge.to]!;
  for (const member of remaining) {
    const right = valuesOf(graph.fleet.devices[member]!, to);
    const agreeing = sender.compared.filter((pair) => agree(sender.left, right, pair));
    if (!graph.holds(edge, agreeing)) continue;
    remaining.delete(member);
    queue.push(member);
  }
}

export interface Isolation {
  readonly isolated: boolean;
  readonly forward: readonly ReachEdge[];
  readonly backward: readonly ReachEdge[];
}

/** Whether neither device can send the other anything directly. */
export function isolated(graph: ReachGraph, a: FleetDevice, b: FleetDevice): Isolation {
  const forward = edgesBetween({ graph, sender: a, receiver: b });
  const backward = edgesBetween({ graph, sender: b, receiver: a });
  return { isolated: forward.length + backward.length === 0, forward, backward };
}

export interface ReachChange {
  readonly gained: readonly ReachEdge[];
  readonly lost: readonly ReachEdge[];
}

const endKey = (edge: ReachEdge): string => `${edge.to} ${edge.untried ? 'untried' : wayKey(edge.same)}`;

const edgeKey = (edge: ReachEdge): string => `${edge.kind} ${edge.from} ${endKey(edge)}`;

/** Edges that only one of the graphs has. Both must be over the same classes (`graphOver`). */
export function reachChange(before: ReachGraph, after: ReachGraph): ReachChange {
  const old = new Set(before.edges.map(edgeKey));
  const next = new Set(after.edges.map(edgeKey));
  return {
    gained: after.edges.filter((edge) => !old.has(edgeKey(edge))),
    lost: before.edges.filter((edge) => !next.has(edgeKey(edge))),
  };
}
