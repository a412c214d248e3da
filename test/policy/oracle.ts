/**
 * A second evaluator of policies, written from the documented semantics alone and sharing no code with operator/policy: patterns become
 * regular expressions, contexts plain objects. Slow and simple; the differential tests take it as the truth.
 */

export type RawContext = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface RawStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export interface RawPolicy {
  readonly Version: string;
  readonly Statement: readonly RawStatement[];
}

const many = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : value;

const special = /[\\^$.*+?()[\]{}|/]/g;
const quote = (text: string): string => text.replace(special, '\\$&');

/** Undefined: a variable has no value. Values go in as plain text. */
function toRegExp(pattern: string, context: RawContext, wildcards: boolean, fold: boolean): RegExp | undefined {
  let source = '';
  let rest = pattern;
  while (rest !== '') {
    const variable = /^\$\{([^}]*)\}/.exec(rest);
    if (variable !== null) {
      const key = variable[1] ?? '';
      const value = key === '*' || key === '?' || key === '$' ? key : contextValue(context, key);
      if (typeof value !== 'string') return undefined;
      source += quote(value);
      rest = rest.slice(variable[0].length);
      continue;
    }
    const plain = /^(?:[^*?$]+|.)/su.exec(rest)?.[0] ?? '';
    source += wildcards && plain === '*' ? '.*' : wildcards && plain === '?' ? '.' : quote(plain);
    rest = rest.slice(plain.length);
  }
  return new RegExp(`^${source}$`, fold ? 'isu' : 'su');
}

function contextValue(context: RawContext, key: string): string | readonly string[] | undefined {
  const asWritten = context[key];
  if (asWritten !== undefined) return asWritten;
  const name = caseless(key);
  if (name === 'IOT:CONNECTION.THING.ISATTACHED')
    return context['iot:Connection.Thing.ThingName'] === undefined ? 'false' : 'true';
  for (const known in context) if (caseless(known) === name) return context[known];
  return undefined;
}

const caselessKeys = new Map<string, string>();

/** Letter case does not count in a key, except in the name of an attribute. */
function caseless(key: string): string {
  let known = caselessKeys.get(key);
  if (known === undefined) {
    const [name = '', ...attribute] = key.split(/(?=\[)/);
    known = [name.toUpperCase(), ...attribute].join('');
    caselessKeys.set(key, known);
  }
  return known;
}

const base: Readonly<Record<string, { negated: boolean; wildcards: boolean; fold: boolean }>> = {
  StringEquals: { negated: false, wildcards: false, fold: false },
  StringNotEquals: { negated: true, wildcards: false, fold: false },
  StringEqualsIgnoreCase: { negated: false, wildcards: false, fold: true },
  StringLike: { negated: false, wildcards: true, fold: false },
  StringNotLike: { negated: true, wildcards: true, fold: false },
  StringNotEqualsIgnoreCase: { negated: true, wildcards: false, fold: true },
  Bool: { negated: false, wildcards: false, fold: true },
};

/** A text without wildcards, its variables filled in; undefined where one has no value. */
function filledIn(pattern: string, context: RawContext): string | undefined {
  let isWhole = true;
  const text = pattern.replace(/\$\{([^}]*)\}/g, (_all, key: string) => {
    const value = /^[*?$]$/.test(key) ? key : contextValue(context, key);
    if (typeof value === 'string') return value;
    isWhole = false;
    return '';
  });
  return isWhole ? text : undefined;
}

type Meets = (value: string, pattern: string, context: RawContext) => boolean;

function textMeets({ wildcards, fold }: { wildcards: boolean; fold: boolean }, context: RawContext): Meets {
  return (value, pattern) => toRegExp(pattern, context, wildcards, fold)?.test(value) ?? false;
}

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  Equals: (a, b) => a === b,
  NotEquals: (a, b) => a === b,
  LessThan: (a, b) => a < b,
  LessThanEquals: (a, b) => a <= b,
  GreaterThan: (a, b) => a > b,
  GreaterThanEquals: (a, b) => a >= b,
};

