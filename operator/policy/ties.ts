import type { Condition } from './conditions.ts';
import { arnSegments, foldGlob } from './conditions.ts';
import type { DomainOptions } from './domains.ts';
import { forcedStretches, type Items, itemsKey } from './forced.ts';
import { FOLD, foldCase, type Glob, isLoneStar, literalTokens, matches, normalise } from './glob.ts';
import type { Budget } from './inclusion.ts';
import type { Alternative } from './meets.ts';
import { arnPrefix } from './options.ts';
import { keys, normaliseKey } from './request.ts';
import type { Template } from './template.ts';

/** Everything the policies say about one context key, for one action. */
export interface KeyUse {
  readonly key: string;
  readonly conditions: readonly Condition[];
  /** It stands in a resource or in the value of a condition. */
  readonly asVariable: boolean;
  /** A letter that occurs nowhere in the policies and belongs to this key alone. */
  readonly letter: string;
}

export interface CandidateInput {
  readonly uses: readonly KeyUse[];
  /** Patterns that the client ID must match for a session to exist; empty unless sessions count. */
  readonly clientPatterns: readonly LeftPattern[];
  /** Lengths of fresh words to try. */
  readonly lengths: readonly number[];
  /** Some pattern is so long that fresh text may not fit below AWS's limits. */
  readonly tight: boolean;
  readonly options: DomainOptions;
  /** MQTT wildcards inside values change which topics a filter takes in. */
  readonly filters: boolean;
  /**
   * Slashes up to which values are tried where filters are matched against topics (delivery): `+` takes one level, so there a slash is
   * harder to cover than the fresh letter. 0 where patterns alone decide; those take a slash like any letter.
   */
  readonly slashes: number;
  readonly valuesAreGlobs: boolean;
  readonly budget: Budget;
}

/** A pattern on the left, and which statement it is of: one name must match one pattern of every statement. */
export interface LeftPattern {
  readonly items: Items;
  /** Negative for patterns of client IDs, where the name is another one. */
  readonly of: number;
}

function isClientPattern({ of }: LeftPattern): boolean {
  return of < 0;
}

const clientId = normaliseKey(keys.clientId);
const thingName = normaliseKey(keys.thingName);
const lastWillTopic = normaliseKey(keys.lastWillTopic);

/** The two may be one. */
export const isName = (key: string): boolean => key === clientId || key === thingName;

/**
 * Patterns that one value of the variable may have to match all at once: the stretches that lie opposite it in the patterns on the left,
 * and what conditions and the right to connect want of it. The client ID and the thing name may be one, so each takes the other's.
 */
export function poolOf(
  use: KeyUse,
  input: CandidateInput,
  patterns: readonly LeftPattern[],
): { stretches: Alternative[]; wanted: Alternative[] } {
  const names = isName(use.key) ? [clientId, thingName] : [use.key];
  const stretches = names.flatMap((key) =>
    stretchesFor(key, patterns).flatMap(({ items, of }) => plainGlob(items).map((glob) => ({ glob, of }))),
  );
  const tied = names.flatMap((key) => tiedStretches(key, input, patterns));
  const open = (list: readonly Alternative[]): Alternative[] => list.filter(({ glob }) => !isLoneStar(glob));
  return {
    stretches: open([...stretches, ...tied]),
    wanted: open([...wantedGlobs(use, input), ...clientGlobs(use.key, input)]),
  };
}

/** A key whose value must match a pattern with variables: the wanted value of a condition, or a pattern that the client ID must fit. */
interface Tie {
  readonly key: string;
  readonly items: Items;
  /** Letters are compared in either case. */
  readonly folded: boolean;
}

export function tiesOf(input: CandidateInput): Tie[] {
  const conditions = input.uses.flatMap(({ key, conditions: own }) =>
    own.flatMap(({ family, values }) =>
      values.map(({ items }): Tie => {
        const folded = family === 'stringFold' || family === 'bool';
        return { key, items: folded ? foldItems(items) : items, folded };
      }),
    ),
  );
  const clients = input.clientPatterns.map(({ items }): Tie => ({ key: clientId, items, folded: false }));
  return [...conditions, ...clients].filter(({ items }) => items.some((item) => typeof item === 'object'));
}

/** Every letter in either case, variables as they are. */
function foldItems(items: Items): Items {
  return items.map((item) => (typeof item === 'number' && item >= 0 ? FOLD - foldCase(item) : item));
}

/**
 * What a variable inside a tie must be where the tied key's own value is forced: with a client ID of `dev-${serial}` and a name that forces the
 * client ID to `dev-a*`, the serial must be `a*`.
 */
