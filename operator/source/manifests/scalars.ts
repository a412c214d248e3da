/** Plain words that are no strings, as kubectl's YAML reader has them. */
const WORDS = new Map<string, boolean | null | number>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word) => [word, Number.POSITIVE_INFINITY] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const MAX_UINT64 = 2n ** 64n - 1n;
const MIN_INT64 = -(2n ** 63n);

/**
 * What a plain (unquoted) scalar means to kubectl: YAML 1.1's words, octal with a leading 0 or 0o, underscores in
 * numbers, but neither sexagesimal numbers nor timestamps. Reading it any other way would let a manifest pass here
 * and mean something else in a cluster (`country: no` becomes false there).
 */
export function resolvePlain(text: string): string | number | boolean | null {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  const isDigitOrSign = (first >= 48 && first <= 57) || first === 43 || first === 45;
  if (isDigitOrSign) return resolveNumber(text);
  if (first === 46 && /^\.[0-9]+(?:[eE][-+]?[0-9]+)?$/.test(text)) return finite(Number(text), text);
  return text;
}

function resolveNumber(text: string): string | number {
  const plain = text.replaceAll('_', '');
  if (INTEGER.test(plain)) {
    const value = integer(plain);
    if (value >= MIN_INT64 && value <= MAX_UINT64) return Number(value);
  }
  return FLOAT.test(plain) ? finite(Number(plain), text) : text;
}

function integer(text: string): bigint {
  const negative = text.startsWith('-');
  const digits = /^[-+]/.test(text) ? text.slice(1) : text;
  const octal = /^0[oO]?([0-7]+)$/.exec(digits);
  const value = BigInt(octal ? `0o${octal[1]}` : digits.toLowerCase());
  return negative ? -value : value;
}

/** A number out of range is left as the text it was. */
function finite(value: number, text: string): number | string {
  return Number.isFinite(value) ? value : text;
}
