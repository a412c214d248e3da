import { createHash } from 'node:crypto';
import { compilePolicies, type PolicyDocument, type PolicyOptions, type PolicySet } from '../../policy/index.ts';
import {
  type AssetPolicies,
  brakeProblem,
  brakeWidens,
  type Classification,
  classify,
  setsOf,
} from '../../rollout/classify.ts';
import type { Mirrored } from './policies/mirror.ts';

/** What a set of policies permits before and after a change, and what that makes of the change. */
export interface ComparedSet {
  /** Of the documents on both sides. */
  readonly digest: string;
  readonly before: PolicySet;
  readonly after: PolicySet;
  readonly change: Classification;
  readonly brakeProblem: string | undefined;
}

/**
 * What earlier passes over one rollout found out and what still rests on the same facts. A pass over 100,000 assets asks
 * the same questions every few seconds; what is lost here is asked again.
 */
export interface PassMemory {
  /** Documents in AWS by policy name, with the time at which they were read. */
  readonly documents: Map<string, { readonly at: number; readonly document: Promise<PolicyDocument | undefined> }>;
  /** By device and certificate: what its lifeline was last compared under, and held. */
  readonly lifelines: Map<string, string>;
  /** What the tags in AWS say of a rollout that has not begun, and when they were read. */
  mirror: { readonly at: number; readonly verdict: Mirrored | undefined } | undefined;
  /** What this process has written into those tags. */
  mirrored: Mirrored | undefined;
  /** Sets that the last pass compared, by the documents in them. */
  compared: ReadonlyMap<string, ComparedSet>;
  /** Sets of quarantined assets, by the documents in them: whether the brake would give them anything. */
  quarantined: ReadonlyMap<string, boolean>;
}

export function createPassMemory(): PassMemory {
  return {
    documents: new Map(),
    lifelines: new Map(),
    mirror: undefined,
    mirrored: undefined,
    compared: new Map(),
    quarantined: new Map(),
  };
}

type Asks<T> = (policies: AssetPolicies) => T;
type Finds<T> = (policies: AssetPolicies, options: PolicyOptions) => T;

/** Compares what this pass asks about, each set once, and takes over from the pass before what is asked again. */
export function createComparer(memory: PassMemory, options: PolicyOptions): Asks<ComparedSet> {
  const { asked, answer } = askedAgain(memory.compared, options, compareSet);
  memory.compared = asked;
  return answer;
}

/** The same of what the brake would do to quarantined assets. */
export function createBrakeComparer(memory: PassMemory, options: PolicyOptions): Asks<boolean> {
  const { asked, answer } = askedAgain(memory.quarantined, options, brakeWidens);
  memory.quarantined = asked;
  return answer;
}

function askedAgain<T>(
  known: ReadonlyMap<string, T>,
  options: PolicyOptions,
  find: Finds<T>,
): { readonly asked: ReadonlyMap<string, T>; readonly answer: Asks<T> } {
  const asked = new Map<string, T>();
  const answer: Asks<T> = (policies) => {
    // The account may come to stand for another place while the rollout is under way.
    const key = JSON.stringify([policies, options]);
    const found = asked.get(key) ?? known.get(key) ?? find(policies, options);
    asked.set(key, found);
    return found;
  };
  return { asked, answer };
}

function compareSet(policies: AssetPolicies, options: PolicyOptions): ComparedSet {
  const { before, after } = setsOf(policies);
  return {
    digest: createHash('sha256')
      .update(JSON.stringify([before, after]))
      .digest('hex'),
    before: compilePolicies(before, options),
    after: compilePolicies(after, options),
    change: classify(policies, options),
    brakeProblem: brakeProblem(policies, options),
  };
}
