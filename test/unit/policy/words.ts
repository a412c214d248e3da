import { type PolicyDocument, parsePolicyValue } from '../../../operator/policy/index.ts';

/** What tests of policies are written in. */
export const arn = 'arn:aws:iot:us-east-1:123456789012:';
export const thing = '${iot:Connection.Thing.ThingName}';
export const client = '${iot:ClientId}';
export type Raw = Readonly<Record<string, unknown>>;

export function document(...statements: readonly Raw[]): PolicyDocument {
  const { document: parsed, findings } = parsePolicyValue({ Version: '2012-10-17', Statement: statements });
  if (parsed === undefined) throw new Error(findings.map((finding) => finding.message).join('; '));
  return parsed;
}
