import { compare, type GivenOptions, type PolicyDocument, type Witness, worstCase } from '../policy/index.ts';
import type { Classified } from './types.ts';

/** One policy of the asset that the revision changes, as documents; without one side it comes or goes. */
export interface DocumentChange {
  readonly before?: PolicyDocument;
  readonly after?: PolicyDocument;
}

/** Everything attached to an asset, by any certificate, group or ancestor, split into what changes and what stays. */
export interface AssetPolicies {
  readonly changes: readonly DocumentChange[];
  readonly others: readonly PolicyDocument[];
}

export interface Classification extends Classified {
  /** What the asset may do afterwards and not before, and the reverse; shortest first, each confirmed by evaluation. */
  readonly gained: readonly Witness[];
  readonly lost: readonly Witness[];
  /** Actions of which `gained` and `lost` may lack something: what they may lose has to be reckoned with as well. */
  readonly incomplete: readonly string[];
  /** What the class rests on, or why no certain one was found; a sentence each. */
  readonly assumptions: readonly string[];
}

/**
 * Classes a change by comparing the asset's whole set of policies before and after. Two documents can be equal alone and
 * widen together with a third, so a document against a document is never asked. Assets with the same set share the answer.
 */
export function classify(policies: AssetPolicies, options: GivenOptions = {}): Classification {
  const { before, after } = setsOf(policies);
  const comparison = compare(before, after, options);
  const { mayWiden, mayTighten } = worstCase(comparison);
  const certain =
    comparison.verdict !== 'undecided' && comparison.assumptions.length === 0 && !comparison.testedValuesOnly;
  return {
    class: mayWiden ? (mayTighten ? 'mixed' : 'widens') : mayTighten ? 'tightens' : 'equivalent',
    addsDeny: comparison.addsDeny || !certain,
    uncertain: !certain,
    masked: comparison.verdict === 'equivalent' && certain && changedAlone(policies, options),
    gained: comparison.gained,
    lost: comparison.lost,
    incomplete: comparison.incomplete.map(({ action }) => action),
    assumptions: [...comparison.undecidedBecause, ...comparison.assumptions],
  };
}

/** All that the asset has before and after. */
export function setsOf({ changes, others }: AssetPolicies): {
  readonly before: readonly PolicyDocument[];
  readonly after: readonly PolicyDocument[];
} {
  return {
    before: [...others, ...changes.flatMap((change) => change.before ?? [])],
    after: [...others, ...changes.flatMap((change) => change.after ?? [])],
  };
}

const RANK = { equivalent: 0, widens: 1, tightens: 1, mixed: 2 } as const;

/** The worst of two: what one set wins and another loses is a mixed change of the whole. */
export function worse(a: Classification, b: Classification): Classification {
  const both = RANK[a.class] === 1 && RANK[b.class] === 1 && a.class !== b.class;
  return {
    class: both ? 'mixed' : RANK[a.class] >= RANK[b.class] ? a.class : b.class,
    addsDeny: a.addsDeny || b.addsDeny,
    uncertain: a.uncertain || b.uncertain,
    masked: a.masked || b.masked,
    gained: [...a.gained, ...b.gained].slice(0, 5),
    lost: [...a.lost, ...b.lost].slice(0, 20),
    incomplete: [...new Set([...a.incomplete, ...b.incomplete])],
    assumptions: [...new Set([...a.assumptions, ...b.assumptions])],
  };
}

/** The change does something on its own that the asset's other policies hide. */
function changedAlone(policies: AssetPolicies, options: GivenOptions): boolean {
  if (policies.others.length === 0) return false;
  const { before, after } = setsOf({ changes: policies.changes, others: [] });
  const alone = compare(before, after, options);
  return alone.verdict !== 'equivalent';
}

/** More policies than this in one rollout are never braked: the mixes double with each. */
const MAX_BRAKED = 5;

/**
 * Why flipping all candidates back is not one act for this asset, or undefined when it is: every mix of flipped and
 * unflipped candidates must allow all that the asset had, or all that it was to have. AWS may show the flips one by one.
 */
export function brakeProblem(policies: AssetPolicies, options: GivenOptions = {}): string | undefined {
  const { changes } = policies;
  if (changes.some(({ before, after }) => before === undefined || after === undefined))
    return 'policies come or go with it, which no default version can take back';
  if (changes.length < 2) return undefined;
  if (changes.length > MAX_BRAKED) return `${changes.length} policies change together: their flips are not one act`;
  const { before, after } = setsOf(policies);
  const torn = mixesOf(policies).some((mix) => mayLose(before, mix, options) && mayLose(after, mix, options));
  return torn ? 'rights move between the policies of this rollout: between two flips they could be gone' : undefined;
}

/**
 * Whether the brake, in any order in which AWS may show its flips, could let this asset do what it may not do while all
 * candidates serve the new documents. Under every client id with which its policies let it connect: what a thing group denies
 * counts under the thing's own alone.
 */
export function brakeWidens(policies: AssetPolicies, options: GivenOptions = {}): boolean {
  const { changes } = policies;
  if (changes.length > MAX_BRAKED) return true;
  const { before, after } = setsOf(policies);
  const mayGain = (to: readonly PolicyDocument[]) =>
    worstCase(compare(after, to, { ...options, level: 'session' })).mayWiden;
  return [...mixesOf(policies), before].some(mayGain);
}

/** What the asset has while some of its candidates are flipped and others are not. */
function mixesOf({ changes, others }: AssetPolicies): readonly (readonly PolicyDocument[])[] {
  return Array.from({ length: Math.max(0, 2 ** changes.length - 2) }, (_, index) => {
    const flipped = index + 1;
    return [...others, ...changes.flatMap((change, at) => (flipped & (1 << at) ? change.before : change.after) ?? [])];
  });
}

function mayLose(from: readonly PolicyDocument[], to: readonly PolicyDocument[], options: GivenOptions): boolean {
  return worstCase(compare(from, to, options)).mayTighten;
}