const numberOf = (text: string): number =>
  /^[-+]?\.?\d[\d.]*(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
const writtenTime =
  /^(?<y>\d{4}|\+\d{6}|-(?!0{6})\d{6})-(?<m>\d\d)(?:-(?<d>\d\d)(?:T(?<hh>\d\d):(?<mm>\d\d)(?::(?<ss>\d\d)(?:\.(?<ms>\d{1,3})\d*)?)?(?:Z|(?<zh>[+-]\d\d):(?<zm>\d\d))?)?)?$/;

/** Milliseconds since 1970, counted by hand: `Date` takes dates that no calendar has for others. */
export function timeOf(text: string): number {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  const parts = writtenTime.exec(text)?.groups;
  if (parts === undefined) return Number.NaN;
  const part = (name: string, absent = 0): number => (parts[name] === undefined ? absent : Number(parts[name]));
  const [year, month, day] = [part('y'), part('m'), part('d', 1)];
  const lengths = monthLengths.map((length, index) => (index === 1 && isLeap(year) ? 29 : length));
  const exists = day >= 1 && day <= (lengths[month - 1] ?? 0);
  const [hour, minute, second, zoneMinute] = [part('hh'), part('mm'), part('ss'), part('zm')];
  const ticks = minute < 60 && second < 60 && (hour < 24 || (hour === 24 && minute + second + part('ms') === 0));
  if (!exists || !ticks || Math.abs(part('zh')) > 23 || zoneMinute > 59) return Number.NaN;
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const days = before * 365 + leapDays + lengths.slice(0, month - 1).reduce((sum, length) => sum + length, 0) + day - 1;
  const sign = parts.zh?.startsWith('-') ? -1 : 1;
  const minutes = (days - 719_162) * 1440 + hour * 60 + minute - part('zh') * 60 - sign * zoneMinute;
  return minutes * 60_000 + second * 1000 + Number((parts.ms ?? '').padEnd(3, '0'));
}

/** The bits of an address, behind the number of its family; undefined for other text. */
function bitsOf(text: string): string | undefined {
  const bytes = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (bytes !== undefined) return bytes.every((byte) => byte < 256) ? `4 ${written(bytes, 8)}` : undefined;
  const [head = '', tail, ...more] = text.split('::');
  const groups = (side: string): string[] => (side === '' ? [] : side.split(':'));
  const [front, behind] = [groups(head), groups(tail ?? '')];
  const missing = 8 - front.length - behind.length;
  const all = [...front, ...Array.from({ length: Math.max(missing, 0) }, () => '0'), ...behind];
  const isWhole = tail === undefined ? missing === 0 : missing > 0;
  if (more.length > 0 || !isWhole || !all.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined;
  return `6 ${written(
    all.map((group) => Number.parseInt(group, 16)),
    16,
  )}`;
}

const written = (numbers: readonly number[], width: number): string =>
  numbers.map((number) => number.toString(2).padStart(width, '0')).join('');

/** Operators that put values in an order; a value that has no place there meets nothing. */
function orderRule(name: string): { negated: boolean; places: Meets } | undefined {
  if (name === 'IpAddress' || name === 'NotIpAddress')
    return {
      negated: name === 'NotIpAddress',
      places(value, pattern, context) {
        const wanted = filledIn(pattern, context);
        const [head = '', length = '128'] = (wanted ?? '').split('/');
        const [block, one] = [bitsOf(head), bitsOf(value)];
        return block !== undefined && (one?.startsWith(block.slice(0, 2 + Number(length))) ?? false);
      },
    };
  const [, family, how = ''] = /^(Numeric|Date)(\w+)$/.exec(name) ?? [];
  const compares = comparisons[how];
  if (family === undefined || compares === undefined) return undefined;
  const read = family === 'Numeric' ? numberOf : timeOf;
  return {
    negated: how === 'NotEquals',
    places(value, pattern, context) {
      const wanted = filledIn(pattern, context);
      return wanted !== undefined && compares(read(value), read(wanted));
    },
  };
}

const spellings = new Map(
  [
    ...Object.keys(base),
    ...['IpAddress', 'NotIpAddress', 'ForAllValues', 'ForAnyValue'],
    ...['Numeric', 'Date'].flatMap((family) => Object.keys(comparisons).map((how) => family + how)),
  ].map((name) => [name.toUpperCase(), name]),
);
const spelled = (text: string): string => spellings.get(text.toUpperCase()) ?? text;

/** An operator taken apart, in the documented spelling. */
function nameOf(operator: string): { set: string | undefined; name: string; exists: string | undefined } {
  const [, set, name = '', exists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/i.exec(operator) ?? [];
  return { set: set === undefined ? undefined : spelled(set), name: spelled(name), exists };
}

function conditionHolds(operator: string, key: string, wanted: readonly string[], context: RawContext): boolean {
  const value = contextValue(context, key);
  if (/^Null$/i.test(operator)) return wanted.some((one) => (one === 'true') === (value === undefined));
  const { set, name, exists } = nameOf(operator);
  const rule = base[name] ?? orderRule(name);
  if (rule === undefined) throw new Error(`the oracle does not know ${operator}`);
  if (value === undefined) return exists !== undefined || set === 'ForAllValues' || (set === undefined && rule.negated);
  const isMet = 'places' in rule ? rule.places : textMeets(rule, context);
  const equals = (one: string): boolean => wanted.some((pattern) => isMet(one, pattern, context));
  const values = many(value);
  if (set === 'ForAllValues') return values.every((one) => equals(one) !== rule.negated);
  if (set === 'ForAnyValue') return values.some((one) => equals(one) !== rule.negated);
  // IAM leaves a plain operator on a list open: "none equals" is the opposite of "some equals" here.
  return values.some(equals) !== rule.negated;
}

function conditionsHold(statement: RawStatement, context: RawContext): boolean {
  return Object.entries(statement.Condition ?? {}).every(([operator, block]) =>
    Object.entries(block).every(([key, wanted]) => conditionHolds(operator, key, many(wanted), context)),
  );
}

const namedActions = new Map<string, RegExp | undefined>();

/** Whether the Action element of a statement takes in an action. */
function oracleNames(statement: RawStatement, action: string): boolean {
  return many(statement.Action).some((pattern) => {
    if (!namedActions.has(pattern)) namedActions.set(pattern, toRegExp(pattern, {}, true, true));
    return namedActions.get(pattern)?.test(action) ?? false;
  });
}

const resourcesOf = (statement: RawStatement): readonly string[] => many(statement.NotResource ?? statement.Resource);

/** Which of a fixed list of resources a pattern matches in a context: one bit each. */
type Bits = Uint32Array;

/** A pattern takes few different values over the contexts of one universe, and random policies repeat their patterns. */
const maxRemembered = 20_000;

/** Stands for every context where a pattern has no variable. */
const anywhere: RawContext = {};

/** Decides every resource of a list at once, in any of the contexts; each pattern is tried once for each context. */
export class Exhaustive {
  readonly #resources: readonly string[];
  readonly #known = new Map<RawContext, Map<string, Bits>>();

  constructor(resources: readonly string[]) {
    this.#resources = resources;
  }

  /** The resources that the policies allow for each action, by bit. */
  allowed(policies: readonly RawPolicy[], context: RawContext): (action: string) => Bits {
    const statements = policies
      .flatMap((policy) => policy.Statement)
      .filter((statement) => conditionsHold(statement, context))
      .map((statement) => ({ statement, bits: this.#matched(statement, context) }));
    return (action) => {
      const out = this.#none();
      const denied = this.#none();
      for (const { statement, bits } of statements) {
        if (!oracleNames(statement, action)) continue;
        const into = statement.Effect === 'Deny' ? denied : out;
        for (let i = 0; i < out.length; i += 1) into[i] = (into[i] ?? 0) | (bits[i] ?? 0);
      }
      for (let i = 0; i < out.length; i += 1) out[i] = (out[i] ?? 0) & ~(denied[i] ?? 0);
      return out;
    };
  }

  /** The resources for which the test holds. */
  where(test: (resource: string) => boolean): Bits {
    const out = this.#none();
    this.#resources.forEach((resource, index) => {
      if (test(resource)) out[index >>> 5] = (out[index >>> 5] ?? 0) | (1 << (index & 31));
    });
    return out;
  }

  /** A resource that is in the first set and not in the second. */
  firstIn(bits: Bits, without: Bits, within: Bits): string | undefined {
    for (let i = 0; i < bits.length; i += 1) {
      const word = (bits[i] ?? 0) & ~(without[i] ?? 0) & (within[i] ?? 0);
      if (word !== 0) return this.#resources[i * 32 + 31 - Math.clz32(word & -word)];
    }
    return undefined;
  }

  #none(): Bits {
    return new Uint32Array(Math.ceil(this.#resources.length / 32));
  }

  #matched(statement: RawStatement, context: RawContext): Bits {
    const out = this.#none();
    for (const pattern of resourcesOf(statement)) {
      const bits = this.#pattern(pattern, context);
      for (let i = 0; i < out.length; i += 1) out[i] = (out[i] ?? 0) | (bits[i] ?? 0);
    }
    if (statement.NotResource !== undefined) for (let i = 0; i < out.length; i += 1) out[i] = ~(out[i] ?? 0);
    return out;
  }

  #pattern(pattern: string, context: RawContext): Bits {
    const where = pattern.includes('${') ? context : anywhere;
    let ofContext = this.#known.get(where);
    if (ofContext === undefined || ofContext.size > maxRemembered) {
      ofContext = new Map();
      this.#known.set(where, ofContext);
    }
    const known = ofContext.get(pattern);
    if (known !== undefined) return known;
    const expression = toRegExp(pattern, context, true, false);
    const bits = expression === undefined ? this.#none() : this.where((resource) => expression.test(resource));
    ofContext.set(pattern, bits);
    return bits;
  }
}

/** The decision on one request. */
export function oracleAllows(
  policies: readonly RawPolicy[],
  request: { readonly action: string; readonly resource: string; readonly context: RawContext },
): boolean {
  return new Exhaustive([request.resource])
    .allowed(
      policies,
      request.context,
    )(request.action)
    .some((word) => (word & 1) === 1);
}

/** Whether the broker would take the request at all; `connect` ties the client ID to the resource. */
export function oracleAccepts(action: string, resource: string, context: RawContext, exclusive: boolean): boolean {
  const match = /^arn:aws:iot:us-east-1:123456789012:(topic|topicfilter|client|thing|rolealias)\/([^\0]+)$/s.exec(
    resource,
  );
  if (match === null) return false;
  const [, type, name = ''] = match;
  const client = String(context['iot:ClientId']);
  const thing = context['iot:Connection.Thing.ThingName'];
  if (thing !== undefined && !/^[a-zA-Z0-9:_-]{1,128}$/.test(String(thing))) return false;
  if (client.startsWith('$') || client === '' || (!exclusive && thing !== undefined && thing !== client)) return false;
  if (thing === undefined && Object.keys(context).some((key) => key.startsWith('iot:Connection.Thing.T'))) return false;
  if (action === 'iot:Connect') return type === 'client' && client === name;
  const slashes = name.replace(/^\$aws\/rules\/[^/]*\//, '').split('/').length - 1;
  if (type === 'topic') return !/[+#]/.test(name) && slashes <= 7;
  if (type === 'topicfilter')
    return /^(?:[^+#/]*|\+)(?:\/(?:[^+#/]*|\+))*(?:(?<=\/)#)?$|^#$/.test(name) && slashes <= 7;
  return true;
}

/** MQTT matching as AWS IoT does it: `a/#` without `a`, first-level wildcards without `$` topics. */
export function filterMatches(filter: string, topic: string): boolean {
  const pattern = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false;
  for (const [index, level] of pattern.entries()) {
    if (level === '#') return levels.length > index;
    if (index >= levels.length || (level !== '+' && level !== levels[index])) return false;
  }
  return pattern.length === levels.length;
}
