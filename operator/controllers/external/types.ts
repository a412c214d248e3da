import type { Progress } from '../../api/conditions.ts';
import type { Condition, KubeObject, ObjectKey } from '../../api/meta.ts';
import type { OperationInput, OperationName, OperationOutput } from '../../aws/operations.ts';
import type { CallOptions } from '../../aws/port.ts';
import type { DriftStatus } from '../../drift/status.ts';
import type { Change } from '../../drift/types.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { EventRecorder } from '../../runtime/events.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import type { Store } from '../../runtime/store.ts';
import type { AccountSession, Accounts } from '../awsaccount/accounts.ts';
import type { Rollouts } from '../policyrollout/service.ts';
import type { SecretPort } from './secrets.ts';

/** What every spec of an AWS kind carries. */
export interface CommonSpec {
  readonly accountRef: { readonly name: string };
  readonly managementPolicy: string;
  readonly adoption: string;
  readonly deletionPolicy: string;
  readonly driftPolicy: string;
  readonly suspend: boolean;
}

export interface Claim {
  readonly accountId: string;
  readonly region: string;
  readonly name: string;
  readonly since?: string;
}

/** What every status of an AWS kind carries. */
export interface CommonStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly lastHandledReconcileAt?: string;
  readonly arn?: string;
  readonly claim?: Claim;
  readonly drift?: DriftStatus;
  readonly lastWriteTime?: string;
  readonly held?: unknown;
}

export interface ExternalObject extends KubeObject<CommonSpec, CommonStatus> {
  readonly spec: CommonSpec;
  readonly status?: CommonStatus;
}

export type StatusOf<O extends ExternalObject> = NonNullable<O['status']>;

/** What one process shares over all kinds; constructed by the command line only. */
export interface ExternalDeps {
  readonly cache: Cache;
  readonly store: Store;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly secrets: SecretPort;
  /** Configured name of this installation; part of the ownership mark, so it must survive the loss of all state. */
  readonly installation: string;
  /** Moves assets from policy to policy, one at a time. Without it policies change all at once. */
  readonly rollouts?: Rollouts;
  /** Hears of every drift that is found or corrected: metrics, the demo. */
  readonly onDrift?: (drift: DriftNotice) => void;
  /** Corrections of an object of this kind pause because somebody keeps setting them back. */
  readonly onFight?: (kind: string) => void;
}

export interface DriftNotice {
  readonly object: ExternalObject;
  readonly changes: readonly Change<unknown>[];
  /** True when these are being set right now, false when they are only shown. */
  readonly corrected: boolean;
}

/** Everything one reconcile of one object works with. */
export interface Scope<O extends ExternalObject> {
  /** As last read or written; replaced when the status is saved in between. */
  object: O;
  readonly key: ObjectKey;
  readonly session: AccountSession;
  readonly deps: ExternalDeps;
  readonly log: Logger;
  /** Our ownership mark: `<installation>/<namespace>/<kind>/<name>`. */
  readonly mark: string;
  /** What this reconcile learns on its way and only the status at its end needs. */
  readonly notes: Map<string, string>;
  /** Set by the first successful write to AWS in this reconcile. */
  wrote: boolean;
  call<K extends OperationName>(
    operation: K,
    input: OperationInput<K>,
    options?: Pick<CallOptions, 'admitted'>,
  ): Promise<OperationOutput<K>>;
  /** Priority and signal of this reconcile, for calls outside of `call`. */
  readonly options: CallOptions;
  /** Writes part of the status now: for facts that must be durable before the next act. */
  save(part: Partial<StatusOf<O>>): Promise<void>;
  /** The same for a status that must lose a field. */
  replace(status: StatusOf<O>): Promise<void>;
}

/** Whether the AWS object is there and whose it says it is. */
export type Existing = { readonly exists: false } | { readonly exists: true; readonly mark: string | undefined };

export interface DiffInput<O, Desired, Observed> {
  readonly object: O;
  readonly desired: Desired;
  readonly observed: Observed;
  /** True when this very spec was applied in full before: what differs now was changed in AWS. */
  readonly settled: boolean;
  /** Our ownership mark. */
  readonly mark: string;
}

export interface StatusView<O, Desired, Observed> {
  readonly object: O;
  readonly desired: Desired;
  readonly observed: Observed;
  /** The security act that holds the object, if any. */
  readonly held: Change<unknown> | undefined;
  readonly now: number;
}

/**
 * One AWS kind. The algorithm stands once, in `reconciler.ts`; a kind only says what its object is called, how it is read,
 * compared, written and removed, and what of it goes to status.
 */
export interface ExternalKind<O extends ExternalObject, Desired, Observed, Action> {
  readonly kind: O['kind'];
  /** Where our ownership mark is kept. */
  readonly marks: 'tag' | 'attribute';
  /** In words: `thing`, `policy`. */
  readonly noun: string;
  /** Status fields that count things; they alone are no reason to write a status except at a periodic look. */
  readonly counters?: readonly (keyof StatusOf<O>)[];
  /** Name in AWS. */
  nameOf(object: O): string;
  /** Spec and references as AWS will know them. Throws `waiting` while a reference is not there. */
  resolve(scope: Scope<O>): Desired;
  observe(scope: Scope<O>, desired: Desired): Promise<Observed>;
  existing(observed: Observed): Existing;
  /** Pure. */
  diff(input: DiffInput<O, Desired, Observed>): readonly Change<Action>[];
  /** Reads directly what the named facts rest on; `observe` then sees the answers. */
  confirm?(scope: Scope<O>, facts: ReadonlySet<string>): Promise<void>;
  apply(
    scope: Scope<O>,
    plan: { readonly desired: Desired; readonly observed: Observed; readonly actions: readonly Action[] },
  ): Promise<void>;
  /** Takes the AWS object down from any partial state; throws `waiting` until it is gone. */
  remove(scope: Scope<O>): Promise<void>;
  /** A deletion that was taken back by `deletionPolicy: Retain` while it was under way: what is to be given back first. */
  readonly keep?: { owes(object: O): boolean; giveBack(scope: Scope<O>): Promise<void> };
  /** Pure: what stands between AWS and the spec although nothing is to be applied, e.g. a rollout. */
  unfinished?(input: StatusView<O, Desired, Observed>): Progress | undefined;
  /** What cannot wait for references or for the rest of the pass: the request of a person in an emergency. */
  urgent?(scope: Scope<O>): Promise<void>;
  /** Work of several passes, once AWS is otherwise as wanted; answers after how many milliseconds it goes on. */
  follow?(scope: Scope<O>, view: StatusView<O, Desired, Observed>): Promise<number | undefined>;
  /** The object is deleted: nothing needs to be remembered of it. */
  gone?(deps: ExternalDeps, key: ObjectKey): void;
  /** This pass ended before `follow` or in it; without a reason where the object is not at fault. */
  stopped?(deps: ExternalDeps, key: ObjectKey, why: string | undefined): void;
  /** Pure: the kind's own part of the status. */
  status(input: StatusView<O, Desired, Observed>): Partial<StatusOf<O>>;
}
