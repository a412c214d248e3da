import type { DeviceLifeline } from '../api/device.gen.ts';
import {
  arnPrefix,
  type Context,
  evaluate,
  keys,
  type Permission,
  type PolicyOptions,
  type PolicySet,
  permits,
  type Request,
  type Requirement,
} from '../policy/index.ts';

/** What a lifeline is spelled out for: one client id of one asset. */
export interface LifelineSubject {
  readonly thingName: string;
  /** One client id; with `*` or `?` a pattern, and every id that it takes in must keep what the lifeline lists. */
  readonly clientId: string;
  readonly thingTypeName: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  /** The certificate is attached to this thing alone, so the thing is known under any client id. */
  readonly exclusive: boolean;
  /** Policies may name the certificate. */
  readonly certificateId?: string | undefined;
}

/** Something that must stay allowed, and what it is for. */
export interface Need {
  /** The request, or one example of what is needed. */
  readonly request: Request;
  readonly purpose: string;
  /** All that is needed, where it is more than the one request: a pattern of client ids or names, or a network. */
  readonly requirement?: Requirement;
  /** The specs no longer ask for it: it counts as far as the asset may do it now, until its removal is approved. */
  readonly remembered?: true;
}

type MutableContext = Record<string, Context[string]>;

/** The union of what account, thing type, device and policies ask for; a part may add, never take away. */
export function mergeLifelines(parts: readonly (DeviceLifeline | undefined)[]): DeviceLifeline {
  const given = parts.filter((part) => part !== undefined);
  const any = (pick: (part: DeviceLifeline) => boolean | undefined): boolean =>
    given.some((part) => pick(part) === true);
  const all = <T>(pick: (part: DeviceLifeline) => readonly T[] | undefined): readonly T[] => [
    ...new Set(given.flatMap((part) => pick(part) ?? [])),
  ];
  return {
    jobs: any((part) => part.jobs),
    classicShadow: any((part) => part.classicShadow),
    tunnels: any((part) => part.tunnels),
    persistentSession: any((part) => part.persistentSession),
    namedShadows: all((part) => part.namedShadows),
    roleAliases: all((part) => part.roleAliases),
    willTopics: all((part) => part.willTopics),
    domains: all((part) => part.domains),
    sourceNetworks: all((part) => part.sourceNetworks),
    allow: distinct(all((part) => part.allow)),
  };
}

type Allowance = NonNullable<DeviceLifeline['allow']>[number];

/** What is remembered is read from text: the same allowance is another object each time, and must not add up. */
function distinct(allowances: readonly Allowance[]): readonly Allowance[] {
  const known = new Map<string, Allowance>();
  for (const each of allowances) {
    const key = JSON.stringify([each.actions, each.resources]);
    if (!known.has(key)) known.set(key, each);
  }
  return [...known.values()];
}

/** Spells a lifeline out as requests, for each domain and network that the asset connects through. */
export function lifelineNeeds(
  lifeline: DeviceLifeline,
  subject: LifelineSubject,
  options: PolicyOptions,
): readonly Need[] {
  const prefix = arnPrefix(options);
  const needs: Need[] = [];
  for (const { context, network } of contexts(lifeline, subject)) {
    const add = (purpose: string, action: string, resource: string, more: MutableContext = {}): void => {
      const whole = { ...context, ...more };
      const address = network === undefined ? {} : { [keys.sourceIp]: network.split('/')[0] ?? network };
      const example = exampleOf(subject.clientId);
      const request = {
        action,
        resource: `${prefix}${resource.replaceAll(OWN_ID, example)}`,
        context: { ...whole, ...address, [keys.clientId]: example },
      };
      const isOne = network === undefined && !WILDCARD.test(`${subject.clientId}${resource}`);
      const { [keys.clientId]: _id, ...rest } = whole;
      const clientIds = [subject.clientId];
      const sourceNetworks = network === undefined ? [] : [network];
      const all = { action, resource: prefix + resource, subject: { clientIds, context: rest, sourceNetworks } };
      needs.push({ purpose, request, ...(isOne ? {} : { requirement: all }) });
    };
    connectNeeds(lifeline, subject, prefix, add);
    for (const [purpose, topics] of reservedTopics(lifeline, subject.thingName)) {
      for (const topic of topics.publish) add(purpose, 'iot:Publish', `topic/${topic}`);
      for (const filter of topics.subscribe) {
        add(purpose, 'iot:Subscribe', `topicfilter/${filter}`);
        add(purpose, 'iot:Receive', `topic/${filter}`);
      }
    }
    for (const alias of lifeline.roleAliases ?? [])
      add('credential provider', 'iot:AssumeRoleWithCertificate', `rolealias/${alias}`);
    for (const { actions, resources } of lifeline.allow ?? []) {
      for (const action of actions) for (const resource of resources) add('declared', action, fill(resource, subject));
    }
  }
  return needs;
}

const WILDCARD = /[*?]/;
const OWN_ID = '${iot:ClientId}';

/** How resources name the client: by its id, or by the variable where the id is one of many. */
function ownId({ clientId }: LifelineSubject): string {
  return WILDCARD.test(clientId) ? OWN_ID : clientId;
}

/** A client id that the pattern stands for. */
function exampleOf(pattern: string): string {
  return pattern.replaceAll('*', 'any').replaceAll('?', 'x');
}

type Add = (purpose: string, action: string, resource: string, more?: MutableContext) => void;

