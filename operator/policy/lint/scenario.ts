import type { ConditionEntry, PolicyDocument, Statement } from '../document.ts';
import { type Context, keys, normaliseKey } from '../request.ts';
import { hasOneValue, isKnownVariable, parseTemplate } from '../template.ts';
import { isValid, thingNames } from '../valid.ts';

export const clientIdKey = normaliseKey(keys.clientId);

/** A device as the checks imagine it, and a second one that must stay out of its reach. */
export interface Names {
  readonly own: string;
  readonly other: string;
  /** A longer name that begins with the first. */
  readonly longer: string;
}

const candidates = ['dev', 'thing', 'unit', 'node', 'asset', 'q7k'];

/** Names that no policy mentions, so that nothing found about them rests on a coincidence. */
export function freshNames(texts: readonly string[]): Names {
  const all = texts.join('\n');
  const stem = candidates.find((word) => !all.includes(`${word}1`) && !all.includes(`${word}2`)) ?? 'q7k-zz';
  return { own: `${stem}1`, other: `${stem}2`, longer: `${stem}10` };
}

/** Every text of the documents in which a name or a variable may stand. */
export function patternTexts(documents: readonly PolicyDocument[]): string[] {
  return documents.flatMap((document) =>
    document.statements.flatMap((statement) => [
      ...statement.resources.map((resource) => resource.text),
      ...statement.conditions.flatMap((entry) => entry.values.map((value) => value.text)),
    ]),
  );
}

/** Names of the variables of a text, as written, in order. */
export function variableNames(text: string): string[] {
  return parseTemplate(text, { variables: true, wildcards: true }).variables.map((variable) => variable.name);
}

const certificateValue = (key: string, device: string): string | undefined => {
  if (key === 'iot:certificateid') return `cert-${device}`;
  if (/^iot:certificate\.subject\.(commonname|serialnumber)/.test(key)) return device;
  return key.startsWith('iot:certificate.') ? 'Acme' : undefined;
};

/** A value for every variable that the documents use, as a connected device would have it. Thing keys only when `thing` is given. */
export function deviceContext(
  texts: readonly string[],
  device: { readonly clientId: string; readonly thing: string | undefined },
): Context {
  const context: Record<string, string> = { [keys.clientId]: device.clientId };
  if (device.thing !== undefined) context[keys.thingName] = device.thing;
  for (const name of new Set(texts.flatMap(variableNames))) {
    const key = normaliseKey(name);
    if (!isKnownVariable(key)) continue;
    const certificate = certificateValue(key, device.thing ?? device.clientId);
    if (certificate !== undefined) context[name] = certificate;
    if (device.thing === undefined) continue;
    if (key.startsWith('iot:connection.thing.attributes[')) context[name] = attributeValue(name);
    if (key === normaliseKey(keys.thingType)) context[name] = 'type1';
  }
  return context;
}

/** Thing attributes are properties of the device that others may share, so all imagined devices carry the same value. */
function attributeValue(name: string): string {
  const inner = name.slice(name.indexOf('['));
  return `${inner.replace(/[^a-zA-Z0-9]/g, '')}1`;
}

/**
 * The context with keys set so that the conditions of a statement hold, as far as one value for each can do it. What comes out
 * is a guess: every request built on it is evaluated before it is used.
 */
export function satisfy(statement: Statement, base: Context): Context {
  return statement.conditions.reduce((context, entry) => satisfyEntry(entry, context), base);
}

/** What is compared how, whether over lists and whether the key may be missing or not. */
function bareOperator({ operator }: ConditionEntry): string {
  return operator
    .toLowerCase()
    .replace(/^for(anyvalue|allvalues):/, '')
    .replace(/ifexists$/, '');
}

const nameKeys: ReadonlySet<string> = new Set([keys.thingName, keys.thingType].map(normaliseKey));

/** Whether a device can have the value: what no thing can be called, and no type, none has. */
function isPossible(key: string, value: string | readonly string[]): boolean {
  return !nameKeys.has(normaliseKey(key)) || (typeof value === 'string' && isValid(thingNames, value));
}

