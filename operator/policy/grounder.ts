import type { ResourceType } from './actions.ts';
import type { CompiledStatement, PolicySet } from './compile.ts';
import { unknownAtom } from './conditions.ts';
import { type ContextClass, contextAt, type Digits, weigh, weightsFor } from './context-class.ts';
import type { Glob } from './glob.ts';
import { type GroundStatement, groundStatement } from './ground.ts';
import { keys, normaliseKey } from './request.ts';
import { canConnect } from './witness.ts';

export interface Identified extends GroundStatement {
  /** Equal for statements that say the same. */
  readonly id: number;
}

/** Results by the number that the values which matter make up. */
interface Memo<Result> {
  readonly weights: Float64Array;
  readonly known: Map<number, Result>;
}

const clientId = normaliseKey(keys.clientId);

/** Grounds statements once for each combination of the values that they read; everything else is a look-up. */
export class Grounder {
  /** One statement may bear on two types of names (iot:* on topics and on filters), hence a table for each. */
  readonly #statements = new Map<
    ResourceType,
    Map<ContextClass, Map<CompiledStatement, Memo<Identified | undefined>>>
  >();
  readonly #connections = new Map<ContextClass, Map<PolicySet, Memo<boolean>>>();
  readonly #ids = new Map<string, number>();
  readonly #globs = new Map<string, Glob>();
  readonly #numbers = new Map<Glob, number>();

  ground(
    statement: CompiledStatement,
    where: { readonly set: PolicySet; readonly type: ResourceType },
    one: ContextClass,
    digits: Digits,
  ): Identified | undefined {
    let memos = this.#statements.get(where.type);
    if (memos === undefined) {
      memos = new Map();
      this.#statements.set(where.type, memos);
    }
    const memo = memoFor(memos, one, statement, () => keysOf(statement));
    const key = weigh(memo.weights, digits);
    if (memo.known.has(key)) return memo.known.get(key);
    const ground = groundStatement(where.set, statement, where.type, contextAt(one, digits));
    const identified = ground === undefined ? undefined : this.#intern(ground);
    memo.known.set(key, identified);
    return identified;
  }

  /** Whether the set lets the client of the context connect. */
  connects(set: PolicySet, one: ContextClass, digits: Digits): boolean {
    const memo = memoFor(this.#connections, one, set, () => [
      clientId,
      ...(set.byAction.get('iot:Connect') ?? []).flatMap(keysOf),
    ]);
    const key = weigh(memo.weights, digits);
    const known = memo.known.get(key) ?? canConnect(set, contextAt(one, digits).lookup);
    memo.known.set(key, known);
    return known;
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
    const key = glob.join();
    const known = this.#globs.get(key);
    if (known !== undefined) return known;
    this.#globs.set(key, glob);
    this.#numbers.set(glob, this.#numbers.size);
    return glob;
  }
}

function keysOf(statement: CompiledStatement): string[] {
  return [...statement.keys, ...statement.conditions.filter((one) => one.family === 'unknown').map(unknownAtom)];
}

function memoFor<Key, Result>(
  memos: Map<ContextClass, Map<Key, Memo<Result>>>,
  one: ContextClass,
  key: Key,
  relevant: () => readonly string[],
): Memo<Result> {
  let ofClass = memos.get(one);
  if (ofClass === undefined) {
    ofClass = new Map();
    memos.set(one, ofClass);
  }
  let memo = ofClass.get(key);
  if (memo === undefined) {
    memo = { weights: weightsFor(one, relevant()), known: new Map() };
    ofClass.set(key, memo);
  }
  return memo;
}
