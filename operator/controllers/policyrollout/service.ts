import type { DeviceStatusRolloutChange } from '../../api/device.gen.ts';
import type { ObjectKey } from '../../api/meta.ts';
import type { Permission } from '../../rollout/asset.ts';
import type { Family } from '../../rollout/family.ts';
import type { Strategy } from '../../rollout/strategy.ts';
import type { CandidateDefault, Direction } from '../../rollout/types.ts';
import type { Requirement } from '../../rollout/verdict.ts';
import { keyText } from '../../runtime/controller/keys.ts';
import type { Pauser } from '../../runtime/pauser.ts';
import type { CertificatePolicies } from './analysis.ts';
import { createPreflightMemory, type PreflightMemory } from './asset/preflight-memory.ts';
import type { GroupOrders } from './asset/through.ts';
import { createUnableMemory, type UnableMemory } from './asset/unable.ts';
import { type CheckRunner, NO_CHECKS } from './gates/check-runner.ts';
import type { AssetIdentity, SignalBook } from './gates/signals.ts';
import { createSubscriptionMemory, type SubscriptionMemory } from './gates/subscription-memory.ts';
import { type CoverageMemory, createCoverageMemory } from './groups/coverage-memory.ts';
import { createPassMemory, type PassMemory } from './pass-memory.ts';
import { createLastCarried, type LastCarried } from './policies/last-carried.ts';
import { silentTeller, type Teller } from './told/teller.ts';

/** What one asset is to do now. Held in memory; the rollout's controller says it again after a restart. */
export interface Directive {
  /** Name of the PolicyRollout. */
  readonly rollout: string;
  readonly direction: Direction;
  /** Only where things share certificates: names of all that move as one, first the one that carries out the calls. */
  readonly unit?: readonly string[] | undefined;
  readonly families: readonly Family[];
  /** The asset's own wave, counted from 0; stays with it once it has begun, for both times where its group changes. */
  readonly ownWave?: number | undefined;
  /** It is contracted in the contact of now and judged at the next. */
  readonly armed?: boolean;
  /** What changes at this asset beside documents. */
  readonly change?: DeviceStatusRolloutChange | undefined;
  /** Only where thing groups carry policies of the rollout. */
  readonly groups?: GroupOrders | undefined;
  /** The asset may do the same before and after: the order of calls and the settle times are all the proof it needs. */
  readonly equal: boolean;
  /** By candidate name. */
  readonly candidateDefaults: ReadonlyMap<string, CandidateDefault>;
  /** When a candidate's default version last moved. */
  readonly flippedAt: number | undefined;
  /** May anything be taken away now, as far as the rollout is concerned? */
  readonly permission: Permission;
  readonly addsDeny: boolean;
  /** By name in AWS: the documents under which a policy counts as what must remain when another is detached. */
  readonly expected: ReadonlyMap<string, readonly string[]>;
  readonly strategy: Strategy;
  readonly requirement: Requirement;
  /** Assets of the same cohort that nothing was done to; a sample. */
  readonly controls: readonly AssetIdentity[];
  /** What each certificate may do before and after; empty when it was not compared. */
  readonly policies: readonly CertificatePolicies[];
  /** The wave of the rollout, counted from 0. */
  readonly wave: number;
  /** Keys of the asset's lifeline requests; see `requestKey`. */
  readonly lifeline: ReadonlySet<string>;
  /** Why a failed asset is not the asset's fault alone, e.g. the rollout was aborted. */
  readonly cause: string;
}

