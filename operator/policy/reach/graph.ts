import { findAction } from '../actions.ts';
import type { PolicyDocument } from '../document.ts';
import { evaluate } from '../evaluate.ts';
import { type GivenOptions, type PolicyOptions, withDefaults } from '../options.ts';
import { type Context, keys, normaliseKey } from '../request.ts';
import { type Capability, cannotMeet, capabilities, fleetAlphabet, type TopicLanguage } from './capability.ts';
import { type Classes, classify, type DeviceClass, type Slot, slotValue } from './classes.ts';
import type { Fleet } from './fleet.ts';
import { accepts, combine, meet } from './machine.ts';
import { readableWord } from './readable.ts';

/** Slot `from` of the sender has the same value as slot `to` of the receiver. */
export interface SameValue {
  readonly from: number;
  readonly to: number;
}

/** Every device of class `from` reaches every other of class `to` for which exactly these values agree. */
export interface ReachEdge {
  readonly from: number;
  readonly to: number;
  readonly same: readonly SameValue[];
  readonly kind: 'topic' | 'direct';
  /** A topic on which a message gets through, with the example devices' values in it. */
  readonly topic: string;
}

export interface ReachGraph {
  readonly fleet: Fleet;
  readonly classes: Classes;
  readonly edges: readonly ReachEdge[];
  /** Pairs of classes with more shared properties than are tried, or searches that were given up. */
  readonly approximate: readonly string[];
  /** Per class: the capability of its example device. */
  readonly capabilities: readonly Capability[];
}

const searchBudget = 50_000;
/** Ways in which values of two devices may agree; beyond this, only single agreements are tried. */
const maxAgreements = 64;

/** Example values: per signature, ones for a sender and different ones for a receiver. */
interface Examples {
  value(signature: string, role: 'sender' | 'receiver', slot: number): string;
  readonly all: readonly string[];
}

function examplesOf(fleet: Fleet, classes: Classes): Examples {
  const bySignature = new Map<string, Set<string>>();
  for (const { slots, signatures, members } of classes.list) {
    slots.forEach((slot, at) => {
      const signature = signatures[at];
      if (signature === undefined) return;
      let values = bySignature.get(signature);
      if (values === undefined) {
        values = new Set();
        bySignature.set(signature, values);
      }
      for (const member of members) {
        if (values.size >= 16) break;
        const value = slotValue(fleet.devices[member]!, slot);
        if (value !== undefined) values.add(value);
      }
    });
  }
  const lists = new Map([...bySignature].map(([signature, values]) => [signature, [...values]]));
  return {
    value(signature, role, slot) {
      const list = lists.get(signature) ?? [''];
      const half = list.length >> 1;
      return role === 'sender'
        ? list[slot % Math.max(1, list.length - half)]!
        : list[list.length - 1 - (slot % Math.max(1, half || 1))]!;
    },
    all: [...lists.values()].flat(),
  };
}

function contextFor(cls: DeviceClass, values: readonly (string | undefined)[]): Context {
  const name = values[0] ?? '';
  const context: Record<string, string> = { [keys.clientId]: name };
  if (cls.isThing) context[keys.thingName] = name;
  cls.slots.forEach((slot, at) => {
    const value = values[at];
    if (at > 0 && value !== undefined) context[slot.name] = value;
  });
  return context;
}

/** The agreements of values that two classes allow, as subsets; the empty one first. */
function agreements(from: DeviceClass, to: DeviceClass): { readonly list: SameValue[][]; readonly complete: boolean } {
  const pairs: SameValue[] = [];
  from.slots.forEach((_, i) => {
    to.slots.forEach((_slot, j) => {
      const alike = from.signatures[i] !== undefined && from.signatures[i] === to.signatures[j];
      // Two devices never share the name that tells them apart.
      if (alike && !(i === 0 && j === 0)) pairs.push({ from: i, to: j });
    });
  });
  const relevant = pairs.filter((pair) => sameMeaning(from.slots[pair.from]!, to.slots[pair.to]!));
  if (2 ** relevant.length > maxAgreements) return { list: [[], ...relevant.map((pair) => [pair])], complete: false };
  const subsets: SameValue[][] = [[]];
  for (const pair of relevant) {
    for (const subset of [...subsets]) if (!subset.some((one) => one.to === pair.to)) subsets.push([...subset, pair]);
  }
  return { list: subsets, complete: true };
}

/** Values are compared where both devices read the same property, or where a property may hold the name of another device. */
function sameMeaning(a: Slot, b: Slot): boolean {
  return a.key === b.key || a.key === 'name' || b.key === 'name';
}

/**
 * Who can reach whom, by topic and by direct message, as a graph over classes of devices. `alsoRead`: documents of a proposal
 * that the graph will be compared with. What policies do not see is left out: rules that republish, services that forward,
 * IAM principals, custom authorisers.
 */
