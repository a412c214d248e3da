import type { CommandSpec } from '../args/spec.ts';

/** What may be left out when nobody uses it; in the order of the output. */
export const FEATURES = [
  'things',
  'certificates',
  'groups',
  'types',
  'policies',
  'profiles',
  'ownership',
  'signals',
  'sessions',
] as const;

export const iamPolicySpec: CommandSpec = {
  name: 'iam-policy',
  group: 'Other',
  summary: 'print the AWS policy that the operator needs',
  usage: '',
  description:
    'Prints an IAM policy with the calls that the operator makes and no others: it comes from the table that every call goes through.\n' +
    'Attach it to the role that AWSAccount.spec.roleArn names, or to the operator’s own. GetCallerIdentity needs no permission.',
  flags: [
    {
      name: 'feature',
      value: 'NAME',
      complete: FEATURES,
      many: true,
      summary: `Only what this needs; may be given several times. One of ${FEATURES.join(', ')}. Default: all.`,
    },
    { name: 'observe', summary: 'Reads only: enough for objects with managementPolicy Observe.' },
    { name: 'account', value: 'ID', summary: 'Account in the ARNs. Default: any.' },
    {
      name: 'queue',
      value: 'NAME',
      summary: 'The queue that AWSAccount.spec.signals.queueName names. Default: any of the account.',
    },
    { name: 'region', value: 'REGION', summary: 'Region in the ARNs. Default: any.' },
    { name: 'partition', value: 'NAME', complete: ['aws', 'aws-cn', 'aws-us-gov'], summary: 'Default aws.' },
    {
      name: 'assume',
      value: 'ARN',
      many: true,
      summary:
        'A role that AWSAccounts name: prints what the operator’s own identity needs to assume it, and nothing else.',
    },
  ],
  examples: [
    'fleetward iam-policy --account 123456789012 --region eu-central-1',
    'fleetward iam-policy --observe --feature things --feature groups',
    'fleetward iam-policy --assume arn:aws:iam::123456789012:role/fleet-plant',
  ],
};
