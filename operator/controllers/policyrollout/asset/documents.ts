import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { attachedToItsThing, type PolicyDocument, parsePolicy, throughGroup } from '../../../policy/index.ts';
import type { AssetPolicies, DocumentChange } from '../../../rollout/classify.ts';
import type { Family } from '../../../rollout/family.ts';
import type { Reader } from '../policies/documents.ts';

interface Names {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Names of the policies that count for a certificate, and of these the ones attached to the certificate itself. */
export interface CarriedNames extends Names {
  readonly direct: Names;
  /** `spread`: a certificate has both documents of what its thing group gives, for a while. */
  readonly applies?: string;
}

interface SplitInput {
  readonly rollout: PolicyRollout;
  readonly families: readonly Family[];
  readonly reader: Reader;
}

interface Side {
  readonly before: PolicyDocument | undefined;
  readonly after: PolicyDocument | undefined;
}

/** AWS has no exclusive attachment of ours to count group policies for; without one both readings agree. */
const GROUPS = { switches: { groupPoliciesForExclusive: false } } as const;

/**
 * The documents behind the names, split into what changes and what stays. One that comes through a group counts only where the
 * connection is known to be the thing's: under another client id, as Greengrass uses, it gives nothing and hides nothing. Undefined
 * when a document cannot be read.
 */
export async function splitSet(input: SplitInput, names: CarriedNames): Promise<AssetPolicies | undefined> {
  const ofFamily = new Map(input.families.flatMap((family) => family.names.map((name) => [name, family] as const)));
  const others: PolicyDocument[] = [];
  const changes: DocumentChange[] = [];
  const moving = new Map<Family, string[]>();
  for (const name of new Set([...names.before, ...names.after])) {
    const family = ofFamily.get(name);
    if (family !== undefined) {
      moving.set(family, [...(moving.get(family) ?? []), name]);
      continue;
    }
    const document = await input.reader.document(name);
    if (document === undefined) return undefined;
    const unchanged = carriedAlike(names, [name]);
    const side = sideOf(names, [name], { before: document, after: document });
    if (unchanged && side.before !== undefined) others.push(side.before);
    else changes.push(changeOf(side));
  }
  for (const [{ declared }, carried] of moving) {
    const policy = input.rollout.spec.policies.find(({ policyName }) => policyName === declared);
    const before = policy === undefined ? undefined : parsePolicy(policy.baseline).document;
    const after = policy === undefined ? undefined : parsePolicy(policy.document).document;
    if (before === undefined || after === undefined) continue;
    changes.push(changeOf(sideOf(names, carried, { before, after })));
    if (names.applies === 'spread') changes.push({ after: before });
  }
  return { changes, others: hasGroups(names) ? [...others, attachedToItsThing] : others };
}

function hasGroups({ before, after, direct }: CarriedNames): boolean {
  return before.some((name) => !direct.before.includes(name)) || after.some((name) => !direct.after.includes(name));
}

function carriedAlike(names: CarriedNames, wanted: readonly string[]): boolean {
  const holds = (list: readonly string[]): boolean => wanted.some((name) => list.includes(name));
  return holds(names.before) === holds(names.after) && holds(names.direct.before) === holds(names.direct.after);
}

/** Each side's document as it counts there, by whichever of the names it is carried. */
function sideOf(names: CarriedNames, wanted: readonly string[], documents: Side): Side {
  const as = (side: 'before' | 'after'): PolicyDocument | undefined => {
    const document = documents[side];
    const holds = (list: readonly string[]): boolean => wanted.some((name) => list.includes(name));
    if (document === undefined || !holds(names[side])) return undefined;
    return holds(names.direct[side]) ? document : throughGroup(document, GROUPS);
  };
  return { before: as('before'), after: as('after') };
}

function changeOf({ before, after }: Side): DocumentChange {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}
