import { arnService, type Feature, iamAction, type OperationName, operations } from '../../aws/operations.ts';
import { type Parsed, parseArguments } from '../args/parse.ts';
import { Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { FEATURES, iamPolicySpec } from './iam-policy-spec.ts';

export interface IamStatement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

export interface IamPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly IamStatement[];
}

export interface IamQuestion {
  readonly features: readonly Feature[];
  readonly writes: boolean;
  readonly partition: string;
  /** `<region>:<account>`; stars stand for any. */
  readonly place: string;
  /** Name of the queue; a star stands for any. */
  readonly queue?: string | undefined;
}

/** `fleetward iam-policy`. */
export async function iamPolicyCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(iamPolicySpec, argv);
  if (args.positionals.length > 0) throw new UsageError(`iam-policy takes flags only, not "${args.positionals[0]}"`);
  const assumed = args.all('assume');
  const policy = assumed.length > 0 ? assumePolicy(assumed, args) : operatorPolicy(questionFrom(args));
  io.stdout(`${JSON.stringify(policy, undefined, 2)}\n`);
  return Exit.ok;
}

function questionFrom(args: Parsed): IamQuestion {
  const account = args.text('account') ?? '*';
  if (!/^(\d{12}|\*)$/.test(account)) throw new UsageError(`--account takes twelve digits, not "${account}"`);
  const chosen = args.all('feature');
  return {
    features: chosen.length === 0 ? FEATURES : FEATURES.filter((feature) => chosen.includes(feature)),
    writes: !args.has('observe'),
    partition: args.text('partition') ?? 'aws',
    queue: args.text('queue'),
    place: `${args.text('region') ?? '*'}:${account}`,
  };
}

/**
 * The calls of these features, one statement for all that are checked against the same resources: a managed policy holds
 * 6,144 characters, and one statement for each call would not fit.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export function operatorPolicy({ features, writes, partition, place, queue = '*' }: IamQuestion): IamPolicy {
  const byResources = new Map<string, Set<string>>();
  for (const name of Object.keys(operations) as OperationName[]) {
    const { feature, write, resources } = operations[name];
    if (!features.includes(feature) || (write && !writes)) continue;
    const service = arnService(name);
    const prefix = `arn:${partition}:${service}:${place}:`;
    const named = service === 'sqs' ? [queue] : resources;
    const key = named.map((one) => (one === '*' && service === 'iot' ? '*' : prefix + one)).join(' ');
    byResources.set(key, (byResources.get(key) ?? new Set()).add(iamAction(name)));
  }
  const Statement = [...byResources].map(([key, actions]): IamStatement => {
    const resources = key.split(' ');
    return {
      Sid: sidOf(resources),
      Effect: 'Allow',
      Action: [...actions].sort(),
      Resource: resources,
    };
  });
  return { Version: '2012-10-17', Statement };
}

/** `arn:aws:iot:…:thing/*` and `arn:aws:iot:…:thinggroup/*` → `OnThingAndThinggroup`; of other services the service. */
function sidOf(resources: readonly string[]): string {
  const words = resources.map((resource) => {
    const [, , service = 'anything', , , kind = ''] = resource.split(':');
    return capital(service === 'iot' ? (kind.split('/')[0] ?? '') : service);
  });
  return `On${words.join('And')}`;
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

function assumePolicy(roles: readonly string[], args: Parsed): IamPolicy {
  const other = ['feature', 'observe', 'account', 'region'].find((flag) => args.has(flag));
  if (other !== undefined) throw new UsageError(`--assume prints another policy: it goes without --${other}`);
  const wrong = roles.find((role) => !/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(role));
  if (wrong !== undefined) throw new UsageError(`--assume takes the ARN of a role, not "${wrong}"`);
  const statement: IamStatement = { Sid: 'AssumeRoles', Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: roles };
  return { Version: '2012-10-17', Statement: [statement] };
}