/** Connecting under the own client id is in every lifeline; the features it uses have to be permitted together. */
function connectNeeds(lifeline: DeviceLifeline, subject: LifelineSubject, prefix: string, add: Add): void {
  const persistent = lifeline.persistentSession ? ['PersistentConnect'] : [];
  const client = `client/${ownId(subject)}`;
  const wills = lifeline.willTopics ?? [];
  if (wills.length === 0)
    add('connect', 'iot:Connect', client, persistent.length > 0 ? { [keys.connectAttributes]: persistent } : {});
  for (const topic of wills.map((will) => fill(will, subject))) {
    add('connect', 'iot:Connect', client, {
      [keys.connectAttributes]: [...persistent, 'LastWill'],
      [keys.lastWillTopic]: `${prefix}topic/${topic}`,
    });
    // AWS refuses the CONNECT itself when the will may not be published.
    add('last will', 'iot:Publish', `topic/${topic}`);
  }
}

interface Topics {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const answers = (topic: string): readonly string[] => [`${topic}/accepted`, `${topic}/rejected`];

/** The topics behind each switch (AWS IoT developer guide, "Reserved topics"). */
function reservedTopics(lifeline: DeviceLifeline, thing: string): readonly (readonly [string, Topics])[] {
  const own = `$aws/things/${thing}`;
  const shadow = (base: string): Topics => ({
    publish: [`${base}/get`, `${base}/update`],
    subscribe: [...answers(`${base}/get`), ...answers(`${base}/update`), `${base}/update/delta`],
  });
  const topics: (readonly [string, Topics])[] = [];
  if (lifeline.jobs) {
    topics.push([
      'jobs',
      {
        // Progress is reported under the id of the job: one stands for all that are to come.
        publish: [`${own}/jobs/get`, `${own}/jobs/start-next`, `${own}/jobs/any-job/update`],
        subscribe: [`${own}/jobs/notify`, `${own}/jobs/notify-next`],
      },
    ]);
  }
  if (lifeline.classicShadow) topics.push(['shadow', shadow(`${own}/shadow`)]);
  for (const name of lifeline.namedShadows ?? []) topics.push([`shadow ${name}`, shadow(`${own}/shadow/name/${name}`)]);
  if (lifeline.tunnels) topics.push(['tunnels', { publish: [], subscribe: [`${own}/tunnels/notify`] }]);
  return topics;
}

/** What AWS knows of a connection of this asset under this client id: the thing only when it is attached and named. */
export function connectionContext(subject: LifelineSubject): Context {
  const known = subject.exclusive || subject.clientId === subject.thingName;
  const base: MutableContext = {
    [keys.clientId]: subject.clientId,
    ...(subject.certificateId === undefined ? {} : { 'iot:CertificateId': subject.certificateId }),
    ...(known ? { [keys.thingName]: subject.thingName } : {}),
    ...(known && subject.thingTypeName !== undefined ? { [keys.thingType]: subject.thingTypeName } : {}),
  };
  if (known) {
    for (const [name, value] of Object.entries(subject.attributes))
      base[`iot:Connection.Thing.Attributes[${name}]`] = value;
  }
  return base;
}

/** One way in which the asset connects: what AWS knows of it, and the network that it comes from. */
interface Way {
  readonly context: MutableContext;
  readonly network: string | undefined;
}

function contexts(lifeline: DeviceLifeline, subject: LifelineSubject): readonly Way[] {
  const base = connectionContext(subject);
  const domains = (lifeline.domains ?? []).map((domain): MutableContext => ({ 'iot:DomainName': domain }));
  const networks = lifeline.sourceNetworks ?? [];
  const ways: Way[] = [];
  for (const domain of domains.length > 0 ? domains : [{}]) {
    for (const network of networks.length > 0 ? networks : [undefined])
      ways.push({ context: { ...base, ...domain }, network });
  }
  return ways;
}

function fill(text: string, subject: LifelineSubject): string {
  return text
    .replaceAll(/\$\{iot:Connection\.Thing\.ThingName\}/gi, subject.thingName)
    .replaceAll(/\$\{iot:ClientId\}/gi, () => ownId(subject));
}

/** Needs that `after` does not allow. `before` is asked too: what the asset never had is said differently. */
export interface Violation {
  readonly need: Need;
  /** False only where `before` refuses it for certain. */
  readonly allowedBefore: boolean;
  /** Nothing shows that it is refused, and no proof that it is allowed. */
  readonly unproven?: true;
}

/**
 * Which needs the set of policies at the end would not meet: with any, the rollout does not start and nobody can override it. What
 * cannot be proven counts as refused at the end, and as allowed before.
 */
export function lifelineViolations(needs: readonly Need[], before: PolicySet, after: PolicySet): readonly Violation[] {
  return needs.flatMap((need): Violation[] => {
    const answer = answerOf(after, need);
    if (answer.kind === 'permitted') return [];
    const allowedBefore = answerOf(before, need).kind !== 'refused';
    if (need.remembered === true && !allowedBefore) return [];
    if (answer.kind === 'undecided') return [{ need, allowedBefore, unproven: true }];
    return [{ need: { ...need, request: answer.request }, allowedBefore }];
  });
}

function answerOf(set: PolicySet, { request, requirement }: Need): Permission {
  if (requirement !== undefined) return permits({ certificate: set.documents, groups: [] }, requirement, set.options);
  return evaluate(set, request).decision === 'allowed' ? { kind: 'permitted' } : { kind: 'refused', request };
}
