import { arnTypePrefix, type ResourceType } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { type Items, itemsKey } from './forced.ts';
import { ANY, literalTokens, normalise, STAR } from './glob.ts';
import { ends, tails } from './ground.ts';
import type { Template, Variable } from './template.ts';

/** Where the private codes for variables begin: noncharacters and private use, out of reach of names. */
const variableBase = 0x10_0000;

/** The patterns for names that a template leaves once the fixed part of the ARN is read, variables still open. */
export function nameItems(set: PolicySet, template: Template, type: ResourceType): Items[] {
  const variables: Variable[] = [];
  const tokens = template.items.map((item) => {
    if (typeof item === 'number') return item;
    variables.push(item);
    return variableBase + variables.length - 1;
  });
  return tails(set, normalise(tokens), type).map((glob) =>
    Array.from(glob, (token): number | Variable => variables[token - variableBase] ?? token),
  );
}

/** The fixed part of the ARNs of a type, as tokens; empty for actions without a resource. */
export function fixedPart(set: PolicySet, type: ResourceType): number[] {
  const typePrefix = arnTypePrefix(type);
  return typePrefix === undefined ? [] : literalTokens(set.arnPrefix + typePrefix);
}

/** Whether a variable may begin inside the fixed part of the ARN, as in `arn:…:${iot:ClientId}/a` under the client ID `topic`. */
export function opensFixedPart(set: PolicySet, template: Template, type: ResourceType): boolean {
  if (template.variables.length === 0) return false;
  return fixedPart(set, type).length === 0 || startsInFixedPart(set, template, type) > 0;
}

/** At how many letters of the fixed part the first variable of a template may begin. */
export function startsInFixedPart(set: PolicySet, { items }: Template, type: ResourceType): number {
  const fixed = fixedPart(set, type);
  const first = items.findIndex((item) => typeof item === 'object');
  const front = normalise(items.slice(0, first).filter((item) => typeof item === 'number'));
  return ends(front, Int32Array.from(fixed)).filter((position) => position < fixed.length).length;
}

/**
 * The patterns of a template for names, to propose values by. Where a variable may make up the fixed part, the names that its values may
 * leave are among them.
 */
function proposedItems(set: PolicySet, template: Template, type: ResourceType): Items[] {
  const own = nameItems(set, template, type);
  if (!opensFixedPart(set, template, type)) return own;
  const open = template.items.map((item) => (typeof item === 'number' ? item : STAR));
  return [...own, ...tails(set, normalise(open), type).map((glob) => Array.from(glob))];
}

/**
 * Gives the name patterns of statements, each pattern once; works out every statement only once. They take in all names that the statements
 * can match, and more where a variable may make up the fixed part of the ARN.
 */
export function patternReader(
  set: PolicySet,
): (statements: readonly CompiledStatement[], type: ResourceType) => Items[] {
  const known = new Map<ResourceType, Map<CompiledStatement, readonly Items[]>>();
  return (statements, type) => {
    const ofType = known.get(type) ?? new Map<CompiledStatement, readonly Items[]>();
    known.set(type, ofType);
    const out = new Map<string, Items>();
    for (const statement of statements) {
      const own =
        ofType.get(statement) ?? statement.resources.flatMap((template) => proposedItems(set, template, type));
      ofType.set(statement, own);
      for (const items of own) out.set(itemsKey(items), items);
    }
    return [...out.values()];
  };
}

/**
 * Filter patterns as patterns for the topics that their filters can match: `+` and `#`, and the `?` that may stand for one, become
 * stars. Wider than the truth, which is harmless where it only proposes values to try.
 */
export function asTopicPatterns(filters: readonly Items[]): Items[] {
  return filters
    .filter((items) => items.some((item) => item === 43 || item === 35 || item === ANY))
    .map((items) => items.map((item) => (item === 43 || item === 35 || item === ANY ? STAR : item)));
}

/**
 * The largest number of `?` in one run of wildcards. No pattern tells fresh text of that many letters and one more from text that is
 * longer still. A variable counts as part of the run, since its value may be fresh text itself.
 */
export function mostQuestionMarks(patterns: readonly Items[]): number {
  let most = 0;
  for (const items of patterns) {
    let run = 0;
    for (const item of items) {
      if (item === ANY) run += 1;
      else if (item !== STAR && typeof item === 'number') run = 0;
      most = Math.max(most, run);
    }
  }
  return most;
}

/** The largest number of slashes that one pattern spells out. */
export function mostSlashes(patterns: readonly Items[]): number {
  return Math.max(0, ...patterns.map((items) => items.filter((item) => item === 47).length));
}

/**
 * Whether some level (text between slashes) holds two variables, or one twice. For those no proof exists that the tested values
 * suffice, and verdicts say so.
 */
export function sharesLevel(items: Items): boolean {
  let inLevel = 0;
  for (const item of items) {
    if (item === 47) inLevel = 0;
    else if (typeof item === 'object') {
      inLevel += 1;
      if (inLevel > 1) return true;
    }
  }
  return false;
}
