import { once } from 'node:events';
import type { KubeObject, ObjectKey } from '../api/meta.ts';
import type { ControllerOptions } from '../runtime/controller.ts';
import { Controller } from '../runtime/controller.ts';
import type { Logger } from '../runtime/log.ts';
import type { Runnable } from '../runtime/manager/runnable.ts';
import type { AddOptions } from '../runtime/queue.ts';
import type { Reconciler } from '../runtime/reconciler.ts';
import { createAccountReconciler } from './awsaccount/kind.ts';
import { createScanner } from './awsaccount/scanner.ts';
import { deviceKind } from './device/kind.ts';
import { createExternalReconciler, type Recheck } from './external/reconciler.ts';
import type { ExternalDeps, ExternalKind, ExternalObject } from './external/types.ts';
import { addIndexes, type IndexedKind } from './indexes.ts';
import { policyKind } from './iotpolicy/kind.ts';
import { type CheckRunnerOptions, createCheckRunner } from './policyrollout/gates/check-runner.ts';
import { createSignalBook, type SignalBook } from './policyrollout/gates/signals.ts';
import { createRolloutMaker } from './policyrollout/maker.ts';
import { createRolloutReconciler } from './policyrollout/reconciler.ts';
import { createRollouts } from './policyrollout/service.ts';
import { indexRollouts, watchRollouts, watchSignals } from './policyrollout/setup.ts';
import type { EvidenceBook } from './policyrollout/told/evidence.ts';
import type { RolloutMetrics } from './policyrollout/told/metrics.ts';
import { createTeller } from './policyrollout/told/teller.ts';
import { profileKind } from './securityprofile/kind.ts';
import { createSignalHub } from './signals/hub.ts';
import { groupKind } from './thinggroup/kind.ts';
import { typeKind } from './thingtype/kind.ts';
import { watchAccount, watchKind } from './watches.ts';

export interface ControllersDeps extends ExternalDeps {
  readonly log: Logger;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  /** Leadership (and later sharding), asked when a key leaves the queue. */
  readonly owns?: (key: ObjectKey) => boolean;
  readonly metrics?: ControllerOptions['metrics'];
  /** Devices worked on at the same time. Default 32: nearly all of a pass is waiting for AWS. */
  readonly deviceWorkers?: number;
  /** The slow check of thing ↔ certificate. Default true. */
  readonly principalChecks?: boolean;
  /** What is heard of devices; whoever listens to AWS writes into it. Default: an empty one, so that nothing passes. */
  readonly signals?: SignalBook;
  /** Asks what users' checks ask; absent, no check ever has an answer. */
  readonly measure?: CheckRunnerOptions['measure'];
  readonly onMeasured?: CheckRunnerOptions['onMeasured'];
  /** How long SQS may hold a question open. Default 20 s. */
  readonly queueWaitSeconds?: number;
  /** Least time between two starts for one object. Default 1 s. */
  readonly minGapMs?: number;
  /** Whether the name of the user in a verb is known to be true. Default false: a widening is approved in Git only. */
  readonly usersPinned?: boolean;
  /** Where the evidence of rollouts is kept. Default: nowhere. */
  readonly evidence?: EvidenceBook | undefined;
  readonly rolloutMetrics?: RolloutMetrics | undefined;
}

export interface Controllers {
  /** For the manager's group that runs only while this process leads. */
  readonly runnables: readonly Runnable[];
  enqueue(key: ObjectKey, options?: AddOptions): void;
  /** Nothing is being worked on and nothing is ready; keys that wait for their time do not count. */
  readonly quiet: boolean;
}

const SMALL = 4;
/** A device hears of changes from the scan; this is only the net below it. */
const DEVICE_RECHECK_MS = 6 * 60 * 60_000;

