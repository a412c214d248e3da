import type { FaultRule } from '../../operator/sandbox/faults.ts';
import type { Grant, Right } from './rights.ts';

/** How a simulated device lives. */
export type Life = 'steady' | 'flaky' | 'persistent' | 'weekly' | 'brief' | 'absent';

export interface SimPolicy {
  readonly name: string;
  readonly grant: Grant;
}

/** A group that all devices are in, and the policies that it carries. */
export interface SimGroup {
  readonly name: string;
  readonly policies: readonly SimPolicy[];
}

/** A device has a certificate of an earlier one as well: in place of its own, or before or after them. */
export interface Share {
  /** Both by their place among `lives`. */
  readonly device: number;
  readonly with: number;
  readonly how: 'only' | 'first' | 'last';
}

/** A fleet, and how AWS behaves; all of it follows from the seed. */
export interface SimConfig {
  readonly seed: number;
  readonly lives: readonly Life[];
  readonly certificates: readonly number[];
  readonly policies: readonly SimPolicy[];
  readonly strategy: Readonly<Record<string, unknown>>;
  readonly propagation: 'instant' | 'fixed' | 'random' | 'adversarial';
  /** What devices do beside their lifeline; a change that takes one of these fails. */
  readonly uses: readonly Right[];
  /** How often a steady device says something. */
  readonly periodMs: number;
  /** Of a hundred times that a device speaks, how often it connects anew instead. Default 2. */
  readonly reconnectPercent?: number;
  /** How often a `weekly` device comes. A week when not given. */
  readonly visitEveryMs?: number;
  /** Groups with policies that devices are in beside `presses`. */
  readonly groups?: readonly SimGroup[];
  /** Devices that share certificates, and so move as one. */
  readonly shared?: readonly Share[];
  /** For how long things happen; afterwards everybody lets it come to an end. */
  readonly durationMs: number;
}

export type Act =
  | { readonly kind: 'document'; readonly grants: readonly SimPolicy[]; readonly how: 'new' | 'revert' | 'garbage' }
  | { readonly kind: 'verb'; readonly verb: string; readonly value: 'right' | 'stale' | 'bare' }
  /** Somebody looks on for so long, and aborts so much later than the first asset is proven. */
  | { readonly kind: 'abortMidway'; readonly forMs: number; readonly afterMs: number }
  | { readonly kind: 'deviceVerb'; readonly verb: 'hold' | 'skip' | 'release'; readonly device: number }
  | { readonly kind: 'offline'; readonly device: number; readonly forMs: number }
  | {
      readonly kind: 'crash';
      readonly afterCalls: number;
      readonly effect: 'before' | 'after' | 'late';
      /** Counts only calls whose path begins with this. */
      readonly on?: string;
    }
  | { readonly kind: 'depose'; readonly gapMs: number; readonly forMs: number }
  | { readonly kind: 'loseRecord'; readonly device: number }
  | { readonly kind: 'loseState' }
  | { readonly kind: 'fault'; readonly rule: FaultRule }
  | { readonly kind: 'deaf'; readonly forMs: number }
  | { readonly kind: 'quarantine'; readonly device: number; readonly forMs: number }
  | {
      readonly kind: 'blank';
      readonly of: 'declared' | 'candidate';
      readonly forMs: number;
      /** Which one; any when not given. */
      readonly policy?: string;
    }
  | { readonly kind: 'inactive'; readonly device: number; readonly forMs: number }
  | { readonly kind: 'foreignDetach'; readonly device: number }
  | { readonly kind: 'join'; readonly life: Life }
  /** The first group gets these policies instead of its own. */
  | { readonly kind: 'groupPolicies'; readonly policies: readonly SimPolicy[] }
  /** The policy of the first group gets this document. */
  | { readonly kind: 'groupDocument'; readonly grant: Grant }
  /** A certificate that the device shares leaves the specs of all that have it, where each of them has another one. */
  | { readonly kind: 'retire'; readonly device: number }
  /** The device refers to these policies alone. */
  | { readonly kind: 'references'; readonly device: number; readonly names: readonly string[] };

export interface Planned {
  readonly at: number;
  readonly act: Act;
}

export interface Violation {
  readonly invariant: number;
  readonly at: number;
  readonly text: string;
}

export interface Outcome {
  readonly seed: number;
  readonly steps: number;
  readonly calls: number;
  readonly deviceEvents: number;
  readonly plannerActions: number;
  readonly clockAdvances: number;
  /** Of these, the ones at which nobody did anything. */
  readonly idleAdvances: number;
  readonly rollouts: Readonly<Record<string, number>>;
  /** What was done and what came of it, by its kind. */
  readonly happened: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  readonly story: readonly string[];
}
