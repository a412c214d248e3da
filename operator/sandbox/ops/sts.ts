import { randomBytes } from 'node:crypto';
import { AwsError } from '../errors.ts';
import { family } from '../operations.ts';

const ROLE_ARN = /^arn:aws[a-z-]*:iam::(\d{12}):role\/(?:.*\/)?([\w+=,.@-]{1,64})$/;

export const securityTokens = family('sts', {
  GetCallerIdentity: ({ caller }) => ({ UserId: caller.userId, Account: caller.accountId, Arn: caller.arn }),

  AssumeRole(context, input) {
    const { accounts } = context.world;
    const [, accountId, name] = ROLE_ARN.exec(input.RoleArn) ?? [];
    if (!accountId || !name) throw new AwsError('ValidationError', `${input.RoleArn} is invalid`, {}, 400);
    const role = accounts.roles.find((r) => r.arn === input.RoleArn);
    const trusted = accounts.roles.length === 0 || (role && (role.externalId ?? input.ExternalId) === input.ExternalId);
    if (!trusted) {
      const message = `User: ${context.caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`;
      throw new AwsError('AccessDenied', message, {}, 403);
    }
    const expires = context.now() + (input.DurationSeconds ?? 3600) * 1000;
    const entropy = randomBytes(32).toString('hex');
    const session = accounts.assume({ accountId, name }, input.RoleSessionName, expires, entropy);
    return {
      Credentials: {
        AccessKeyId: session.accessKeyId,
        SecretAccessKey: session.secretAccessKey,
        SessionToken: session.sessionToken,
        Expiration: new Date(expires),
      },
      AssumedRoleUser: { AssumedRoleId: session.userId, Arn: session.arn },
    };
  },
});
