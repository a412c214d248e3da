import type { Clock } from '../../operator/runtime/clock.ts';
import type { Change } from '../../operator/sandbox/state/changes.ts';
import { IDENTITY } from '../../operator/sandbox/state/identity.ts';
import { REGISTRY } from '../../operator/sandbox/state/registry.ts';
import type { Scope } from '../../operator/sandbox/state/scope.ts';
import { type Answers, RIGHTS, type Right } from './rights.ts';

/** AWS documents six to eight minutes until its caches have turned over. */
export const LONGEST_DELAY_MS = 8 * 60_000;

/** Groups of this name take rights away; what they take is no concern of a rollout. */
export const QUARANTINE = 'quarantine';

interface Doubt<T> {
  readonly was: T;
  readonly until: number;
}

/**
 * What the broker may apply, in every order in which AWS may make the calls of the last minutes visible: each attachment
 * and each default version, on its own, is what it is or what it was.
 */
export class AwsView {
  readonly #scope: Scope;
  readonly #clock: Clock;
  readonly #answers: Answers;
  /** `policy target` → until when the attachment may not be what is stored. */
  readonly #edges = new Map<string, number>();
  /** `group thing` → until when the membership may not be what is stored. */
  readonly #memberships = new Map<string, number>();
  readonly #touched = new Map<string, Set<string>>();
  readonly #documents = new Map<string, Doubt<string | undefined>[]>();
  readonly #stored = new Map<string, string | undefined>();

  constructor(scope: Scope, clock: Clock, answers: Answers) {
    this.#scope = scope;
    this.#clock = clock;
    this.#answers = answers;
  }

  observe(change: Change): void {
    const until = this.#clock.now() + LONGEST_DELAY_MS;
    if (change.kind === 'policy-attachment') {
      this.#edges.set(`${change.policyName} ${change.target}`, until);
      const touched = this.#touched.get(change.target) ?? new Set();
      this.#touched.set(change.target, touched.add(change.policyName));
    } else if (change.kind === 'membership') {
      this.#memberships.set(`${change.groupName} ${change.thingName}`, until);
    } else if (change.kind === 'policy') {
      const before = this.#stored.get(change.policyName);
      const now = this.document(change.policyName);
      this.#stored.set(change.policyName, now);
      if (before === now) return;
      const open = (this.#documents.get(change.policyName) ?? []).filter((doubt) => doubt.until > this.#clock.now());
      this.#documents.set(change.policyName, [...open, { was: before, until }]);
    }
  }

  policiesOf(target: string): readonly string[] {
    return this.#scope.slice(IDENTITY).links(target).policies;
  }

  /** Policies that reach the device through static groups other than those that take rights. */
  inherited(device: string): readonly string[] {
    return this.#groups(device).flatMap(({ arn }) => this.policiesOf(arn));
  }

  /** Targets that carry the policy, or may still be treated as if they did. */
  targetsOf(policy: string): readonly string[] {
    const now = [...(this.#scope.slice(IDENTITY).policies.get(policy)?.targets.keys() ?? [])];
    const doubtful = [...this.#touched].flatMap(([target, names]) => (names.has(policy) ? [target] : []));
    return [...new Set([...now, ...doubtful])];
  }

  document(policy: string): string | undefined {
    const found = this.#scope.slice(IDENTITY).policies.get(policy);
    return found?.versions.find(({ id }) => id === found.defaultVersionId)?.document;
  }

  /** What is stored, as if all had settled: by the certificate, and by static groups other than those that take rights. */
  stored(target: string, device: string): ReadonlySet<Right> {
    const names = [...this.policiesOf(target), ...this.inherited(device)];
    return this.#answers.together(
      names.flatMap((name) => this.document(name) ?? []),
      device,
    );
  }

  /**
   * Rights that every possible view allows. Attachments, memberships and documents are independent of each other, so the
   * worst view has none of the doubtful ones that allow and all that deny: a right is safe when one certain attachment
   * allows it in each of its possible documents, and none that is possible denies it in any.
   */
  certain(target: string, device: string): ReadonlySet<Right> {
    const now = this.#clock.now();
    const allowed = new Array<boolean>(RIGHTS.length).fill(false);
    const denied = new Array<boolean>(RIGHTS.length).fill(false);
    const sources = [{ arn: target, sure: true }, ...this.#groups(device)];
    for (const { arn, sure: held } of sources) {
      const stored = new Set(this.policiesOf(arn));
      for (const name of new Set([...stored, ...this.#doubtful(arn, now)])) {
        const sure = held && stored.has(name) && (this.#edges.get(`${name} ${arn}`) ?? 0) <= now;
        this.#judge(this.#possibleDocuments(name, now), { device, sure, allowed, denied });
      }
    }
    return new Set(RIGHTS.filter((_, i) => allowed[i] === true && denied[i] === false));
  }

  #judge(
    texts: readonly (string | undefined)[],
    into: { readonly device: string; readonly sure: boolean; readonly allowed: boolean[]; readonly denied: boolean[] },
  ): void {
    const answers = texts.map((text) => (text === undefined ? [] : this.#answers.of(text, into.device)));
    for (let i = 0; i < RIGHTS.length; i += 1) {
      if (answers.some((answer) => answer[i] === 'denies')) into.denied[i] = true;
      if (into.sure && answers.every((answer) => answer[i] === 'allows')) into.allowed[i] = true;
    }
  }

  /** Groups and ancestors that give the device something, or may still; those of a quarantine are others' acts. */
  #groups(device: string): readonly { readonly arn: string; readonly sure: boolean }[] {
    const now = this.#clock.now();
    const registry = this.#scope.slice(REGISTRY);
    const found: { arn: string; sure: boolean }[] = [];
    const add = (group: string, sure: boolean): void => {
      if (group.startsWith(QUARANTINE)) return;
      for (const name of registry.lineage(group)) found.push({ arn: this.#scope.arn(`thinggroup/${name}`), sure });
    };
    const stored = registry.things.get(device)?.groups ?? [];
    for (const group of stored) add(group, (this.#memberships.get(`${group} ${device}`) ?? 0) <= now);
    for (const [key, until] of this.#memberships) {
      const [group = '', thing] = key.split(' ');
      if (thing === device && until > now && !stored.includes(group)) add(group, false);
    }
    return found;
  }

  #doubtful(target: string, now: number): readonly string[] {
    const touched = this.#touched.get(target);
    if (touched === undefined) return [];
    for (const name of touched) if ((this.#edges.get(`${name} ${target}`) ?? 0) <= now) touched.delete(name);
    return [...touched];
  }

  #possibleDocuments(policy: string, now: number): readonly (string | undefined)[] {
    const doubts = this.#documents.get(policy)?.filter(({ until }) => until > now) ?? [];
    return [...new Set([this.document(policy), ...doubts.map(({ was }) => was)])];
  }
}