export function reachGraph(
  fleet: Fleet,
  given: GivenOptions = {},
  alsoRead: readonly PolicyDocument[] = [],
): ReachGraph {
  const options: PolicyOptions = withDefaults({ exclusiveThings: false, ...given });
  const classes = classify(fleet, alsoRead);
  return graphOver(fleet, classes, options, alsoRead);
}

/** The same for classes that were made before: the graph of a proposal has the nodes of the graph it is compared with. */
export function graphOver(
  fleet: Fleet,
  classes: Classes,
  options: PolicyOptions,
  alsoRead: readonly PolicyDocument[] = [],
): ReachGraph {
  const examples = examplesOf(fleet, classes);
  const alphabet = fleetAlphabet([...fleet.documents, ...alsoRead], examples.all);
  const capabilityOf = capabilities(fleet.documents, options, alphabet);
  const valuesOf = (cls: DeviceClass, role: 'sender' | 'receiver') =>
    cls.signatures.map((signature, at) => (signature === undefined ? undefined : examples.value(signature, role, at)));
  const senders = classes.list.map((cls) => valuesOf(cls, 'sender'));
  const receivers = classes.list.map((cls) => valuesOf(cls, 'receiver'));
  const sending = classes.list.map((cls, at) => capabilityOf(cls.policies, contextFor(cls, senders[at]!)));
  const approximate = new Set<string>();
  const shared = new Map<string, string | null>();
  const ids = new Map<string, number>();
  const idOf = (key: string): number => {
    let id = ids.get(key);
    if (id === undefined) {
      id = ids.size;
      ids.set(key, id);
    }
    return id;
  };
  const sharedTopic = (left: TopicLanguage, right: TopicLanguage): string => {
    const found = readableWord(combine(alphabet, 'and', [left.machine, right.machine]), alphabet, searchBudget);
    return found.kind === 'word' ? found.word : '(not determined)';
  };
  const common = (left: TopicLanguage, right: TopicLanguage): string | null => {
    if (cannotMeet(left, right)) return null;
    const key = `${idOf(left.key)}.${idOf(right.key)}`;
    let topic = shared.get(key);
    if (topic === undefined) {
      const verdict = meet(left.machine, right.machine, alphabet, searchBudget);
      if (verdict === 'undecided')
        approximate.add('a search for a shared topic was given up; the pair counts as reachable');
      topic = verdict === 'no' ? null : sharedTopic(left, right);
      shared.set(key, topic);
    }
    return topic;
  };
  const edges: ReachEdge[] = [];
  for (const from of classes.list) {
    const sender = sending[from.id]!;
    for (const to of classes.list) {
      if (from === to && from.members.length < 2) continue;
      const { list, complete } = agreements(from, to);
      if (!complete) approximate.add(`class ${from.id} and ${to.id} share more properties than are tried together`);
      for (const same of list) {
        const values = receivers[to.id]!.map((value, at) => {
          const pair = same.find((one) => one.to === at);
          return pair === undefined ? value : senders[from.id]![pair.from];
        });
        const receiver = capabilityOf(to.policies, contextFor(to, values));
        const topic = common(sender.publish, receiver.delivery);
        if (topic !== null) edges.push({ from: from.id, to: to.id, same, kind: 'topic', topic });
        const message = sender.directMessages ? directTopic(sender, receiver) : undefined;
        if (message !== undefined) edges.push({ from: from.id, to: to.id, same, kind: 'direct', topic: message });
      }
    }
  }
  return { fleet, classes, edges, approximate: [...approximate], capabilities: sending };

  /** A topic on which `sender` may address the receiver's client directly and the receiver may get it; no subscription is needed. */
  function directTopic(sender: Capability, receiver: Capability): string | undefined {
    const found = readableWord(receiver.receive.machine, alphabet, searchBudget);
    if (found.kind !== 'word') return undefined;
    const named = topicsInConditions(sender).filter((topic) => accepts(receiver.receive.machine, alphabet, topic));
    const client = String(receiver.context[keys.clientId]);
    return [found.word, ...named].find((topic) => maySend(sender, client, topic, options));
  }
}

function topicsInConditions({ set }: Capability): string[] {
  const entries = set.documents.flatMap((document) => document.statements.flatMap((statement) => statement.conditions));
  return entries
    .filter((entry) => normaliseKey(entry.key) === normaliseKey(keys.topic))
    .flatMap((entry) => entry.values.map((value) => value.text.replace(/[*?]/g, 'x')));
}

function maySend(sender: Capability, client: string, topic: string, options: PolicyOptions): boolean {
  const action = findAction('iot:SendDirectMessage')!.name;
  const resource = `arn:${options.partition}:iot:${options.region}:${options.account}:client/${client}`;
  const context = { ...sender.context, [keys.topic]: topic };
  return evaluate(sender.set, { action, resource, context }).decision === 'allowed';
}
