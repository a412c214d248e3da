import type { PolicyDocument } from '../../policy/index.ts';

/**
 * What earlier passes over one rollout found out and what still rests on the same facts. A pass over 100,000 assets asks
 * the same questions every few seconds; what is lost here is asked again.
 */
export interface PassMemory {
  /** Documents in AWS by policy name, with the time at which they were read. */
  readonly documents: Map<string, { readonly at: number; readonly document: Promise<PolicyDocument | undefined> }>;
  /** By device and certificate: what its lifeline was last compared under, and held. */
  readonly lifelines: Map<string, string>;
}

export function createPassMemory(): PassMemory {
  return { documents: new Map(), lifelines: new Map() };
}