/** Wires indexes, watches and controllers of every AWS kind. Call before the cache starts. */
export function registerControllers(given: ControllersDeps): Controllers {
  const ended = new AbortController();
  const checks = createCheckRunner({
    clock: given.clock,
    measure: given.measure ?? (async () => ({ outcome: 'error', why: 'this operator makes no checks' })),
    wake: (key) => enqueue(key),
    stop: ended.signal,
    ...(given.onMeasured === undefined ? {} : { onMeasured: given.onMeasured }),
  });
  const { cache, events, evidence, rolloutMetrics } = given;
  const teller = createTeller({ cache, events, evidence, metrics: rolloutMetrics });
  const rollouts = createRollouts(
    given.signals ?? createSignalBook(given.clock),
    checks,
    teller,
    given.usersPinned === true,
  );
  const deps: ControllersDeps = { ...given, rollouts };
  const controllers = new Map<string, Controller>();
  const kinds: readonly IndexedKind[] = [deviceKind, groupKind, typeKind, policyKind, profileKind];
  addIndexes(deps.cache, kinds);
  indexRollouts(deps.cache);

  function add(kind: string, reconciler: Reconciler, workers: number): Controller {
    const lookup = (key: ObjectKey): KubeObject | undefined => deps.cache.get(key);
    const controller = new Controller({
      name: kind.toLowerCase(),
      reconciler,
      clock: deps.clock,
      random: deps.random,
      log: deps.log,
      workers,
      events: deps.events,
      lookup,
      ...(deps.owns === undefined ? {} : { owns: deps.owns }),
      ...(deps.metrics === undefined ? {} : { metrics: deps.metrics }),
      ...(deps.minGapMs === undefined ? {} : { minGapMs: deps.minGapMs }),
    });
    controllers.set(kind, controller);
    return controller;
  }

  function addKind<O extends ExternalObject, D, B, A>(
    kind: ExternalKind<O, D, B, A>,
    workers: number,
    recheck: Recheck<O>,
  ) {
    const controller = add(kind.kind, createExternalReconciler(kind, deps, recheck), workers);
    watchKind(controller, deps.cache, kind);
    return controller;
  }

  const atInterval: Recheck<ExternalObject> = ({ session }) => session.driftIntervalMs;
  watchAccount(add('AWSAccount', createAccountReconciler(deps), 2), deps.cache);
  addKind(typeKind, SMALL, atInterval);
  const policies = addKind(policyKind, SMALL, atInterval);
  addKind(groupKind, SMALL, atInterval);
  addKind(profileKind, SMALL, atInterval);
  const devices = addKind(deviceKind, deps.deviceWorkers ?? 32, () => DEVICE_RECHECK_MS);

  const enqueue = (key: ObjectKey, options?: AddOptions) => controllers.get(key.kind)?.enqueue(key, options);
  const maker = add('RolloutMaker', createRolloutMaker(deps), 1);
  const rolloutDeps = { ...deps, rollouts, enqueue };
  const moving = add('PolicyRollout', createRolloutReconciler(rolloutDeps), SMALL);
  watchRollouts(deps.cache, { rollouts: moving, maker, policies, devices });
  watchSignals({ cache: deps.cache, accounts: deps.accounts, rollouts }, enqueue);
  const scanner = createScanner({
    cache: deps.cache,
    accounts: deps.accounts,
    clock: deps.clock,
    log: deps.log,
    enqueue: (key, priority) => enqueue(key, { priority }),
    principalChecks: deps.principalChecks ?? true,
  });
  const hub = createSignalHub({
    cache: deps.cache,
    accounts: deps.accounts,
    book: rollouts.signals,
    clock: deps.clock,
    log: deps.log,
    ...(deps.queueWaitSeconds === undefined ? {} : { queueWaitSeconds: deps.queueWaitSeconds }),
  });
  const checking: Runnable = {
    name: 'checks',
    run: async (stop, kill) => {
      const over = AbortSignal.any([stop, kill]);
      if (!over.aborted) await once(over, 'abort');
      ended.abort(over.reason);
    },
  };
  return {
    runnables: [...controllers.values(), scanner, hub, checking],
    enqueue,
    get quiet() {
      return [...controllers.values()].every((controller) => controller.quiet);
    },
  };
}
