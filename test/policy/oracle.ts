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
  if (key === 'iot:Connection.Thing.IsAttached')
    return context['iot:Connection.Thing.ThingName'] === undefined ? 'false' : 'true';
  return context[key];
}

const base: Readonly<Record<string, { negated: boolean; wildcards: boolean; fold: boolean }>> = {
  StringEquals: { negated: false, wildcards: false, fold: false },
  StringNotEquals: { negated: true, wildcards: false, fold: false },
  StringEqualsIgnoreCase: { negated: false, wildcards: false, fold: true },
  StringLike: { negated: false, wildcards: true, fold: false },
  StringNotLike: { negated: true, wildcards: true, fold: false },
  Bool: { negated: false, wildcards: false, fold: true },
};

function conditionHolds(operator: string, key: string, wanted: readonly string[], context: RawContext): boolean {
  const value = contextValue(context, key);
  if (operator === 'Null') return wanted.some((one) => (one === 'true') === (value === undefined));
  const [, set, name = '', exists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const rule = base[name];
  if (rule === undefined) throw new Error(`the oracle does not know ${operator}`);
  if (value === undefined) return exists !== undefined || set === 'ForAllValues' || (set === undefined && rule.negated);
  const meets = (one: string): boolean =>
    wanted.some((pattern) => toRegExp(pattern, context, rule.wildcards, rule.fold)?.test(one) ?? false) !==
    rule.negated;
  const values = many(value);
  if (set === 'ForAllValues') return values.every(meets);
  return values.some(meets);
}

interface Ready {
  readonly deny: boolean;
  readonly actions: readonly RegExp[];
  readonly negated: boolean;
  readonly resources: readonly RegExp[];
}

function ready(statement: RawStatement, context: RawContext): Ready | undefined {
  for (const [operator, block] of Object.entries(statement.Condition ?? {}))
    for (const [key, wanted] of Object.entries(block))
      if (!conditionHolds(operator, key, many(wanted), context)) return undefined;
  const expressions = (patterns: readonly string[], fold: boolean, values: RawContext): RegExp[] =>
    patterns.flatMap((pattern) => toRegExp(pattern, values, true, fold) ?? []);
  return {
    deny: statement.Effect === 'Deny',
    actions: expressions(many(statement.Action), true, {}),
    negated: statement.NotResource !== undefined,
    resources: expressions(many(statement.NotResource ?? statement.Resource), false, context),
  };
}

/** The decisions of the policies in one context. */
export function oracleFor(
  policies: readonly RawPolicy[],
  context: RawContext,
): (action: string, resource: string) => boolean {
  const statements = policies.flatMap((policy) =>
    policy.Statement.flatMap((statement) => ready(statement, context) ?? []),
  );
  const byAction = new Map<string, Ready[]>();
  return (action, resource) => {
    let concerned = byAction.get(action);
    if (concerned === undefined) {
      concerned = statements.filter((statement) => statement.actions.some((pattern) => pattern.test(action)));
      byAction.set(action, concerned);
    }
    let allowed = false;
    for (const { deny, negated, resources } of concerned) {
      if (resources.some((pattern) => pattern.test(resource)) === negated) continue;
      if (deny) return false;
      allowed = true;
    }
    return allowed;
  };
}

export function oracleAllows(
  policies: readonly RawPolicy[],
  request: { readonly action: string; readonly resource: string; readonly context: RawContext },
): boolean {
  return oracleFor(policies, request.context)(request.action, request.resource);
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
