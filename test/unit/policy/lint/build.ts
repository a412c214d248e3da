import { type PolicyDocument, parsePolicyValue } from '../../../../operator/policy/index.ts';

export const arn = 'arn:aws:iot:us-east-1:123456789012:';
export const thing = '${iot:Connection.Thing.ThingName}';

type Condition = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);

function statement(
  effect: string,
  action: string | readonly string[],
  resource: string | readonly string[],
  condition?: Condition,
) {
  const full = list(resource).map((text) => (text === '*' || text.startsWith('arn:') ? text : arn + text));
  const actions = list(action).map((text) => (text.includes(':') || text === '*' ? text : `iot:${text}`));
  return { Effect: effect, Action: actions, Resource: full, ...(condition !== undefined && { Condition: condition }) };
}

/** `allow('Publish', 'topic/a')`: prefixes of actions and ARNs are filled in. */
export const allow = (
  action: string | readonly string[],
  resource: string | readonly string[],
  condition?: Condition,
) => statement('Allow', action, resource, condition);
export const deny = (action: string | readonly string[], resource: string | readonly string[], condition?: Condition) =>
  statement('Deny', action, resource, condition);

/** The Connect that every device policy should have. */
export const bound = allow('Connect', `client/${thing}`, { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } });

export function document(statements: readonly unknown[], version = '2012-10-17', name = 'policy'): PolicyDocument {
  const { document: parsed, findings } = parsePolicyValue({ Version: version, Statement: statements }, { name });
  if (parsed === undefined) throw new Error(findings.map((finding) => finding.message).join('; '));
  return parsed;
}
