import { ANY, type Glob, STAR } from './glob.ts';
import type { GroundStatement } from './ground.ts';
import { type Budget, findUncovered, type InclusionResult } from './inclusion.ts';
import type { Validity } from './valid.ts';

/** What one policy set says about the names of one action in one context. */
export interface GroundSide {
  readonly allows: readonly GroundStatement[];
  readonly denies: readonly GroundStatement[];
}

/** Names in all of `left` and in none of `right`. */
interface Box {
  readonly left: readonly Glob[];
  readonly right: readonly Glob[];
}

/** More alternatives than this come only from statements built to explode; the search then counts as exceeded. */
const maxBoxes = 20_000;

/**
 * A valid name that `allow` (a statement of the new side) grants, no Deny of the new side takes away, and the old side does not grant.
 * Two families of searches, as in docs/policy-engine.md: the name is in no Allow of the old side, or it is in one of its Denies.
 */
export function findNewName(
  allow: GroundStatement,
  sides: { readonly from: GroundSide; readonly to: GroundSide },
  valid: Validity,
  budget: Budget,
): InclusionResult {
  const granted = include(allow, { left: [], right: [] });
  const kept = granted === undefined ? undefined : excludeAll(sides.to.denies, granted);
  if (kept === undefined) return { kind: 'exceeded' };
  const fresh = excludeAll(sides.from.allows, kept);
  if (fresh === undefined) return { kind: 'exceeded' };
  const first = searchAll(fresh, valid, budget);
  if (first.kind !== 'covered') return first;
  for (const deny of sides.from.denies) {
    const denied: Box[] = [];
    for (const box of kept) {
      const more = include(deny, box);
      if (more === undefined) return { kind: 'exceeded' };
      denied.push(...more);
    }
    const found = searchAll(denied, valid, budget);
    if (found.kind !== 'covered') return found;
  }
  return { kind: 'covered' };
}

/** The shortest word over all boxes. */
function searchAll(boxes: readonly Box[], valid: Validity, budget: Budget): InclusionResult {
  let best: InclusionResult = { kind: 'covered' };
  for (const box of boxes) {
    const left = box.left.length === 0 ? [Int32Array.of(STAR)] : distinct(box.left);
    if (!compatible(left)) continue;
    const right = distinct(box.right.filter((glob) => left.every((one) => prefixesMeet(one, glob))));
    const found = findUncovered({ left, right, valid, budget });
    if (found.kind === 'exceeded') return found;
    if (found.kind === 'word' && (best.kind !== 'word' || found.word.length < best.word.length)) best = found;
  }
  return best;
}

/** Boxes for "inside the statement", within a box. */
function include(ground: GroundStatement, box: Box): Box[] | undefined {
  let boxes: Box[] = [box];
  for (const { globs, negated } of ground.conjuncts) {
    boxes = negated
      ? boxes.map(({ left, right }) => ({ left, right: [...right, ...globs] }))
      : boxes.flatMap(({ left, right }) => globs.map((glob) => ({ left: [...left, glob], right })));
    if (boxes.length > maxBoxes) return undefined;
  }
  return boxes;
}

function excludeAll(statements: readonly GroundStatement[], boxes: readonly Box[]): readonly Box[] | undefined {
  let out = boxes;
  for (const statement of statements) {
    out = exclude(statement, out);
    if (out.length > maxBoxes) return undefined;
  }
  return out;
}

/** Boxes for "outside the statement": one of its conjuncts fails. */
function exclude(ground: GroundStatement, boxes: readonly Box[]): Box[] {
  return ground.conjuncts.flatMap(({ globs, negated }): Box[] =>
    negated
      ? boxes.flatMap(({ left, right }) => globs.map((glob) => ({ left: [...left, glob], right })))
      : boxes.map(({ left, right }) => ({ left, right: [...right, ...globs] })),
  );
}

function distinct(globs: readonly Glob[]): Glob[] {
  const seen = new Map<string, Glob>();
  for (const glob of globs) seen.set(glob.join(), glob);
  return [...seen.values()];
}

function compatible(globs: readonly Glob[]): boolean {
  const [first, ...rest] = globs;
  return first === undefined || rest.every((glob) => prefixesMeet(first, glob));
}

/** A cheap test for "the two have no word in common": compares the tokens before the first star. */
export function prefixesMeet(left: Glob, right: Glob): boolean {
  for (let i = 0; ; i += 1) {
    const a = left[i];
    const b = right[i];
    if (a === undefined || b === undefined) return a === b || a === STAR || b === STAR;
    if (a === STAR || b === STAR) return true;
    if (a !== b && a >= 0 && b >= 0) return false;
    if (a === ANY || b === ANY) continue;
  }
}