/** What the controllers of devices, policies and rollouts share in one process. */
export interface Rollouts {
  readonly signals: SignalBook;
  readonly checks: CheckRunner;
  readonly subscriptions: SubscriptionMemory;
  readonly preflights: PreflightMemory;
  readonly coverage: CoverageMemory;
  readonly unable: UnableMemory;
  readonly lastCarried: LastCarried;
  readonly teller: Teller;
  /** Whether the name of the user in an annotation is known to be true. */
  readonly usersPinned: boolean;
  directiveFor(device: ObjectKey): Directive | undefined;
  /**
   * Replaces all directives of one rollout; answers the devices whose directive changed. Other work runs in between: whoever
   * asks meanwhile is told what was true a moment ago, or is now.
   */
  publish(rollout: ObjectKey, directives: ReadonlyMap<string, Directive>, pauser: Pauser): Promise<readonly string[]>;
  /** Takes back at once what this rollout has told the device, if it has. */
  withdraw(rollout: ObjectKey, device: ObjectKey): void;
  /** Assets that were told to start and whose own status may not show it yet. */
  started(rollout: ObjectKey): Set<string>;
  /** Those among them that were told to be armed. */
  arming(rollout: ObjectKey): Set<string>;
  memory(rollout: ObjectKey): PassMemory;
  /** Nothing of the rollout is needed any more. */
  forget(rollout: ObjectKey): void;
  /**
   * Takes the turn to act on these certificates; undefined while somebody else has it. Devices that share one are reconciled
   * beside each other, and which of them acts may change in between.
   */
  turn(certificates: readonly string[]): Disposable | undefined;
  /** No Detach before this time: one of the leader before us may still be on its way. */
  noDetachBefore(now: number): number;
}

/** Longest time a Detach may take to arrive; also how long a new leader sends none. */
export const DETACH_DEADLINE_MS = 30_000;

export function createRollouts(
  signals: SignalBook,
  checks: CheckRunner = NO_CHECKS,
  teller: Teller = silentTeller,
  usersPinned = false,
): Rollouts {
  const byDevice = new Map<string, { readonly rollout: string; readonly directive: Directive }>();
  const started = new Map<string, Set<string>>();
  const arming = new Map<string, Set<string>>();
  const memories = new Map<string, PassMemory>();
  const acting = new Set<string>();
  let quietUntil: number | undefined;
  return {
    signals,
    checks,
    subscriptions: createSubscriptionMemory(),
    preflights: createPreflightMemory(),
    coverage: createCoverageMemory(),
    unable: createUnableMemory(),
    lastCarried: createLastCarried(),
    teller,
    usersPinned,
    directiveFor: (device) => byDevice.get(keyText(device))?.directive,
    async publish(rollout, directives, pauser) {
      const id = keyText(rollout);
      const changed: string[] = [];
      for (const [device, entry] of byDevice) {
        if (pauser.isDue()) await pauser.pause();
        if (entry.rollout !== id || directives.has(device)) continue;
        byDevice.delete(device);
      }
      for (const [device, directive] of directives) {
        if (pauser.isDue()) await pauser.pause();
        const known = byDevice.get(device);
        const news = known === undefined || known.rollout !== id || !sameDirective(known.directive, directive);
        // Controls and comparisons are always those of the latest pass, without waking anybody for their sake.
        byDevice.set(device, { rollout: id, directive });
        if (news) changed.push(device);
      }
      return changed;
    },
    withdraw(rollout, device) {
      if (byDevice.get(keyText(device))?.rollout === keyText(rollout)) byDevice.delete(keyText(device));
    },
    started(rollout) {
      const id = keyText(rollout);
      const set = started.get(id) ?? new Set<string>();
      started.set(id, set);
      return set;
    },
    arming(rollout) {
      const id = keyText(rollout);
      const set = arming.get(id) ?? new Set<string>();
      arming.set(id, set);
      return set;
    },
    memory(rollout) {
      const id = keyText(rollout);
      const memory = memories.get(id) ?? createPassMemory();
      memories.set(id, memory);
      return memory;
    },
    forget(rollout) {
      const id = keyText(rollout);
      started.delete(id);
      arming.delete(id);
      memories.delete(id);
    },
    turn(certificates) {
      if (certificates.some((certificate) => acting.has(certificate))) return undefined;
      for (const certificate of certificates) acting.add(certificate);
      return {
        [Symbol.dispose]() {
          for (const certificate of certificates) acting.delete(certificate);
        },
      };
    },
    noDetachBefore(now) {
      // First asked when this process begins to lead.
      quietUntil ??= now + DETACH_DEADLINE_MS;
      return quietUntil;
    },
  };
}

/** Whether the device would do anything else now. */
function sameDirective(a: Directive, b: Directive): boolean {
  return (
    a.direction === b.direction &&
    a.flippedAt === b.flippedAt &&
    a.armed === b.armed &&
    String(a.unit) === String(b.unit) &&
    a.groups?.handedOver === b.groups?.handedOver &&
    a.permission.yes === b.permission.yes &&
    a.change?.digest === b.change?.digest &&
    [...a.candidateDefaults].every(([name, value]) => b.candidateDefaults.get(name) === value)
  );
}
