import { sameDocument } from '../../drift/document.ts';

export interface PolicyVersion {
  readonly versionId: string;
  readonly isDefault: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Read only where it is needed: when the default is not what is wanted. */
  readonly document: string | undefined;
}

/** A change of a policy is a list of steps, made by a planner: all at once is the first, rollouts bring another. */
export type PolicyStep =
  | { readonly kind: 'create'; readonly document: string }
  | { readonly kind: 'prune'; readonly versionId: string }
  | { readonly kind: 'createVersion'; readonly document: string }
  | { readonly kind: 'setDefault'; readonly versionId: string };

export interface PolicyPlanInput {
  readonly document: string;
  /** Undefined when the policy does not exist. */
  readonly versions: readonly PolicyVersion[] | undefined;
}

/** AWS keeps this many versions of a policy: https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
export const MAX_VERSIONS = 5;

/** Every target gets the new document at the same moment. */
export function planAllAtOnce({ document, versions }: PolicyPlanInput): readonly PolicyStep[] {
  if (versions === undefined) return [{ kind: 'create', document }];
  const current = versions.find(({ isDefault }) => isDefault);
  if (current !== undefined && sameDocument(current.document, document)) return [];
  // A version made just before a crash is used, not made again: an ambiguous failure must not cost a slot.
  const ready = versions.find((version) => !version.isDefault && sameDocument(version.document, document));
  if (ready !== undefined) return [{ kind: 'setDefault', versionId: ready.versionId }];
  const steps: PolicyStep[] = [];
  const oldest = prunable(versions);
  if (versions.length >= MAX_VERSIONS && oldest !== undefined) steps.push({ kind: 'prune', versionId: oldest });
  return [...steps, { kind: 'createVersion', document }];
}

/**
 * The version to give up for a slot: the oldest by date that is not in force. Never the newest of them: that is what was
 * in force before, and the way back.
 */
export function prunable(versions: readonly PolicyVersion[]): string | undefined {
  const others = versions.filter(({ isDefault }) => !isDefault).sort((a, b) => a.createdAt - b.createdAt);
  return others.length > 1 ? others[0]?.versionId : undefined;
}
