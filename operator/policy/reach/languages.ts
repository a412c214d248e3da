import { type ActionInfo, arnTypePrefix } from '../actions.ts';
import type { Effect, StatementRef } from '../document.ts';
import type { Glob } from '../glob.ts';
import { arnPrefix, type PolicyOptions } from '../options.ts';
import { type Alphabet, alphabetOf, type SearchBudget, spend } from './alphabet.ts';
import { globMachine } from './globs.ts';
import { behindPrefix, type GroundStatement } from './ground.ts';
import { combine, everything, type Machine, nothing } from './machine.ts';
import { validNames } from './validity.ts';

/** The same with patterns cut behind `arn:…:<type>/`, so that words are topics, filters or names. */
interface CutStatement {
  readonly ref: StatementRef;
  readonly effect: Effect;
  readonly mode: 'Resource' | 'NotResource';
  readonly globs: readonly { readonly resource: number; readonly rest: readonly Glob[] }[];
}

/** What one action allows in one context, as languages over what follows `arn:…:<type>/`. */
export interface ActionLanguage {
  readonly action: string;
  /** `arn:…:<type>/`: a word with this in front is the resource of a request. */
  readonly prefix: string;
  /** Words the broker takes at all. */
  readonly valid: Machine;
  /** Union of the Deny statements. */
  readonly denied: Machine;
  /** Valid words that are allowed and not denied. */
  readonly allowed: Machine;
  /** Valid words that one Allow or Deny statement names, or some resources of it. */
  part(ref: StatementRef, resources?: number | readonly number[]): Machine;
  /** The patterns that a resource contributes here, whether valid words match them or not. */
  patterns(ref: StatementRef, resource?: number): readonly Glob[];
  /** Equal for languages that come from the same patterns, whatever the statements around them. */
  readonly key: string;
  /** The letters with which allowed words can begin: for each pattern, its text up to the first wildcard. */
  readonly heads: readonly Glob[];
  /** Statements with this effect that have a say here. */
  refs(effect: Effect): readonly StatementRef[];
}

/** All actions in one context share one alphabet, so that their languages can be combined. */
export interface ContextLanguages {
  readonly alphabet: Alphabet;
  language(action: ActionInfo): ActionLanguage;
}

export interface LanguageSource {
  readonly options: PolicyOptions;
  readonly actions: readonly ActionInfo[];
  ground(action: ActionInfo): readonly GroundStatement[];
  /** Further texts whose letters the searches will use. */
  readonly letters: readonly string[];
  /** Shared by all searches of one analysis. Default: unlimited, each search has its own bound. */
  readonly budget?: SearchBudget;
  /** An alphabet to share with other contexts; it must hold every letter of the patterns. Default: one of this context's own. */
  readonly alphabet?: Alphabet;
}

function cutStatement(statement: GroundStatement, prefix: string, options: PolicyOptions): CutStatement {
  const globs = statement.resources.map(({ resource, glob }) => ({
    resource,
    rest: behindPrefix(glob, prefix, options),
  }));
  return { ref: statement.ref, effect: statement.effect, mode: statement.mode, globs };
}

/** The resource prefix of an action, or `undefined` for actions that are checked against `*` alone. */
export function resourcePrefix(action: ActionInfo, options: PolicyOptions): string | undefined {
  const type = arnTypePrefix(action.resource);
  return type === undefined ? undefined : arnPrefix(options) + type;
}

/** Languages of the actions of `source`, made when first asked for. */
export function contextLanguages(source: LanguageSource): ContextLanguages {
  const budget = source.alphabet?.budget ?? source.budget ?? { left: Number.POSITIVE_INFINITY };
  const cuts = new Map<string, readonly CutStatement[]>();
  const cutsFor = (action: ActionInfo): readonly CutStatement[] => {
    let list = cuts.get(action.name);
    if (list === undefined) {
      const prefix = resourcePrefix(action, source.options);
      list =
        prefix === undefined
          ? []
          : source.ground(action).map((statement) => cutStatement(statement, prefix, source.options));
      spend(
        budget,
        list.reduce((sum, { globs }) => sum + globs.length, 1),
      );
      cuts.set(action.name, list);
    }
    return list;
  };
  const patterns = (): Glob[] =>
    source.actions.flatMap(cutsFor).flatMap((cut) => cut.globs.flatMap((glob) => glob.rest));
  const alphabet = source.alphabet ?? alphabetOf(patterns(), source.letters, budget);
  const made = new Map<string, ActionLanguage>();
  return {
    alphabet,
    language(action) {
      const known = made.get(action.name);
      if (known !== undefined) return known;
      const language = actionLanguage(action, cutsFor(action), alphabet, source.options);
      made.set(action.name, language);
      return language;
    },
  };
}

