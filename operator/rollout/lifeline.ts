import type { DeviceLifeline } from '../api/device.gen.ts';
import {
  arnPrefix,
  type Context,
  evaluate,
  keys,
  type PolicyOptions,
  type PolicySet,
  type Request,
} from '../policy/index.ts';

/** What a lifeline is spelled out for: one client id of one asset. */
export interface LifelineSubject {
  readonly thingName: string;
  readonly clientId: string;
  readonly thingTypeName: string | undefined;
  readonly attributes: Readonly<Record<string, string>>;
  /** The certificate is attached to this thing alone, so the thing is known under any client id. */
  readonly exclusive: boolean;
  /** Policies may name the certificate. */
  readonly certificateId?: string | undefined;
}

/** A request that must stay allowed, and what it is for. */
export interface Need {
  readonly request: Request;
  readonly purpose: string;
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
    allow: all((part) => part.allow),
  };
}

/** Spells a lifeline out as requests, for each domain and network that the asset connects through. */
export function lifelineNeeds(
  lifeline: DeviceLifeline,
  subject: LifelineSubject,
  options: PolicyOptions,
): readonly Need[] {
  const prefix = arnPrefix(options);
  const needs: Need[] = [];
  for (const context of contexts(lifeline, subject)) {
    const add = (purpose: string, action: string, resource: string, more: MutableContext = {}): void => {
      needs.push({ purpose, request: { action, resource: `${prefix}${resource}`, context: { ...context, ...more } } });
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

type Add = (purpose: string, action: string, resource: string, more?: MutableContext) => void;

/** Connecting under the own client id is in every lifeline; the features it uses have to be permitted together. */
function connectNeeds(lifeline: DeviceLifeline, subject: LifelineSubject, prefix: string, add: Add): void {
  const persistent = lifeline.persistentSession ? ['PersistentConnect'] : [];
  const client = `client/${subject.clientId}`;
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
        publish: [`${own}/jobs/get`, `${own}/jobs/start-next`],
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
    [keys.isAttached]: String(known),
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

function contexts(lifeline: DeviceLifeline, subject: LifelineSubject): readonly MutableContext[] {
  const base = connectionContext(subject);
  const domains = (lifeline.domains ?? []).map((domain): MutableContext => ({ 'iot:DomainName': domain }));
  const networks = (lifeline.sourceNetworks ?? []).map(
    (cidr): MutableContext => ({ [keys.sourceIp]: cidr.split('/')[0] ?? cidr }),
  );
  const product: MutableContext[] = [];
  for (const domain of domains.length > 0 ? domains : [{}]) {
    for (const network of networks.length > 0 ? networks : [{}]) product.push({ ...base, ...domain, ...network });
  }
  return product;
}

function fill(text: string, subject: LifelineSubject): string {
  return text
    .replaceAll(/\$\{iot:Connection\.Thing\.ThingName\}/gi, subject.thingName)
    .replaceAll(/\$\{iot:ClientId\}/gi, subject.clientId);
}

/** Needs that `after` does not allow. `before` is asked too: what the asset never had is said differently. */
export interface Violation {
  readonly need: Need;
  readonly allowedBefore: boolean;
}

/** Which needs the set of policies at the end would not meet: with any, the rollout does not start and nobody can override it. */
export function lifelineViolations(needs: readonly Need[], before: PolicySet, after: PolicySet): readonly Violation[] {
  return needs
    .filter((need) => evaluate(after, need.request).decision !== 'allowed')
    .map((need) => ({ need, allowedBefore: evaluate(before, need.request).decision === 'allowed' }));
}
