import { type Glob, matches, STAR } from './glob.ts';
import type { GroundStatement } from './ground.ts';
import { type Budget, findUncovered, type InclusionResult } from './inclusion.ts';
import type { Validity } from './valid.ts';

/** Names in all of `left` and in none of `right`. */
interface Box {
  readonly left: readonly Glob[];
  readonly right: readonly Glob[];
}

/** More alternatives than this come only from statements built to explode; the search then counts as exceeded. */
const maxBoxes = 20_000;

export interface NewNameProblem {
  /** A statement of the new side; the name must be one that it grants. */
  readonly allow: GroundStatement;
  /** A Deny of the old side that the name must be in; undefined: the name must be in no Allow of the old side. */
  readonly deny: GroundStatement | undefined;
  /** Allows of the old side (not needed with `deny`). */
  readonly allows: readonly GroundStatement[];
  /** Denies of the new side. */
  readonly denies: readonly GroundStatement[];
}

/**
 * A valid name that the new side grants by one statement and the old side does not. What the old side does not grant is either in none
 * of its Allows or in one of its Denies; each of the two families is a search of its own (docs/policy-engine.md, "Reduction").
 */
export function findNewName(problem: NewNameProblem, valid: Validity, budget: Budget): InclusionResult {
  const { allow, deny, allows, denies } = problem;
  const granted = include(allow, { left: [], right: [] });
  const kept = granted === undefined ? undefined : excludeAll(denies, granted);
  if (kept === undefined) return { kind: 'exceeded' };
  if (deny === undefined) {
    const fresh = excludeAll(allows, kept);
    return fresh === undefined ? { kind: 'exceeded' } : searchAll(fresh, valid, budget);
  }
  const denied: Box[] = [];
  for (const box of kept) {
    const more = include(deny, box);
    if (more === undefined) return { kind: 'exceeded' };
    denied.push(...more);
  }
  return searchAll(denied, valid, budget);
}

/** Whether the statement takes in the name. */
export function matchesName(ground: GroundStatement, name: string): boolean {
  return ground.conjuncts.every(({ globs, negated }) => globs.some((glob) => matches(glob, name)) !== negated);
}

/** The shortest word over all boxes. */
function searchAll(boxes: readonly Box[], valid: Validity, budget: Budget): InclusionResult {
  let best: InclusionResult = { kind: 'covered' };
  for (const box of boxes) {
    // The search itself counts its nodes; of many boxes most are settled without one.
    if (boxes.length > 1) budget.left -= 1 + (box.left.length * box.right.length) / 8;
    if (budget.left < 0) return { kind: 'exceeded' };
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

/** Globs are interned, so equal ones are the same object. */
function distinct(globs: readonly Glob[]): Glob[] {
  return [...new Set(globs)];
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
  }
}
