import { findAction } from '../actions.ts';
import type { PolicyDocument } from '../document.ts';
import { evaluate } from '../evaluate.ts';
import { type GivenOptions, type PolicyOptions, withDefaults } from '../options.ts';
import { type Context, keys, normaliseKey } from '../request.ts';
import { isValid, validityOf } from '../valid.ts';
import { agreements, type FleetValues, fleetValues, type SameValue, wayKey } from './agreements.ts';
import type { Alphabet } from './alphabet.ts';
import { type Capability, cannotMeet, capabilities, fleetAlphabet, type TopicLanguage } from './capability.ts';
import { type Classes, classify, type DeviceClass } from './classes.ts';
import { examplesOf } from './examples.ts';
import type { Fleet, FleetDevice } from './fleet.ts';
import { Heads } from './heads.ts';
import { accepts, overlap } from './machine.ts';
import { readableWord } from './readable.ts';

/**
 * Every device of class `from` reaches every other of class `to` for which exactly these values agree; or, where `untried`, which agree in
 * a way that was not tried: they count as reachable.
 */
export interface ReachEdge {
  readonly from: number;
  readonly to: number;
  readonly same: readonly SameValue[];
  readonly kind: 'topic' | 'direct';
  /** A topic on which a message gets through, with the example devices' values in it. */
  readonly topic: string;
  readonly untried: boolean;
  /** How many ways of agreeing were told apart between the two classes; an edge for each means that values do not matter. */
  readonly ways: number;
}

export interface ReachGraph {
  readonly fleet: Fleet;
  readonly classes: Classes;
  readonly edges: readonly ReachEdge[];
  /** Pairs of classes with more shared properties than are tried, or searches that were given up. */
  readonly approximate: readonly string[];
  /** The values that are told apart between devices of two classes, by their ids. */
  compared(from: number, to: number): readonly SameValue[];
  /** Whether the edge holds between two devices of its classes for which these of the compared values agree. */
  holds(edge: ReachEdge, agreeing: readonly SameValue[]): boolean;
  /** Per class: the capability of its example device. */
  readonly capabilities: readonly Capability[];
}

const searchBudget = 50_000;
const notDetermined = '(not determined)';

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
  const build = new GraphBuilder(fleet, classes, options, alsoRead);
  for (const from of classes.list) build.connectFrom(from);
  return build.graph();
}

/** Whether the one is allowed to send and the other to hear anything, whatever their values are. */
function mayEver(sender: Capability, receiver: Capability): boolean {
  const grants = ({ set }: Capability, action: string): boolean =>
    set.byAction.get(action)!.some((statement) => statement.effect === 'Allow');
  const direct = grants(sender, 'iot:SendDirectMessage');
  const topic = grants(sender, 'iot:Publish') && grants(receiver, 'iot:Subscribe');
  return grants(receiver, 'iot:Receive') && (direct || topic);
}

function isSame(a: SameValue, b: SameValue): boolean {
  return a.from === b.from && a.to === b.to;
}

class GraphBuilder {
  readonly #fleet: Fleet;
  readonly #classes: Classes;
  readonly #options: PolicyOptions;
  readonly #alphabet: Alphabet;
  readonly #capabilityOf: ReturnType<typeof capabilities>;
  readonly #values: FleetValues;
  readonly #senders: readonly (readonly (string | undefined)[])[];
  readonly #receivers: readonly (readonly (string | undefined)[])[];
  readonly #sending: readonly Capability[];
  /** The receivers where none of their values is one of the sender's. */
  readonly #receiving: readonly Capability[];
  readonly #heads: Heads;
  readonly #approximate = new Set<string>();
  readonly #shared = new Map<string, string | null>();
  readonly #ids = new Map<string, number>();
  readonly #edges: ReachEdge[] = [];
  readonly #compared = new Map<string, readonly SameValue[]>();
  /** The ways that were tried, where there may be others. */
  readonly #tried = new Map<string, ReadonlySet<string>>();