function tiedStretches(key: string, input: CandidateInput, patterns: readonly LeftPattern[]): Alternative[] {
  return tiesOf(input).flatMap((tie, number) =>
    tie.items.flatMap((item, index) => {
      if (typeof item === 'number' || item.key !== key || tie.key === key) return [];
      const use = input.uses.find((one) => one.key === tie.key);
      const own = [...(use === undefined ? [] : wantedGlobs(use, input)), ...clientGlobs(tie.key, input)];
      const names = isName(tie.key) ? [clientId, thingName] : [tie.key];
      const forced = names.flatMap((name) =>
        stretchesFor(name, patterns).flatMap(({ items, of }) => plainGlob(items).map((glob) => ({ glob, of }))),
      );
      return [...own, ...forced].flatMap(({ glob, of }) =>
        forcedStretches(tie.items, index, Array.from(glob))
          .flatMap(plainGlob)
          .map((stretch) => ({ glob: tie.folded ? foldGlob(stretch) : stretch, of: `tie ${number} ${index} ${of}` })),
      );
    }),
  );
}

export function plainGlob(items: Items): Glob[] {
  const plain = items.filter((item) => typeof item === 'number');
  return plain.length < items.length ? [] : [normalise(plain)];
}

/** A pattern that conditions want of a key, with variables still open. */
export interface Wanted {
  readonly template: Template;
  readonly condition: Condition;
}

/** The client ID and the thing name may be one, so each takes the other's conditions into account. */
export function wantedOf(use: KeyUse, input: CandidateInput): Wanted[] {
  const uses = isName(use.key) ? input.uses.filter((other) => isName(other.key)) : [use];
  return uses
    .flatMap((one) => one.conditions)
    .flatMap((condition) => condition.values.map((template) => ({ template, condition })));
}

/** The patterns for the key's value that a wanted pattern comes to, its variables filled in. */
export function asCompared(glob: Glob, { family, key }: Condition, options: DomainOptions): Glob[] {
  if (family === 'arn' && key === lastWillTopic) return bySegments(glob, options);
  return [family === 'stringFold' || family === 'bool' ? foldGlob(glob) : glob];
}

/** The wanted patterns without variables. */
export function wantedGlobs(use: KeyUse, input: CandidateInput): Alternative[] {
  const uses = isName(use.key) ? input.uses.filter((other) => isName(other.key)) : [use];
  return uses
    .flatMap((one) => one.conditions)
    .flatMap((condition, index) =>
      condition.values
        .flatMap(({ glob }) => (glob === undefined ? [] : asCompared(glob, condition, input.options)))
        .map((glob) => ({ glob, of: `condition ${index}` })),
    );
}

/** What an ARN operator leaves of a pattern for ARNs of this deployment: it compares segment by segment. */
function bySegments(glob: Glob, options: DomainOptions): Glob[] {
  const segments = arnSegments(glob);
  const fixed = arnPrefix(options);
  const own = fixed.split(':');
  const name = segments?.at(-1);
  if (segments === undefined || name === undefined) return [];
  if (!segments.slice(0, 5).every((segment, index) => matches(segment, own[index] ?? ''))) return [];
  return [Int32Array.from([...literalTokens(fixed), ...name])];
}

export function clientGlobs(key: string, input: CandidateInput): Alternative[] {
  if (!isName(key)) return [];
  return input.clientPatterns.flatMap(({ items, of }) =>
    plainGlob(items).map((glob) => ({ glob, of: `connect ${of}` })),
  );
}

interface Stretch {
  readonly items: Items;
  readonly of: string;
}

/**
 * Stretches of other statements' patterns that the variable can be forced to. Those for one place of the variable in one statement, laid
 * against one other statement, are alternatives.
 */
export function stretchesFor(key: string, patterns: readonly LeftPattern[]): Stretch[] {
  const out = new Map<string, Stretch>();
  for (const pattern of patterns) {
    let place = 0;
    for (const [index, item] of pattern.items.entries()) {
      if (typeof item === 'number' || item.key !== key) continue;
      place += 1;
      for (const other of patterns) {
        // A client ID and a topic are two names, and force nothing on each other by their patterns.
        if (other.of === pattern.of || isClientPattern(other) !== isClientPattern(pattern)) continue;
        const of = `${key} ${pattern.of} ${place} ${other.of}`;
        for (const items of forcedStretches(pattern.items, index, other.items))
          out.set(`${of} ${itemsKey(items)}`, { items, of });
      }
    }
  }
  return [...out.values()];
}