/** Patterns for one kind of name: all of them are machines over one alphabet, and bounded alike. */
type Compile = (globs: readonly Glob[]) => Machine;

function statementMachine(
  cut: CutStatement,
  compile: Compile,
  alphabet: Alphabet,
  resources?: number | readonly number[],
): Machine {
  const wanted = resources === undefined ? undefined : new Set(typeof resources === 'number' ? [resources] : resources);
  const chosen = wanted === undefined ? cut.globs : cut.globs.filter((glob) => wanted.has(glob.resource));
  const named = compile(chosen.flatMap((glob) => glob.rest));
  return cut.mode === 'Resource' ? named : combine(alphabet, 'minus', [everything, named]);
}

function union(cuts: readonly CutStatement[], effect: Effect, compile: Compile, alphabet: Alphabet): Machine {
  const mine = cuts.filter((cut) => cut.effect === effect);
  const plain = mine.filter((cut) => cut.mode === 'Resource').flatMap((cut) => cut.globs.flatMap((glob) => glob.rest));
  const rest = mine.filter((cut) => cut.mode === 'NotResource').map((cut) => statementMachine(cut, compile, alphabet));
  return combine(alphabet, 'or', [compile(plain), ...rest]);
}

function keyOf(cuts: readonly CutStatement[]): string {
  const words = cuts
    .filter((cut) => cut.mode === 'NotResource' || cut.globs.some((glob) => glob.rest.length > 0))
    .map(
      (cut) =>
        `${cut.effect[0]}${cut.mode[0]}${cut.globs
          .flatMap((glob) => glob.rest.map((rest) => rest.join()))
          .sort()
          .join(';')}`,
    );
  return [...new Set(words)].sort().join('|');
}

function headsOf(cuts: readonly CutStatement[]): readonly Glob[] {
  const allows = cuts.filter((cut) => cut.effect === 'Allow');
  if (allows.some((cut) => cut.mode === 'NotResource')) return [new Int32Array(0)];
  return allows.flatMap((cut) =>
    cut.globs.flatMap((glob) =>
      glob.rest.map((rest) => {
        const end = rest.findIndex((token) => token < 0);
        return end < 0 ? rest : rest.subarray(0, end);
      }),
    ),
  );
}

function cutOf(cuts: readonly CutStatement[], ref: StatementRef): CutStatement | undefined {
  return cuts.find((cut) => cut.ref.document === ref.document && cut.ref.statement === ref.statement);
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function actionLanguage(
  action: ActionInfo,
  cuts: readonly CutStatement[],
  alphabet: Alphabet,
  options: PolicyOptions,
): ActionLanguage {
  const valid = validNames(action.resource, alphabet, options.maxSlashes);
  const compile: Compile = (globs) => globMachine(globs, alphabet, valid.maxBytes);
  // Machines are dear, and many languages are only asked for their patterns.
  const denied = once(() => union(cuts, 'Deny', compile, alphabet));
  const allowed = once(() => {
    const granted = combine(alphabet, 'and', [union(cuts, 'Allow', compile, alphabet), valid]);
    return combine(alphabet, 'minus', [granted, denied()]);
  });
  return {
    action: action.name,
    prefix: resourcePrefix(action, options) ?? '',
    valid,
    get denied() {
      return denied();
    },
    key: keyOf(cuts),
    heads: headsOf(cuts),
    get allowed() {
      return allowed();
    },
    part(ref, resources) {
      const cut = cutOf(cuts, ref);
      return cut === undefined
        ? nothing
        : combine(alphabet, 'and', [statementMachine(cut, compile, alphabet, resources), valid]);
    },
    patterns: (ref, resource) =>
      (cutOf(cuts, ref)?.globs ?? [])
        .filter((g) => resource === undefined || g.resource === resource)
        .flatMap((g) => g.rest),
    refs: (effect) => cuts.filter((cut) => cut.effect === effect).map((cut) => cut.ref),
  };
}
