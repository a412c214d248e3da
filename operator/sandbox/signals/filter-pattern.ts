/** A CloudWatch Logs filter pattern, as far as it is understood here. */
export type FilterPattern = (message: string, fields: Readonly<Record<string, unknown>>) => boolean;

type Token = { readonly kind: 'word'; readonly text: string } | { readonly kind: 'symbol'; readonly text: string };

/**
 * Understands what selects log entries by their fields, `{ $.status = "Failure" && ($.clientId = "a" || $.clientId = "b*") }`
 * with `=` and `!=`, and plain terms that all have to occur. Undefined for anything else: better refused than matched
 * differently from AWS.
 */
export function parsePattern(text: string): FilterPattern | undefined {
  const pattern = text.trim();
  if (pattern === '') return () => true;
  if (!pattern.startsWith('{')) return parseTerms(pattern);
  if (!pattern.endsWith('}')) return undefined;
  const tokens = tokenize(pattern.slice(1, -1));
  if (!tokens) return undefined;
  const reader = new PatternReader(tokens);
  const parsed = reader.either();
  return parsed && reader.atEnd ? parsed : undefined;
}

function parseTerms(pattern: string): FilterPattern | undefined {
  const terms = pattern.match(/"[^"]*"|\S+/g) ?? [];
  if (terms.some((t) => !t.startsWith('"') && /[^A-Za-z0-9_]/.test(t))) return undefined;
  const wanted = terms.map((t) => t.replace(/^"|"$/g, ''));
  return (message) => wanted.every((term) => message.includes(term));
}

function tokenize(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const pattern = /\s*(?:(&&|\|\||!=|=|\(|\))|"([^"]*)"|([^\s()=!&|"]+))/gy;
  let at = 0;
  while (at < text.trimEnd().length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) return undefined;
    at = pattern.lastIndex;
    if (match[1] !== undefined) tokens.push({ kind: 'symbol', text: match[1] });
    else tokens.push({ kind: 'word', text: match[2] ?? match[3] ?? '' });
  }
  return tokens;
}

class PatternReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  either(): FilterPattern | undefined {
    return this.#joined(
      '||',
      () => this.#both(),
      (parts) => (message, fields) => parts.some((p) => p(message, fields)),
    );
  }

  #both(): FilterPattern | undefined {
    return this.#joined(
      '&&',
      () => this.#one(),
      (parts) => (message, fields) => parts.every((p) => p(message, fields)),
    );
  }

  #joined(
    symbol: string,
    part: () => FilterPattern | undefined,
    join: (parts: readonly FilterPattern[]) => FilterPattern,
  ): FilterPattern | undefined {
    const parts: FilterPattern[] = [];
    do {
      const parsed = part();
      if (!parsed) return undefined;
      parts.push(parsed);
    } while (this.#accept(symbol));
    return join(parts);
  }

  #one(): FilterPattern | undefined {
    if (this.#accept('(')) {
      const inner = this.either();
      return inner && this.#accept(')') ? inner : undefined;
    }
    const path = this.#word();
    const equal = this.#accept('=') ? true : this.#accept('!=') ? false : undefined;
    const value = this.#word();
    if (equal === undefined || value === undefined || !path?.startsWith('$.')) return undefined;
    const name = path.slice(2);
    const glob = new RegExp(`^${value.split('*').map(escapeText).join('.*')}$`, 's');
    return (_message, fields) => Object.hasOwn(fields, name) && glob.test(String(fields[name])) === equal;
  }

  #accept(symbol: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #word(): string | undefined {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word') return undefined;
    this.#at++;
    return token.text;
  }
}

const escapeText = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