  constructor(fleet: Fleet, classes: Classes, options: PolicyOptions, alsoRead: readonly PolicyDocument[]) {
    const examples = examplesOf(fleet, classes);
    const valuesOf = (role: 'sender' | 'receiver') =>
      classes.list.map(({ signatures, roots }) =>
        signatures.map((signature, at) =>
          signature === undefined ? undefined : examples.value(signature, role, roots[at]!),
        ),
      );
    this.#fleet = fleet;
    this.#classes = classes;
    this.#options = options;
    this.#alphabet = fleetAlphabet([...fleet.documents, ...alsoRead], examples.all);
    this.#capabilityOf = capabilities(fleet.documents, options, this.#alphabet);
    this.#values = fleetValues(fleet, classes);
    this.#senders = valuesOf('sender');
    this.#receivers = valuesOf('receiver');
    const capabilitiesOf = (values: readonly (readonly (string | undefined)[])[]) =>
      classes.list.map((cls, at) => this.#capabilityOf(cls.policies, contextFor(cls, values[at]!)));
    this.#sending = capabilitiesOf(this.#senders);
    this.#receiving = capabilitiesOf(this.#receivers);
    this.#heads = new Heads(this.#receiving.map((receiver) => receiver.delivery));
    if (classes.coarse)
      this.#approximate.add(
        'policies join values of devices with other text in one level, and too many values may be parts of one another; such a device may reach more than is shown',
      );
    if (classes.list.some(({ slots }) => slots.length > 1) && fleet.devices.some(hasSeveralLevels))
      this.#approximate.add(
        'attributes of devices hold slashes or #, and policies read attributes; such a value is taken for one plain level, and its device may reach more than is shown',
      );
  }

  connectFrom(from: DeviceClass): void {
    const { publish, directMessages } = this.#sending[from.id]!;
    const near = this.#heads.meeting(publish);
    for (const to of this.#classes.list) {
      if (from === to && from.members.length === 1) continue;
      // Without values to compare there is one receiver for all senders, and beginnings may rule it out already.
      const nameOnly = from.slots.length === 1 && to.slots.length === 1;
      if (!nameOnly || directMessages || near.has(to.id)) this.#connect(from, to);
    }
  }

  #connect(from: DeviceClass, to: DeviceClass): void {
    const sender = this.#sending[from.id]!;
    const { list, compared, complete } = agreements(from, to, this.#values);
    if (compared.length > 0) this.#compared.set(`${from.id}.${to.id}`, compared);
    const ways = list.length + (complete ? 0 : 1);
    if (!complete && mayEver(sender, this.#receiving[to.id]!)) this.#markUntried(from, to, list);
    for (const same of list) {
      const receiver = same.length === 0 ? this.#receiving[to.id]! : this.#agreeing(from, to, same);
      const edge = { from: from.id, to: to.id, same, ways, untried: false };
      const topic = this.#common(sender.publish, receiver.delivery);
      if (topic !== null) this.#edges.push({ ...edge, kind: 'topic', topic });
      const message = sender.directMessages ? this.#directTopic(sender, receiver) : undefined;
      if (message !== undefined) this.#edges.push({ ...edge, kind: 'direct', topic: message });
    }
  }

  /** Devices of these classes may agree in ways that are not tried; where they do, they count as reachable. */
  #markUntried(from: DeviceClass, to: DeviceClass, list: readonly (readonly SameValue[])[]): void {
    const devices = [from, to].map((cls) => this.#fleet.devices[cls.members[0]!]!.name);
    this.#approximate.add(
      `devices like ${devices.join(' and ')} share more properties than can be told apart; where several agree, they count as reachable`,
    );
    this.#tried.set(`${from.id}.${to.id}`, new Set(list.map(wayKey)));
    const edge = { from: from.id, to: to.id, same: [], ways: list.length + 1, untried: true };
    this.#edges.push({ ...edge, kind: 'topic', topic: notDetermined });
  }

  #agreeing(from: DeviceClass, to: DeviceClass, same: readonly SameValue[]): Capability {
    const filled = this.#receivers[to.id]!.map((value, at) => {
      const pair = same.find((one) => one.to === to.roots[at]);
      return pair === undefined ? value : this.#senders[from.id]![pair.from];
    });
    return this.#capabilityOf(to.policies, contextFor(to, filled));
  }

  graph(): ReachGraph {
    const [compared, tried] = [this.#compared, this.#tried];
    return {
      fleet: this.#fleet,
      classes: this.#classes,
      edges: this.#edges,
      approximate: [...this.#approximate],
      capabilities: this.#sending,
      compared: (from, to) => compared.get(`${from}.${to}`) ?? [],
      holds({ from, to, same, untried }, agreeing) {
        if (untried) return !tried.get(`${from}.${to}`)!.has(wayKey(agreeing));
        return agreeing.length === same.length && same.every((pair) => agreeing.some((one) => isSame(one, pair)));
      },
    };
  }

  #idOf(key: string): number {
    const id = this.#ids.get(key) ?? this.#ids.size;
    this.#ids.set(key, id);
    return id;
  }

  /** A topic in both languages; distinct pairs of languages are searched once, however many devices have them. */
  #common(left: TopicLanguage, right: TopicLanguage): string | null {
    if (cannotMeet(left, right)) return null;
    const key = `${this.#idOf(left.key)}.${this.#idOf(right.key)}`;
    let topic = this.#shared.get(key);
    if (topic === undefined) {
      topic = this.#sharedTopic(left, right);
      this.#shared.set(key, topic);
    }
    return topic;
  }

  #sharedTopic(left: TopicLanguage, right: TopicLanguage): string | null {
    const found = readableWord(overlap(left.machine, right.machine), this.#alphabet, searchBudget);
    if (found.kind === 'none') return null;
    if (found.kind === 'word') return found.word;
    this.#approximate.add('a search for a shared topic was given up; the pair counts as reachable');
    return notDetermined;
  }

  /** A topic on which `sender` may address the receiver's client directly and the receiver may get it; no subscription is needed. */
  #directTopic(sender: Capability, receiver: Capability): string | undefined {
    const { machine } = receiver.receive;
    const found = readableWord(machine, this.#alphabet, searchBudget);
    if (found.kind === 'none') return undefined;
    const client = String(receiver.context[keys.clientId]);
    const may = (topic: string) => maySend(sender, client, topic, this.#options);
    if (found.kind !== 'word') {
      this.#approximate.add('a search for the topic of a direct message was given up; the pair counts as reachable');
      return ['x', ...topicsInConditions(sender)].some(may) ? notDetermined : undefined;
    }
    if (may(found.word)) return found.word;
    const named = topicsInConditions(sender);
    const spelled = [...named, ...topicsInResources(receiver)];
    const topic = spelled.find((one) => accepts(machine, this.#alphabet, one) && may(one));
    if (topic === undefined && named.length > 0)
      this.#approximate.add(
        'policies allow direct messages by their topic; only some topics were tried, and others may get through',
      );
    return topic;
  }
}

/** Values that are more than one level, or no plain one, where a policy puts them into a topic or a filter. */
function hasSeveralLevels({ attributes }: FleetDevice): boolean {
  return Object.values(attributes).some((value) => /[/#]/.test(value));
}

/** One topic of each resource, near enough to be tried: what is received is asked of the machine. */
function topicsInResources({ set }: Capability): string[] {
  const texts = set.documents.flatMap(({ statements }) => statements.flatMap(({ resources }) => resources));
  return texts.flatMap(({ text }) => {
    const [, topic] = /:topic\/(.*)$/.exec(text) ?? [];
    return topic === undefined ? [] : [topic.replace(/[*?]/g, 'x')];
  });
}

function topicsInConditions({ set }: Capability): string[] {
  const entries = set.documents.flatMap((document) => document.statements.flatMap((statement) => statement.conditions));
  return entries
    .filter((entry) => normaliseKey(entry.key) === normaliseKey(keys.topic))
    .flatMap((entry) => entry.values.map((value) => value.text.replace(/[*?]/g, 'x')))
    .filter((topic) => isValid(validityOf('topic', set.options.maxSlashes), topic));
}

function maySend(sender: Capability, client: string, topic: string, options: PolicyOptions): boolean {
  const action = findAction('iot:SendDirectMessage')!.name;
  const resource = `arn:${options.partition}:iot:${options.region}:${options.account}:client/${client}`;
  const context = { ...sender.context, [keys.topic]: topic };
  return evaluate(sender.set, { action, resource, context }).decision === 'allowed';
}
