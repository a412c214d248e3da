import { ANY, type Glob, normalise, STAR } from './glob.ts';
import { keys, normaliseKey } from './request.ts';

/** A policy variable inside a pattern. */
export interface Variable {
  /** Normalised key, for comparison and look-up. */
  readonly key: string;
  /** As written between the braces. */
  readonly name: string;
  /** Text of `${key, 'default'}`; an IAM feature that AWS IoT does not document. */
  readonly fallback: string | undefined;
}

/** A pattern before substitution: tokens of glob.ts and variables, in order. */
export interface Template {
  readonly text: string;
  readonly items: readonly (number | Variable)[];
  readonly variables: readonly Variable[];
  /** The glob itself when there is no variable. */
  readonly glob: Glob | undefined;
  /** The plain text with which every match begins; what comes after it is `rest`. Lets the evaluator turn most requests away at once. */
  readonly prefix: string;
  readonly rest: { readonly items: readonly (number | Variable)[]; readonly glob: Glob | undefined };
}

export interface TemplateOptions {
  /** False in Version 2008-10-17, where `${…}` is plain text. */
  readonly variables: boolean;
  /** False for operators such as StringEquals, which take `*` and `?` as characters. */
  readonly wildcards: boolean;
}

/**
 * Reads a pattern. `${*}`, `${?}` and `${$}` are the characters themselves; an opening `${` without its brace is plain text.
 * Source: IAM user guide, "Policy variables", section on special characters.
 */
export function parseTemplate(text: string, options: TemplateOptions): Template {
  return templateOf(text, templateItems(text, options));
}

/** What a pattern consists of, for those who look at no more. */
export function templateItems(text: string, options: TemplateOptions): (number | Variable)[] {
  const items: (number | Variable)[] = [];
  let at = 0;
  while (at < text.length) {
    const close = options.variables && text.startsWith('${', at) ? text.indexOf('}', at) : -1;
    if (close >= 0) {
      const inner = text.slice(at + 2, close);
      if (inner === '*' || inner === '?' || inner === '$') items.push(inner.charCodeAt(0));
      else items.push(parseVariable(inner));
      at = close + 1;
      continue;
    }
    const code = text.codePointAt(at) ?? 0;
    at += code > 0xffff ? 2 : 1;
    items.push(!options.wildcards ? code : code === 42 ? STAR : code === 63 ? ANY : code);
  }
  return items;
}

/** A template out of items. */
export function templateOf(text: string, items: readonly (number | Variable)[]): Template {
  const variables = items.filter((item) => typeof item === 'object');
  const globOfItems = (list: readonly (number | Variable)[]): Glob | undefined =>
    variables.length === 0 ? normalise(list.filter((item) => typeof item === 'number')) : undefined;
  let plain = 0;
  let prefix = '';
  for (let item = items[0]; typeof item === 'number' && item >= 0; item = items[plain]) {
    prefix += String.fromCodePoint(item);
    plain += 1;
  }
  const rest = items.slice(plain);
  return { text, items, variables, glob: globOfItems(items), prefix, rest: { items: rest, glob: globOfItems(rest) } };
}

function parseVariable(inner: string): Variable {
  const match = /^\s*([^,]+?)\s*,\s*'([^']*)'\s*$/.exec(inner);
  const name = match?.[1] ?? inner.trim();
  return { key: normaliseKey(name), name, fallback: match?.[2] };
}

/** Gives the value of a normalised key, or undefined when it does not resolve. Lists never resolve as variables. */
export type Resolve = (key: string) => string | undefined;

/**
 * The pattern with the values filled in; undefined when a variable does not resolve, in which case the pattern matches nothing.
 * Values are plain characters unless `glob` is set (switch `substitutedWildcards`).
 */
export function substitute(
  template: Pick<Template, 'items' | 'glob'>,
  resolve: Resolve,
  valuesAreGlobs = false,
): Glob | undefined {
  if (template.glob !== undefined) return template.glob;
  const tokens: number[] = [];
  for (const item of template.items) {
    if (typeof item === 'number') {
      tokens.push(item);
      continue;
    }
    const value = resolve(item.key) ?? item.fallback;
    if (value === undefined) return undefined;
    for (const char of value) {
      const code = char.codePointAt(0) ?? 0;
      tokens.push(valuesAreGlobs && code === 42 ? STAR : valuesAreGlobs && code === 63 ? ANY : code);
    }
  }
  return normalise(tokens);
}

const certificateField =
  /^iot:certificate\.(?:issuer|subject)\.(?:distinguishednamequalifier|country|organization|organizationalunit|state|commonname|serialnumber|title|surname|givenname|initials|pseudonym|generationqualifier|alternativename\.(?:rfc822name|dnsname|directoryname|uniformresourceidentifier|ipaddress))(?:\.\d+)?$/;

const plainVariables: ReadonlySet<string> = new Set(
  [
    keys.clientId,
    keys.sourceIp,
    keys.thingName,
    keys.thingType,
    keys.isAttached,
    'iot:DomainName',
    'iot:CertificateId',
    'iot:Certificate.SerialNumber',
    'iot:Certificate.AvailableKeys',
    keys.topic,
    keys.lastWillTopic,
  ].map(normaliseKey),
);

/**
 * Whether AWS documents the variable (developer guide: basic, thing and X.509 certificate policy variables). Others never resolve,
 * except for IAM's own `aws:` keys, of which AWS IoT documents only the source address.
 */
export function isKnownVariable(key: string): boolean {
  return key.startsWith('aws:') || hasOneValue(key);
}

/** Whether the key is a variable of AWS IoT's own documentation: those describe the client, its thing or its certificate by one value each. */
export function hasOneValue(key: string): boolean {
  return (
    plainVariables.has(key) || certificateField.test(key) || /^iot:connection\.thing\.attributes\[[^\]]+\]$/.test(key)
  );
}
