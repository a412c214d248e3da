import { maxPolicySize, parsePolicy, policySize } from '../../policy/index.ts';
import type { CallContext } from '../context.ts';
import { awsError } from '../errors.ts';

/** Refuses documents that CreatePolicy refuses: no JSON, not a policy, or more than 2,048 characters without white space. */
export function checkDocument({ world }: CallContext, text: string): void {
  if (policySize(text) > maxPolicySize) {
    throw malformed(`Policy document exceeds ${maxPolicySize} characters, white space not counted`);
  }
  const { document, findings } = parsePolicy(text);
  if (!document) {
    const first = findings.find((finding) => finding.severity === 'error');
    throw malformed(first?.message ?? 'The policy document is not valid');
  }
  const isInverted = document.statements.some(({ actionMode }) => actionMode === 'NotAction');
  if (isInverted && !world.switches.notAction) throw malformed('NotAction is not accepted in a policy document');
}

const malformed = (message: string) => awsError('MalformedPolicyException', message);
