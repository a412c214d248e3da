import { awsError } from '../../errors.ts';
import { MANY, ONE, type Token, tokenize } from './tokens.ts';

export type Value =
  | { readonly kind: 'word'; readonly text: string }
  | {
      readonly kind: 'range';
      readonly low: Bound | undefined;
      readonly high: Bound | undefined;
    };

export interface Bound {
  readonly text: string;
  readonly open: boolean;
}

export type Query =
  | { readonly kind: 'all' }
  | { readonly kind: 'term'; readonly field: string | undefined; readonly value: Value }
  | { readonly kind: 'not'; readonly of: Query }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Query[] };

export interface ParsedQuery {
  readonly query: Query;
  readonly terms: number;
}

const MAX_DEPTH = 50;

export const invalidQuery = (message: string) => awsError('InvalidQueryException', message);

/**
 * Reads a query of version 2017-09-30 (query-syntax): terms joined by AND (also by nothing) and OR, NOT and `-`, groups,
 * `field:value`, ranges, comparisons, prefixes. A leading wildcard is refused, as AWS does.
 */
export function parseQuery(text: string): ParsedQuery {
  const reader = new Reader(tokenize(text));
  const query = reader.either(undefined, 0);
  if (reader.peek()) throw invalidQuery(`The query has an unexpected ${reader.peek()?.text ?? ''}`);
  return { query, terms: reader.terms };
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;
  terms = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  either(field: string | undefined, depth: number): Query {
    if (depth > MAX_DEPTH) throw invalidQuery('The query is nested too deeply');
    const of = [this.#both(field, depth)];
    while (this.#take('OR')) of.push(this.#both(field, depth));
    return of.length === 1 && of[0] ? of[0] : { kind: 'or', of };
  }

  #both(field: string | undefined, depth: number): Query {
    const of = [this.#one(field, depth)];
    while (this.#take('AND') || this.#startsTerm()) of.push(this.#one(field, depth));
    return of.length === 1 && of[0] ? of[0] : { kind: 'and', of };
  }

  #startsTerm(): boolean {
    const token = this.peek();
    return token !== undefined && !(token.kind === 'symbol' && ['OR', ')', ']', '}', 'TO'].includes(token.text));
  }

  #one(field: string | undefined, depth: number): Query {
    if (this.#take('NOT') || this.#take('-')) return { kind: 'not', of: this.#one(field, depth + 1) };
    if (this.#take('(')) {
      const inner = this.either(field, depth + 1);
      this.#expect(')');
      return inner;
    }
    return this.#term(field, depth);
  }

  #term(outer: string | undefined, depth: number): Query {
    const comparison = this.#comparison();
    if (comparison) return this.#counted(outer, comparison);
    if (outer !== undefined && this.#isRange()) return this.#counted(outer, this.#range());
    const word = this.#word();
    if (outer === undefined && !word.quoted) {
      if (this.#take(':')) {
        if (this.#take('(')) {
          const inner = this.either(word.text, depth + 1);
          this.#expect(')');
          return inner;
        }
        return this.#term(word.text, depth + 1);
      }
      const compared = this.#comparison();
      if (compared) return this.#counted(word.text, compared);
      if (word.text === MANY) {
        this.terms++;
        return { kind: 'all' };
      }
    }
    return this.#counted(outer, wordValue(word));
  }

  #counted(field: string | undefined, value: Value): Query {
    this.terms++;
    return { kind: 'term', field, value };
  }

  #comparison(): Value | undefined {
    for (const sign of ['>=', '<=', '>', '<']) {
      if (!this.#take(sign)) continue;
      const bound = { text: this.#word().text, open: !sign.endsWith('=') };
      return sign.startsWith('>')
        ? { kind: 'range', low: bound, high: undefined }
        : { kind: 'range', low: undefined, high: bound };
    }
    return undefined;
  }

  #isRange(): boolean {
    const token = this.peek();
    return token?.kind === 'symbol' && (token.text === '[' || token.text === '{');
  }

  #range(): Value {
    const low = this.#take('{');
    if (!low) this.#expect('[');
    const from = this.#word().text;
    this.#expect('TO');
    const to = this.#word().text;
    const high = this.#take('}');
    if (!high) this.#expect(']');
    const bound = (text: string, open: boolean) => (text === MANY ? undefined : { text, open });
    return { kind: 'range', low: bound(from, low), high: bound(to, high) };
  }

  #word(): Token & { readonly kind: 'word' } {
    const token = this.peek();
    if (token?.kind !== 'word')
      throw invalidQuery(`The query needs a term${token ? ` before ${token.text}` : ' at its end'}`);
    this.#at++;
    return token;
  }

  #take(symbol: string): boolean {
    const token = this.peek();
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) throw invalidQuery(`The query lacks a ${symbol}`);
  }
}

/** Wildcards in one term (fleet indexing quotas). */
const MAX_MANY = 2;
const MAX_ONE = 5;

function wordValue({ text, quoted }: Token & { readonly kind: 'word' }): Value {
  const startsWild = text.startsWith(MANY) || text.startsWith(ONE);
  if (!quoted && startsWild && text !== MANY) throw invalidQuery('A term must not begin with a wildcard');
  const count = (wildcard: string) => text.split(wildcard).length - 1;
  if (count(MANY) > MAX_MANY || count(ONE) > MAX_ONE) {
    throw invalidQuery(`A term can have at most ${MAX_MANY} * and ${MAX_ONE} ?`);
  }
  return { kind: 'word', text };
}
