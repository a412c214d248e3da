import { createHash } from 'node:crypto';
import { compilePolicies, type PolicyDocument, type PolicyOptions, type PolicySet } from '../../policy/index.ts';
import { type AssetPolicies, brakeProblem, type Classification, classify, setsOf } from '../../rollout/classify.ts';
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
  /** Sets that the last pass compared, by the documents in them. */
  compared: ReadonlyMap<string, ComparedSet>;
}

export function createPassMemory(): PassMemory {
  return { documents: new Map(), lifelines: new Map(), mirror: undefined, compared: new Map() };
}

/** Compares what this pass asks about, each set once, and takes over from the pass before what is asked again. */
export function createComparer(memory: PassMemory, options: PolicyOptions): (policies: AssetPolicies) => ComparedSet {
  const known = memory.compared;
  const asked = new Map<string, ComparedSet>();
  memory.compared = asked;
  return (policies) => {
    const key = JSON.stringify([policies, options]);
    const found = asked.get(key) ?? known.get(key) ?? compareSet(policies, options);
    asked.set(key, found);
    return found;
  };
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
