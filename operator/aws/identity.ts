import { terminal } from '../runtime/errors.ts';
import { classify, hasReason } from './classify.ts';
import type { AwsClient } from './client.ts';

export interface IdentityQuestion {
  readonly client: AwsClient;
  /** `AWSAccount.spec.accountId`; undefined when none was declared (standalone mode without an AWSAccount). */
  readonly declared: string | undefined;
  /** True when the endpoint came from the command line: then an endpoint without STS is tolerated. */
  readonly endpointGiven: boolean;
  /** Named in messages: `factory/default`. */
  readonly account: string;
  readonly signal?: AbortSignal;
}

export interface Identity {
  readonly accountId: string;
  /** Who we are there; undefined when the endpoint does not implement STS. */
  readonly arn: string | undefined;
  /** Set when the account could not be verified: what was assumed and why. */
  readonly note: string | undefined;
}

/** Stands in where an empty endpoint without STS tells no account; our own ARNs always come from answers. */
const NO_ACCOUNT = '000000000000';

/**
 * Who the credentials act for. Nothing is written before this agrees with what was declared, so that a wrong profile
 * or role never touches somebody else's fleet.
 */
export async function verifyIdentity(question: IdentityQuestion): Promise<Identity> {
  const { client, declared, account } = question;
  let answer: { readonly accountId: string; readonly arn: string } | undefined;
  try {
    answer = await client.callerIdentity(question.signal);
  } catch (thrown) {
    const error = classify('GetCallerIdentity', thrown);
    const unimplemented = hasReason(error, 'NotJson', 'Refused', 'NotFound', 'AwsUnavailable', 'InvalidRequest');
    if (!question.endpointGiven || !unimplemented) throw error;
  }
  if (answer === undefined || answer.accountId === '') return assume(question);
  if (declared !== undefined && declared !== answer.accountId) {
    throw terminal(
      'AccountMismatch',
      `AWSAccount ${account} declares account ${declared}, but the credentials belong to ${answer.accountId} (${answer.arn}). Nothing is written. Use other credentials or correct spec.accountId.`,
    );
  }
  return { accountId: answer.accountId, arn: answer.arn, note: undefined };
}

async function assume({ client, declared, signal }: IdentityQuestion): Promise<Identity> {
  if (declared !== undefined) {
    return {
      accountId: declared,
      arn: undefined,
      note: `the endpoint does not implement STS; ${declared} is taken as declared`,
    };
  }
  const found = accountOf(await firstArn(client, signal));
  return found === undefined
    ? {
        accountId: NO_ACCOUNT,
        arn: undefined,
        note: 'the endpoint does not implement STS and is empty; its account is unknown',
      }
    : {
        accountId: found,
        arn: undefined,
        note: `the endpoint does not implement STS; ${found} is taken from what exists there`,
      };
}

async function firstArn(client: AwsClient, signal: AbortSignal | undefined): Promise<string | undefined> {
  const things = await client.send('ListThings', { maxResults: 1 }, signal);
  if (things.things?.[0]?.thingArn !== undefined) return things.things[0].thingArn;
  const policies = await client.send('ListPolicies', { pageSize: 1 }, signal);
  return policies.policies?.[0]?.policyArn;
}

/** The account in an ARN: `arn:aws:iot:us-east-1:123456789012:thing/press-1`. */
export function accountOf(arn: string | undefined): string | undefined {
  const account = arn?.split(':')[4];
  return account !== undefined && /^[0-9]{12}$/.test(account) ? account : undefined;
}
