import {
  type Context,
  compilePolicies,
  keys,
  type PolicyDocument,
  type PolicySet,
  parsePolicy,
  withDefaults,
} from '../policy/index.ts';
import { IDENTITY } from './state/identity.ts';
import { type Attributes, REGISTRY } from './state/registry.ts';
import { partitionOf, type Scope } from './state/scope.ts';
import type { Switches } from './switches.ts';

/** What is attached to what, as somebody sees it: the control plane at once, the broker through its caches. */
export interface AuthorityView {
  /** Names of the policies on a certificate ARN or thing group ARN. */
  policiesOf(target: string): readonly string[];
  /** Default version of a policy; undefined when there is none of that name. */
  document(policyName: string): string | undefined;
  /** Static groups of a thing, without ancestors. */
  groupsOf(thingName: string): readonly string[];
  thing(thingName: string): ThingFacts | undefined;
  /** Thing → exclusively attached. */
  thingsOf(principal: string): ReadonlyMap<string, boolean>;
}

export interface ThingFacts {
  readonly typeName: string | undefined;
  readonly attributes: Attributes;
}

/** No policy of an account can have such a name. */
const CLAIM_POLICY = 'claim:';

/** What the certificate of a provisioning claim may do (provision-wo-cert): connect, and be provisioned by its template. */
function claimDocument(scope: Scope, templateName: string): string {
  const topics = ['$aws/certificates/create*', `$aws/provisioning-templates/${templateName}/provision/*`];
  const on = (kind: string) => topics.map((topic) => scope.arn(`${kind}/${topic}`));
  const allow = (Action: string, Resource: readonly string[]) => ({ Effect: 'Allow', Action, Resource });
  const Statement = [
    allow('iot:Connect', ['*']),
    allow('iot:Publish', on('topic')),
    allow('iot:Receive', on('topic')),
    allow('iot:Subscribe', on('topicfilter')),
  ];
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

/** The state as it is now. */
export function currentView(scope: Scope): AuthorityView {
  const identity = scope.slice(IDENTITY);
  const registry = scope.slice(REGISTRY);
  return {
    policiesOf(target) {
      const claim =
        identity.claims.size > 0 ? identity.claims.get(target.slice(target.lastIndexOf('/') + 1)) : undefined;
      return claim ? [CLAIM_POLICY + claim.templateName] : identity.links(target).policies;
    },
    document(policyName) {
      if (policyName.startsWith(CLAIM_POLICY)) return claimDocument(scope, policyName.slice(CLAIM_POLICY.length));
      const policy = identity.policies.get(policyName);
      return policy?.versions.find((v) => v.id === policy.defaultVersionId)?.document;
    },
    groupsOf: (thingName) =>
      (registry.things.get(thingName)?.groups ?? []).filter((name) => registry.groups.get(name)?.query === undefined),
    thing: (thingName) => registry.things.get(thingName),
    thingsOf: (principal) =>
      new Map(
        identity
          .links(principal)
          .things.map((name) => [
            name,
            registry.things.get(name)?.principals.some((p) => p.principal === principal && p.exclusive) === true,
          ]),
      ),
  };
}

export interface ConnectionFacts {
  readonly principal: string;
  readonly clientId: string | undefined;
}

export interface Authority {
  /** The thing that the connection stands for, if any. */
  readonly thingName: string | undefined;
  readonly policyNames: readonly string[];
  /** Keys that every request of this connection has. */
  readonly context: Context;
}

/**
 * Which policies a connection has and what its variables resolve to. The thing is known when the client id is its name
 * and the principal is attached to it, or when the principal is attached to it exclusively; only then do the policies of
 * its static groups and their ancestors count.
 */
export function authorityOf(
  scope: Scope,
  view: AuthorityView,
  connection: ConnectionFacts,
  switches: Switches,
): Authority {
  const things = view.thingsOf(connection.principal);
  const exclusive = [...things].find(([, isExclusive]) => isExclusive)?.[0];
  const named = connection.clientId !== undefined && things.has(connection.clientId) ? connection.clientId : undefined;
  const thingName = exclusive ?? named;
  const grouped = thingName === named || switches.exclusiveThingGroupPolicies ? thingName : undefined;
  const own = view.policiesOf(connection.principal);
  const inherited = grouped === undefined ? [] : groupPolicies(scope, view, grouped);
  return {
    thingName,
    policyNames: [...new Set([...own, ...inherited])],
    context: contextOf(scope, view, connection, thingName),
  };
}

function groupPolicies(scope: Scope, view: AuthorityView, thingName: string): string[] {
  const registry = scope.slice(REGISTRY);
  const groups = view.groupsOf(thingName).flatMap((name) => registry.lineage(name));
  return [...new Set(groups)].flatMap((name) => view.policiesOf(scope.arn(`thinggroup/${name}`)));
}

function contextOf(
  scope: Scope,
  view: AuthorityView,
  { principal, clientId }: ConnectionFacts,
  thingName?: string,
): Context {
  const context: Record<string, string> = {};
  if (clientId !== undefined) context[keys.clientId] = clientId;
  const certificate = scope.resourceOf(principal);
  if (certificate?.startsWith('cert/')) context['iot:CertificateId'] = certificate.slice('cert/'.length);
  const thing = thingName === undefined ? undefined : view.thing(thingName);
  if (thingName === undefined || !thing) return context;
  context[keys.thingName] = thingName;
  if (thing.typeName !== undefined) context[keys.thingType] = thing.typeName;
  for (const [name, value] of Object.entries(thing.attributes)) {
    context[`iot:Connection.Thing.Attributes[${name}]`] = value;
  }
  return context;
}

/** Compiles sets of policy documents and keeps the recent ones: a fleet shares a few sets. */
export class PolicySets {
  readonly #options;
  readonly #documents = new Map<string, PolicyDocument>();
  readonly #sets = new Map<string, PolicySet>();

  constructor(scope: Scope) {
    this.#options = withDefaults({
      account: scope.accountId,
      region: scope.region,
      partition: partitionOf(scope.region),
    });
  }

  /** The compiled set of these document texts, in this order. Texts that cannot be read grant nothing. */
  of(texts: readonly string[]): PolicySet {
    const key = JSON.stringify(texts);
    const known = this.#sets.get(key);
    if (known) return known;
    const documents = texts.map((text) => this.#document(text));
    const set = compilePolicies(documents, this.#options);
    if (this.#sets.size >= 1000) this.#sets.clear();
    this.#sets.set(key, set);
    return set;
  }

  #document(text: string): PolicyDocument {
    const known = this.#documents.get(text);
    if (known) return known;
    if (this.#documents.size >= 1000) this.#documents.clear();
    const document = parsePolicy(text).document ?? UNREADABLE;
    this.#documents.set(text, document);
    return document;
  }
}

// Keeps its place in the set, so that a statement's reference still counts the documents as they were given.
const UNREADABLE: PolicyDocument = {
  name: 'unreadable',
  version: '2012-10-17',
  statements: [],
  at: undefined,
  size: 0,
};
