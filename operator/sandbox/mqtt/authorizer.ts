import { type Context, type Decision, evaluate, keys, type PolicySet } from '../../policy/index.ts';
import { type AuthorityView, authorityOf, type PolicySets } from '../authorization.ts';
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
  readonly view?: AuthorityView | undefined;
}

/** Decides each operation of a connection with the policies that the broker's cache shows at that moment. */
export class Authorizer {
  readonly #scope: Scope;
  readonly #view: AuthorityView;
  readonly #sets: PolicySets;
  readonly #switches: Switches;
  /** The set compiled last for a principal: most decisions are about the same texts as the one before. */
  readonly #last = new Map<string, { readonly texts: readonly string[]; readonly set: PolicySet }>();

  constructor(scope: Scope, view: AuthorityView, sets: PolicySets, switches: Switches) {
    this.#scope = scope;
    this.#view = view;
    this.#sets = sets;
    this.#switches = switches;
  }

  /** The thing that a connection of this subject stands for. */
  thingOf(subject: Subject): string | undefined {
    return this.#authority(subject).thingName;
  }

  /** Things of a principal as they are now; a connection keeps what it read. */
  thingsOf(principal: string): ReadonlyMap<string, boolean> {
    return this.#view.thingsOf(principal);
  }

  /** `resource` is what follows the account in the ARN, such as `topic/a/b`. */
  decide(subject: Subject, action: string, resource: string, more: Context = {}): Decision {
    const authority = this.#authority(subject);
    const view = subject.view ?? this.#view;
    const texts = authority.policyNames.flatMap((name) => view.document(name) ?? []);
    const context = { ...authority.context, [keys.sourceIp]: subject.sourceIp, ...more };
    const set = this.#compiled(subject.principal, texts);
    return evaluate(set, { action, resource: this.#scope.arn(resource), context }).decision;
  }

  allows(subject: Subject, action: string, resource: string, more: Context = {}): boolean {
    return this.decide(subject, action, resource, more) === 'allowed';
  }

  #authority(subject: Subject) {
    const seen = subject.view ?? this.#view;
    const view: AuthorityView = {
      policiesOf: (target) => seen.policiesOf(target),
      document: (name) => seen.document(name),
      groupsOf: (name) => seen.groupsOf(name),
      thing: (name) => seen.thing(name),
      thingsOf: () => subject.things,
    };
    return authorityOf(this.#scope, view, subject, this.#switches);
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
