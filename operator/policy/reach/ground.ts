import type { ActionInfo } from '../actions.ts';
import type { PolicySet } from '../compile.ts';
import { arnSegments, holds, resolver } from '../conditions.ts';
import type { Effect, StatementRef } from '../document.ts';
import { contextLookup } from '../evaluate.ts';
import { type Glob, isLoneStar, matches } from '../glob.ts';
import type { PolicyOptions } from '../options.ts';
import type { Context } from '../request.ts';
import { substitute } from '../template.ts';
import { residuals } from './globs.ts';

/** One resource of a statement, with variables filled in for one context. Patterns cover the whole ARN. */
export interface GroundResource {
  /** Index in the statement's resource list. */
  readonly resource: number;
  readonly glob: Glob;
}

/** A statement that has a say on one action in one context: its conditions hold there. */
export interface GroundStatement {
  readonly ref: StatementRef;
  readonly effect: Effect;
  readonly mode: 'Resource' | 'NotResource';
  readonly resources: readonly GroundResource[];
}

const noKeys: ReadonlySet<string> = new Set();

/**
 * The statements that have a say on the action in this context, with their variables filled in: conditions that do not hold
 * drop the statement, a resource whose variable does not resolve drops out of the list (it matches nothing). Normalised keys in
 * `free` stand for any value.
 */
export function groundStatements(
  set: PolicySet,
  action: ActionInfo,
  context: Context,
  free: ReadonlySet<string> = noKeys,
): GroundStatement[] {
  const lookup = contextLookup(context);
  const known = resolver(lookup);
  // A key that the client chooses stands for every value at once.
  const resolve = (key: string): string | undefined => (free.has(key) ? '*' : known(key));
  const { switches } = set.options;
  const out: GroundStatement[] = [];
  for (const statement of set.byAction.get(action.name) ?? []) {
    if (!statement.conditions.every((condition) => holds(condition, lookup))) continue;
    const resources: GroundResource[] = [];
    let unresolved = false;
    statement.resources.forEach((template, resource) => {
      const glob = substitute(template, resolve, free.size > 0 || switches.substitutedWildcards === 'glob');
      if (glob === undefined) unresolved = true;
      else resources.push({ resource, glob });
    });
    if (unresolved && statement.negated && switches.unresolvedNotResource === 'statementInert') continue;
    out.push({
      ref: statement.ref,
      effect: statement.effect,
      mode: statement.negated ? 'NotResource' : 'Resource',
      resources,
    });
  }
  return out;
}

/** What a pattern over whole ARNs says about the part behind `prefix`, under the reading of stars that the options choose. */
export function behindPrefix(glob: Glob, prefix: string, options: PolicyOptions): Glob[] {
  if (options.switches.starCrossesColons || isLoneStar(glob)) return residuals(glob, prefix);
  const patterns = arnSegments(glob);
  if (patterns === undefined) return [];
  const parts = prefix.split(':');
  const head = patterns.slice(0, 5).every((pattern, at) => matches(pattern, parts[at] ?? ''));
  return head ? residuals(patterns[5]!, parts.slice(5).join(':')) : [];
}
