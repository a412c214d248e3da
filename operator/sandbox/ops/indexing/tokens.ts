import { awsError } from '../../errors.ts';

export type Token =
  | { readonly kind: 'symbol'; readonly text: string }
  | { readonly kind: 'word'; readonly text: string; readonly quoted: boolean };

/** Stand in a word's text for an unescaped `*` and `?`. */
export const MANY = '\uE000';
export const ONE = '\uE001';

const SYMBOLS = ['>=', '<=', '>', '<', '(', ')', '[', ']', '{', '}', ':'];
const KEYWORDS = ['AND', 'OR', 'NOT', 'TO'];

/** Cuts a query into words and symbols; `\` makes the next character an ordinary one. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const rest = text.slice(at, at + 2);
    const symbol = SYMBOLS.find((s) => rest.startsWith(s));
    if (/\s/.test(rest.charAt(0))) at++;
    else if (symbol !== undefined) {
      tokens.push({ kind: 'symbol', text: symbol });
      at += symbol.length;
    } else if (rest.startsWith('-') && /\S/.test(rest.charAt(1)) && startsAfresh(tokens)) {
      tokens.push({ kind: 'symbol', text: '-' });
      at++;
    } else {
      const { token, end } = rest.startsWith('"') ? quotedAt(text, at) : wordAt(text, at);
      tokens.push(token);
      at = end;
    }
  }
  return tokens;
}

/** After a colon or a comparison a minus belongs to a number. */
function startsAfresh(tokens: readonly Token[]): boolean {
  const last = tokens.at(-1);
  return !(last?.kind === 'symbol' && [':', '>', '<', '>=', '<=', '[', '{', 'TO'].includes(last.text));
}

function quotedAt(text: string, start: number): { token: Token; end: number } {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const c = text.charAt(at);
    if (c === '"') return { token: { kind: 'word', text: value, quoted: true }, end: at + 1 };
    if (c === '\\') at++;
    value += text.charAt(at);
  }
  throw awsError('InvalidQueryException', 'The query has a quote that does not end');
}

function wordAt(text: string, start: number): { token: Token; end: number } {
  let value = '';
  let escaped = false;
  let at = start;
  for (; at < text.length; at++) {
    const c = text.charAt(at);
    if (/[\s()[\]{}:<>"]/.test(c)) break;
    if (c === '\\') {
      at++;
      escaped = true;
      value += text.charAt(at);
    } else value += c === '*' ? MANY : c === '?' ? ONE : c;
  }
  if (KEYWORDS.includes(value) && !escaped) return { token: { kind: 'symbol', text: value }, end: at };
  return { token: { kind: 'word', text: value, quoted: false }, end: at };
}
