import type { ResourceType } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { unknownAtom } from './conditions.ts';
import { type ContextClass, contextAt, type Digits, weightsFor } from './context-class.ts';
import type { Glob } from './glob.ts';
import { type GroundStatement, groundStatement } from './ground.ts';
import type { Budget } from './inclusion.ts';
import { startsInFixedPart } from './patterns.ts';
import { keys, normaliseKey } from './request.ts';
import type { Template } from './template.ts';
import { canConnect } from './witness.ts';

export interface Identified extends GroundStatement {
  /** Equal for statements that say the same. */
  readonly id: number;
}

const clientId = normaliseKey(keys.clientId);

/** A statement within one class of contexts. */
export interface GroundReader {
  /** Choices, by index, whose values the statement reads. */
  readonly reads: readonly number[];
  /** What it says under these values; undefined when it does not apply. */
  readonly at: (digits: Digits) => Identified | undefined;
}

/** Whether a set lets the client of the context connect, within one class of contexts. */
export interface ConnectReader {
  readonly reads: readonly number[];
  readonly at: (digits: Digits) => boolean;
}

export interface GroundPlace {
  readonly set: PolicySet;
  readonly type: ResourceType;
  readonly one: ContextClass;
}

/** Grounds statements once for each combination of the values that they read; everything else is a look-up. */
export class Grounder {
  readonly #budget: Budget;
  readonly #readers = new Map<string, Map<CompiledStatement, GroundReader>>();
  readonly #connections = new Map<ContextClass, Map<PolicySet, ConnectReader>>();
  readonly #classes = new Map<ContextClass, number>();
  readonly #ids = new Map<string, number>();
  readonly #globs = new Map<string, Glob>();
  readonly #numbers = new Map<Glob, number>();

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** One statement may bear on two types of names (iot:* on topics and on filters), hence a reader for each. */
  reader(statement: CompiledStatement, { set, type, one }: GroundPlace): GroundReader {
    const number = this.#classes.get(one) ?? this.#classes.size;
    this.#classes.set(one, number);
    const readers = entry(this.#readers, `${number} ${type}`, () => new Map<CompiledStatement, GroundReader>());
    return entry(readers, statement, () => {
      const cost = costOf(statement, { set, type, one });
      return remembering(one, keysOf(statement), (digits) => {
        this.#budget.left -= cost;
        const ground = groundStatement(set, statement, type, contextAt(one, digits));
        if (ground === undefined) return undefined;
        this.#budget.left -= globsOf(ground);
        return this.#intern(ground);
      });
    });
  }

  /** `statements`: those of the set's Connect statements that can match any client at all. */
  connects(set: PolicySet, statements: readonly CompiledStatement[], one: ContextClass): ConnectReader {
    const readers = entry(this.#connections, one, () => new Map<PolicySet, ConnectReader>());
    return entry(readers, set, () => {
      const wanted = [clientId, ...statements.flatMap(keysOf)];
      return remembering(one, wanted, (digits) => canConnect(set, contextAt(one, digits).lookup));
    });
  }

  /** Equal globs become one object, so that later steps compare by identity. */
  #intern({ statement, conjuncts }: GroundStatement): Identified {
    const interned = conjuncts.map(({ globs, negated }) => ({ globs: globs.map((glob) => this.#glob(glob)), negated }));
    const parts = interned.map(
      ({ globs, negated }) => `${negated}${globs.map((glob) => this.#numbers.get(glob)).join(',')}`,
    );
    const text = `${statement.effect}${parts.join('&')}`;
    const id = this.#ids.get(text) ?? this.#ids.size;
    this.#ids.set(text, id);
    return { statement, conjuncts: interned, id };
  }

  #glob(glob: Glob): Glob {
    let key = '';
    for (const token of glob) key += String.fromCharCode(token & 0xffff, token >>> 16);
    const known = this.#globs.get(key);
    if (known !== undefined) return known;
    this.#globs.set(key, glob);
    this.#numbers.set(glob, this.#numbers.size);
    return glob;
  }
}

/**
 * What it takes to fill in a statement, in nodes of a search: most where a condition looks for the name in the value of another key, or a
 * resource for the name in the fixed part of the ARN.
 */
function costOf({ conditions, resources }: CompiledStatement, { set, type, one }: GroundPlace): number {
  if (one.self.size === 0) return 1;
  const readsName = ({ variables }: Template): boolean => variables.some(({ key }) => one.self.has(key));
  const values = conditions.flatMap((condition) => condition.values);
  const starts = resources.filter(readsName).reduce((sum, template) => sum + startsInFixedPart(set, template, type), 0);
  return 1 + values.filter(readsName).length * 8 + starts * namesAtStart;
}

/** Each start stands for as many names as a name has letters, of which each takes longer than a step of a search. */
const namesAtStart = 512;

function globsOf({ conjuncts }: GroundStatement): number {
  return conjuncts.reduce((sum, { globs }) => sum + globs.length, 0);
}

function keysOf(statement: CompiledStatement): string[] {
  return [...statement.keys, ...statement.conditions.filter((one) => one.family === 'unknown').map(unknownAtom)];
}

/** Works out the result once for each combination of the values of the given keys. */
function remembering<Result>(
  one: ContextClass,
  wanted: readonly string[],
  resultAt: (digits: Digits) => Result,
): { readonly reads: readonly number[]; readonly at: (digits: Digits) => Result } {
  const { reads, weights } = weightsFor(one, wanted);
  const known = new Map<number, { readonly result: Result }>();
  const at = (digits: Digits): Result => {
    let number = 0;
    for (let i = 0; i < reads.length; i += 1) number += (weights[i] ?? 0) * (digits[reads[i] ?? 0] ?? 0);
    return entry(known, number, () => ({ result: resultAt(digits) })).result;
  };
  return { reads, at };
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
