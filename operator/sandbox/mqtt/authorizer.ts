import { type Context, type Decision, evaluate, keys, type PolicySet } from '../../policy/index.ts';
import { type Authority, type AuthorityView, authorityOf, type PolicySets } from '../authorization.ts';
import type { VersionedView } from '../propagation.ts';
import type { Scope } from '../state/scope.ts';
import type { Switches } from '../switches.ts';

/** Who asks: a connection, or one that is about to be made. */
export interface Subject {
  /** ARN of the certificate. */
  readonly principal: string;
  readonly clientId: string | undefined;
  readonly sourceIp: string;
  /** Things of the principal when it connected → exclusively attached. Read once: the association lasts as long as the connection. */
  readonly things: ReadonlyMap<string, boolean>;
  /** What it sees instead of the shared caches. */
  readonly view?: VersionedView | undefined;
}

/** What a subject is allowed, as long as its view stays at one version. */
interface Known {
  readonly version: number;
  readonly authority: Authority;
  readonly set: PolicySet;
  /** Decisions by action and resource: devices publish to the same few topics again and again. */
  readonly decisions: Map<string, Decision>;
}

const MAX_DECISIONS = 100;
const NOTHING_MORE: Context = {};

/** Decides each operation of a connection with the policies that the broker's cache shows at that moment. */
export class Authorizer {
  readonly #scope: Scope;
  readonly #view: VersionedView;
  readonly #sets: PolicySets;
  readonly #switches: Switches;
  readonly #known = new WeakMap<Subject, Known>();
  /** The set compiled last for a principal: most decisions are about the same texts as the one before. */
  readonly #last = new Map<string, { readonly texts: readonly string[]; readonly set: PolicySet }>();

  constructor(scope: Scope, view: VersionedView, sets: PolicySets, switches: Switches) {
    this.#scope = scope;
    this.#view = view;
    this.#sets = sets;
    this.#switches = switches;
  }

  /** The thing that a connection of this subject stands for. */
  thingOf(subject: Subject): string | undefined {
    return this.#knownOf(subject).authority.thingName;
  }

  /** Things of a principal as they are now; a connection keeps what it read. */
  thingsOf(principal: string): ReadonlyMap<string, boolean> {
    return this.#view.thingsOf(principal);
  }

  /** `resource` is what follows the account in the ARN, such as `topic/a/b`. */
  decide(subject: Subject, action: string, resource: string, more: Context = NOTHING_MORE): Decision {
    const known = this.#knownOf(subject);
    if (more !== NOTHING_MORE) return this.#evaluate(subject, known, { action, resource, more });
    const key = `${action} ${resource}`;
    const before = known.decisions.get(key);
    if (before) return before;
    const decision = this.#evaluate(subject, known, { action, resource, more });
    // Topics are chosen by clients.
    if (known.decisions.size >= MAX_DECISIONS) known.decisions.clear();
    known.decisions.set(key, decision);
    return decision;
  }

  allows(subject: Subject, action: string, resource: string, more?: Context): boolean {
    return this.decide(subject, action, resource, more) === 'allowed';
  }

  #evaluate(
    subject: Subject,
    { authority, set }: Known,
    { action, resource, more }: { readonly action: string; readonly resource: string; readonly more: Context },
  ): Decision {
    const context = { ...authority.context, [keys.sourceIp]: subject.sourceIp, ...more };
    return evaluate(set, { action, resource: this.#scope.arn(resource), context }).decision;
  }

  #knownOf(subject: Subject): Known {
    const seen = subject.view ?? this.#view;
    const version = seen.version();
    const before = this.#known.get(subject);
    if (before?.version === version) return before;
    const view: AuthorityView = {
      policiesOf: (target) => seen.policiesOf(target),
      document: (name) => seen.document(name),
      groupsOf: (name) => seen.groupsOf(name),
      thing: (name) => seen.thing(name),
      thingsOf: () => subject.things,
    };
    const authority = authorityOf(this.#scope, view, subject, this.#switches);
    const texts = authority.policyNames.flatMap((name) => seen.document(name) ?? []);
    const set = this.#compiled(subject.principal, texts);
    // When only something else changed, what was decided still holds; the facts below are all that a decision rests on.
    const isSame = before?.set === set && sameContext(before.authority, authority);
    const known = { version, authority, set, decisions: isSame ? before.decisions : new Map<string, Decision>() };
    this.#known.set(subject, known);
    return known;
  }

  #compiled(principal: string, texts: readonly string[]): PolicySet {
    const last = this.#last.get(principal);
    if (last?.texts.length === texts.length && last.texts.every((text, i) => text === texts[i])) return last.set;
    const set = this.#sets.of(texts);
    if (this.#last.size >= 20_000) this.#last.clear();
    this.#last.set(principal, { texts, set });
    return set;
  }
}

function sameContext({ context: a }: Authority, { context: b }: Authority): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