function satisfyEntry(entry: ConditionEntry, context: Context): Context {
  // IsAttached follows from the presence of a thing; a value of its own could contradict it.
  if (normaliseKey(entry.key) === normaliseKey(keys.isAttached)) return context;
  const bare = bareOperator(entry);
  const present = Object.keys(context).find((key) => normaliseKey(key) === normaliseKey(entry.key));
  if (bare === 'null') return nullEntry(entry, context, present);
  const identity = present === keys.clientId || present === keys.thingName;
  const sample = identity ? undefined : sampleValue(bare, entry, context);
  return sample === undefined || !isPossible(entry.key, sample)
    ? context
    : { ...context, [present ?? entry.key]: sample };
}

/**
 * The context with one key changed so that a condition of the statement fails, where one value can do it: a Deny that only holds
 * outside a network, say, must not be taken to hold everywhere. `undefined`: no condition could be made to fail.
 */
export function evade(statement: Statement, base: Context): Context | undefined {
  for (const entry of statement.conditions) {
    const present = Object.keys(base).find((key) => normaliseKey(key) === normaliseKey(entry.key));
    const identity = present === keys.clientId || present === keys.thingName;
    if (identity || normaliseKey(entry.key) === normaliseKey(keys.isAttached)) continue;
    const bare = bareOperator(entry);
    if (bare === 'null') continue;
    const negated = bare.includes('not');
    if (negated) {
      const sample = sampleOf(bare.replace('not', ''), filled(entry.values[0]?.text ?? '', base));
      if (isPossible(entry.key, sample)) return { ...base, [present ?? entry.key]: sample };
      continue;
    }
    if (present !== undefined) return without(base, present);
  }
  return undefined;
}

/** The context without the key, however it is written there. */
export function without(context: Context, name: string): Context {
  return Object.fromEntries(Object.entries(context).filter(([key]) => normaliseKey(key) !== normaliseKey(name)));
}

function nullEntry(entry: ConditionEntry, context: Context, present: string | undefined): Context {
  const absent = entry.values.some((value) => value.text.toLowerCase() === 'true');
  if (!absent) return present === undefined ? { ...context, [entry.key]: 'x' } : context;
  return without(context, entry.key);
}

function sampleValue(
  operator: string,
  entry: ConditionEntry,
  context: Context,
): string | readonly string[] | undefined {
  const first = entry.values[0]?.text;
  // Negated operators hold where the key is missing; ForAllValues too.
  if (first === undefined || operator.includes('not')) return undefined;
  if (entry.operator.toLowerCase().startsWith('forallvalues:')) return undefined;
  const text = filled(first, context);
  const value = sampleOf(operator, text);
  // What is a variable of AWS IoT has one value, whatever operator reads it.
  const isList = entry.operator.toLowerCase().startsWith('foranyvalue:') && !hasOneValue(normaliseKey(entry.key));
  return isList ? [value] : value;
}

function sampleOf(operator: string, text: string): string {
  if (operator === 'ipaddress') return text.split('/')[0]!;
  if (operator === 'numericlessthan') return String(Number(text) - 1);
  if (operator === 'numericgreaterthan') return String(Number(text) + 1);
  if (operator === 'datelessthan') return '1990-01-01T00:00:00Z';
  if (operator === 'dategreaterthan') return '2190-01-01T00:00:00Z';
  if (/^(stringlike|arnlike|arnequals)$/.test(operator)) return text.replace(/[*?]/g, 'x');
  return text;
}

/** The text with its variables filled in from the context; unresolved ones stay as they are. */
export function filled(text: string, context: Context): string {
  const values = new Map(Object.entries(context).map(([key, value]) => [normaliseKey(key), value]));
  return text.replace(/\$\{([^}]*)\}/g, (whole, inner: string) => {
    const value = values.get(normaliseKey(inner.trim()));
    return typeof value === 'string' ? value : /^[*?$]$/.test(inner) ? inner : whole;
  });
}
