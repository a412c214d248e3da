import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachSecurityProfileCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateDynamicThingGroupCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateSecurityProfileCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DeleteCertificateCommand,
  DeleteDynamicThingGroupCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteSecurityProfileCommand,
  DeleteThingCommand,
  DeleteThingGroupCommand,
  DeleteThingTypeCommand,
  DeprecateThingTypeCommand,
  DescribeCertificateCommand,
  DescribeSecurityProfileCommand,
  DescribeThingCommand,
  DescribeThingGroupCommand,
  DescribeThingTypeCommand,
  DetachPolicyCommand,
  DetachSecurityProfileCommand,
  DetachThingPrincipalCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetThingConnectivityDataCommand,
  GetV2LoggingOptionsCommand,
  ListAttachedPoliciesCommand,
  ListCertificatesCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListPrincipalThingsCommand,
  ListTagsForResourceCommand,
  ListTargetsForPolicyCommand,
  ListTargetsForSecurityProfileCommand,
  ListThingGroupsCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
  ListThingPrincipalsV2Command,
  ListThingsCommand,
  ListThingsInThingGroupCommand,
  ListViolationEventsCommand,
  RegisterCertificateWithoutCACommand,
  RemoveThingFromThingGroupCommand,
  SearchIndexCommand,
  SetDefaultPolicyVersionCommand,
  TagResourceCommand,
  TestAuthorizationCommand,
  UpdateCertificateCommand,
  UpdateDynamicThingGroupCommand,
  UpdateSecurityProfileCommand,
  UpdateThingCommand,
  UpdateThingGroupCommand,
  UpdateThingGroupsForThingCommand,
  UpdateThingTypeCommand,
} from '@aws-sdk/client-iot';
import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  ListSubscriptionsCommand,
} from '@aws-sdk/client-iot-data-plane';
import { DeleteMessageBatchCommand, GetQueueUrlCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';

/** What an IAM statement is written for; `fleetward iam-policy` groups its output by these. */
export type Feature =
  | 'things'
  | 'certificates'
  | 'groups'
  | 'types'
  | 'policies'
  | 'profiles'
  | 'ownership'
  /** What rollouts listen to: `AWSAccount.spec.signals`. */
  | 'signals'
  /** Rollouts with `strategy.sessions` Reconnect or Purge. */
  | 'sessions';

/** Which of AWS's services answers; each has a client and an address of its own. */
export type Service = 'iot' | 'data' | 'sqs' | 'logs';

interface Entry<C> {
  readonly command: C;
  readonly service: Service;
  readonly feature: Feature;
  /** True when the call can change something in AWS: such calls pass the leadership fence. */
  readonly write: boolean;
  /**
   * Resource part of the ARNs that the IAM action is checked against (`arn:aws:iot:<region>:<account>:` goes before, or the
   * same of another service);
   * `*` where AWS offers no resource-level permission.
   * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiot.html
   */
  readonly resources: readonly string[];
}

function read<C>(feature: Feature, command: C, ...resources: string[]): Entry<C> {
  return { command, service: 'iot', feature, write: false, resources };
}

function write<C>(feature: Feature, command: C, ...resources: string[]): Entry<C> {
  return { command, service: 'iot', feature, write: true, resources };
}

/** What rollouts hear of devices, from whichever service tells it. */
function signal<C>(service: Service, command: C, ...resources: string[]): Entry<C> {
  return { command, service, feature: 'signals', write: false, resources };
}

/** Every operation that the operator calls; nothing calls AWS except through this table. */
export const operations = {
  DescribeThing: read('things', DescribeThingCommand, 'thing/*'),
  ListThings: read('things', ListThingsCommand, '*'),
  ListThingPrincipals: read('things', ListThingPrincipalsCommand, 'thing/*'),
  ListThingPrincipalsV2: read('things', ListThingPrincipalsV2Command, 'thing/*'),
  ListThingGroupsForThing: read('things', ListThingGroupsForThingCommand, 'thing/*'),
  DescribeCertificate: read('certificates', DescribeCertificateCommand, 'cert/*'),
  ListCertificates: read('certificates', ListCertificatesCommand, '*'),
  ListPrincipalThings: read('certificates', ListPrincipalThingsCommand, '*'),
  DescribeThingGroup: read('groups', DescribeThingGroupCommand, 'thinggroup/*'),
  ListThingGroups: read('groups', ListThingGroupsCommand, '*'),
  ListThingsInThingGroup: read('groups', ListThingsInThingGroupCommand, 'thinggroup/*'),
  DescribeThingType: read('types', DescribeThingTypeCommand, 'thingtype/*'),
  GetPolicy: read('policies', GetPolicyCommand, 'policy/*'),
  GetPolicyVersion: read('policies', GetPolicyVersionCommand, 'policy/*'),
  ListPolicies: read('policies', ListPoliciesCommand, '*'),
  ListPolicyVersions: read('policies', ListPolicyVersionsCommand, 'policy/*'),
  ListTargetsForPolicy: read('policies', ListTargetsForPolicyCommand, 'policy/*'),
  ListAttachedPolicies: read('policies', ListAttachedPoliciesCommand, '*'),
  DescribeSecurityProfile: read('profiles', DescribeSecurityProfileCommand, 'securityprofile/*'),
  ListTargetsForSecurityProfile: read('profiles', ListTargetsForSecurityProfileCommand, 'securityprofile/*'),
  ListTagsForResource: read('ownership', ListTagsForResourceCommand, '*'),
  TestAuthorization: read('policies', TestAuthorizationCommand, 'cert/*'),
  GetV2LoggingOptions: signal('iot', GetV2LoggingOptionsCommand, '*'),
  GetThingConnectivityData: signal('iot', GetThingConnectivityDataCommand, 'thing/*'),
  SearchIndex: signal('iot', SearchIndexCommand, 'index/*'),
  ListViolationEvents: signal('iot', ListViolationEventsCommand, '*'),
  GetConnection: signal('data', GetConnectionCommand, 'client/*'),
  ListSubscriptions: signal('data', ListSubscriptionsCommand, 'client/*'),
  GetQueueUrl: signal('sqs', GetQueueUrlCommand, '*'),
  ReceiveMessage: signal('sqs', ReceiveMessageCommand, '*'),
  FilterLogEvents: signal('logs', FilterLogEventsCommand, 'log-group:*'),
  CreateThing: write('things', CreateThingCommand, 'thing/*'),
  UpdateThing: write('things', UpdateThingCommand, 'thing/*'),
  DeleteThing: write('things', DeleteThingCommand, 'thing/*'),
  AttachThingPrincipal: write('things', AttachThingPrincipalCommand, '*'),
  DetachThingPrincipal: write('things', DetachThingPrincipalCommand, '*'),
  AddThingToThingGroup: write('things', AddThingToThingGroupCommand, 'thing/*', 'thinggroup/*'),
  RemoveThingFromThingGroup: write('things', RemoveThingFromThingGroupCommand, 'thing/*', 'thinggroup/*'),
  UpdateThingGroupsForThing: write('things', UpdateThingGroupsForThingCommand, 'thing/*', 'thinggroup/*'),
  CreateCertificateFromCsr: write('certificates', CreateCertificateFromCsrCommand, '*'),
  RegisterCertificateWithoutCA: write('certificates', RegisterCertificateWithoutCACommand, '*'),
  UpdateCertificate: write('certificates', UpdateCertificateCommand, 'cert/*'),
  DeleteCertificate: write('certificates', DeleteCertificateCommand, 'cert/*'),
  CreateThingGroup: write('groups', CreateThingGroupCommand, 'thinggroup/*'),
  UpdateThingGroup: write('groups', UpdateThingGroupCommand, 'thinggroup/*'),
  DeleteThingGroup: write('groups', DeleteThingGroupCommand, 'thinggroup/*'),
  CreateDynamicThingGroup: write('groups', CreateDynamicThingGroupCommand, 'thinggroup/*', 'index/*'),
  UpdateDynamicThingGroup: write('groups', UpdateDynamicThingGroupCommand, 'thinggroup/*', 'index/*'),
  DeleteDynamicThingGroup: write('groups', DeleteDynamicThingGroupCommand, 'thinggroup/*'),
  CreateThingType: write('types', CreateThingTypeCommand, 'thingtype/*'),
  UpdateThingType: write('types', UpdateThingTypeCommand, 'thingtype/*'),
  DeprecateThingType: write('types', DeprecateThingTypeCommand, 'thingtype/*'),
  DeleteThingType: write('types', DeleteThingTypeCommand, 'thingtype/*'),
  CreatePolicy: write('policies', CreatePolicyCommand, 'policy/*'),
  CreatePolicyVersion: write('policies', CreatePolicyVersionCommand, 'policy/*'),
  SetDefaultPolicyVersion: write('policies', SetDefaultPolicyVersionCommand, 'policy/*'),
  DeletePolicyVersion: write('policies', DeletePolicyVersionCommand, 'policy/*'),
  DeletePolicy: write('policies', DeletePolicyCommand, 'policy/*'),
  AttachPolicy: write('policies', AttachPolicyCommand, 'cert/*', 'thinggroup/*'),
  DetachPolicy: write('policies', DetachPolicyCommand, 'cert/*', 'thinggroup/*'),
  CreateSecurityProfile: write('profiles', CreateSecurityProfileCommand, 'securityprofile/*'),
  UpdateSecurityProfile: write('profiles', UpdateSecurityProfileCommand, 'securityprofile/*'),
  DeleteSecurityProfile: write('profiles', DeleteSecurityProfileCommand, 'securityprofile/*'),
  AttachSecurityProfile: write('profiles', AttachSecurityProfileCommand, 'securityprofile/*', 'thinggroup/*'),
  DetachSecurityProfile: write('profiles', DetachSecurityProfileCommand, 'securityprofile/*', 'thinggroup/*'),
  TagResource: write('ownership', TagResourceCommand, '*'),
  DeleteConnection: {
    command: DeleteConnectionCommand,
    service: 'data',
    feature: 'sessions',
    write: true,
    resources: ['client/*'],
  },
  // Two replicas must not both take a message away.
  DeleteMessageBatch: { ...signal('sqs', DeleteMessageBatchCommand, '*'), write: true },
} as const;

type Table = typeof operations;
export type OperationName = keyof Table;
export type OperationInput<K extends OperationName> = NonNullable<ConstructorParameters<Table[K]['command']>[0]>;
export type OperationOutput<K extends OperationName> = Awaited<
  ReturnType<ReturnType<InstanceType<Table[K]['command']>['resolveMiddleware']>>
>['output'];

export function isWrite(operation: OperationName): boolean {
  return operations[operation].write;
}

/** Names that differ from the operation's: AWS lets one action cover both versions, or both the call and its batch. */
const ACTIONS: Partial<Readonly<Record<OperationName, string>>> = {
  ListThingPrincipalsV2: 'ListThingPrincipals',
  DeleteMessageBatch: 'DeleteMessage',
};

/** The IAM action that allows an operation. */
export function iamAction(operation: OperationName): string {
  const service = operations[operation].service;
  return `${service === 'data' ? 'iot' : service}:${ACTIONS[operation] ?? operation}`;
}

/** The service in the ARNs of what an operation is checked against. */
export function arnService(operation: OperationName): string {
  const { service } = operations[operation];
  return service === 'data' ? 'iot' : service;
}
