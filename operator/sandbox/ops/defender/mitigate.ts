import type { CallContext } from '../../context.ts';
import { AwsError, awsError } from '../../errors.ts';
import { SETTINGS } from '../../state/settings.ts';
import { certificateWithId, setCertificateStatus } from '../certificates.ts';
import { joinGroup } from '../membership.ts';
import { addPolicyVersion, policyNamed } from '../policies.ts';
import { identityOf, registryOf } from '../support.ts';
import { groupNamed } from '../thing-groups.ts';
import { type ActionType, actionTypeOf } from './mitigation-actions.ts';
import { notify } from './notifications.ts';
import type { Finding, MitigationAction } from './state.ts';

/** Grants nothing and denies nothing: what other policies of a device grant stays. */
const BLANK_POLICY = JSON.stringify({ Version: '2012-10-17', Statement: [] });

type Resource = NonNullable<NonNullable<Finding['told']['nonCompliantResource']>['resourceIdentifier']>;

const isAbout = (check: string, ...parts: readonly string[]) => parts.every((part) => check.includes(part));

/** Which actions fit which check (dd-mitigation-actions). */
export function fits(check: string, type: ActionType): boolean {
  switch (type) {
    case 'PUBLISH_FINDING_TO_SNS':
      return true;
    case 'ENABLE_IOT_LOGGING':
      return check === 'LOGGING_DISABLED_CHECK';
    case 'REPLACE_DEFAULT_POLICY_VERSION':
      return isAbout(check, 'IOT_POLICY_');
    case 'UPDATE_CA_CERTIFICATE':
      return isAbout(check, 'CA_CERTIFICATE_');
    case 'UPDATE_DEVICE_CERTIFICATE':
    case 'ADD_THINGS_TO_THING_GROUP':
      return isAbout(check, 'DEVICE_CERTIFICATE_') && !isAbout(check, 'INTERMEDIATE_');
    default:
      return type satisfies never;
  }
}

/** Puts one thing into the groups of the action; a thing that is gone is left out. */
export function addThing(context: CallContext, action: MitigationAction, thingName: string): void {
  const { thingGroupNames = [], overrideDynamicGroups } = action.params.addThingsToThingGroupParams ?? {};
  const thing = registryOf(context).things.get(thingName);
  const groups = thingGroupNames.map((groupName) => groupNamed(context, groupName));
  if (!thing) return;
  for (const group of groups) joinGroup(context, thing, group, overrideDynamicGroups ?? false);
}

function addThings(context: CallContext, action: MitigationAction, { deviceCertificateId = '' }: Resource): void {
  const { arn } = certificateWithId(context, deviceCertificateId);
  for (const name of identityOf(context).links(arn).things) addThing(context, action, name);
}

function deactivateCa(context: CallContext, { caCertificateId = '' }: Resource): void {
  const ca = identityOf(context).caCertificates.get(caCertificateId);
  if (!ca) throw awsError('ResourceNotFoundException', `CA certificate ${caCertificateId} not found`);
  if (ca.status === 'INACTIVE') return;
  ca.status = 'INACTIVE';
  ca.modifiedAt = context.now();
  ca.version++;
  context.changed({ kind: 'ca-certificate', operation: 'UPDATED', certificateId: ca.id });
}

function enableLogging(context: CallContext, action: MitigationAction): void {
  const { roleArnForLogging: roleArn, logLevel } = action.params.enableIoTLoggingParams ?? {};
  const settings = context.slice(SETTINGS);
  settings.logging = {
    roleArn,
    defaultLogLevel: logLevel,
    disableAllLogs: false,
    eventConfigurations: settings.logging?.eventConfigurations,
  };
  context.changed({ kind: 'other', resource: 'v2logging' });
}

/** PUBLISH_FINDING_TO_SNS. */
function publish(context: CallContext, action: MitigationAction, finding: Finding): void {
  const topicArn = action.params.publishFindingToSnsParams?.topicArn ?? '';
  const { id: findingId, taskId, at, told } = finding;
  notify(context.world, context.scope, topicArn, {
    accountId: context.scope.accountId,
    taskId,
    findingId,
    findingTime: at,
    ...told,
    isSuppressed: finding.suppressed,
  });
}

function blank(context: CallContext, { policyVersionIdentifier }: Resource): void {
  const policy = policyNamed(context, policyVersionIdentifier?.policyName ?? '');
  addPolicyVersion(context, policy, BLANK_POLICY, true);
}

function perform(context: CallContext, action: MitigationAction, finding: Finding): void {
  const resource = finding.told.nonCompliantResource?.resourceIdentifier ?? {};
  const kind = actionTypeOf(action.params);
  switch (kind) {
    case 'UPDATE_DEVICE_CERTIFICATE':
      setCertificateStatus(context, certificateWithId(context, resource.deviceCertificateId ?? ''), 'INACTIVE');
      break;
    case 'UPDATE_CA_CERTIFICATE':
      deactivateCa(context, resource);
      break;
    case 'ADD_THINGS_TO_THING_GROUP':
      addThings(context, action, resource);
      break;
    case 'REPLACE_DEFAULT_POLICY_VERSION':
      blank(context, resource);
      break;
    case 'ENABLE_IOT_LOGGING':
      enableLogging(context, action);
      break;
    case 'PUBLISH_FINDING_TO_SNS':
      publish(context, action, finding);
      break;
    default:
      kind satisfies never;
  }
}

/** Carries out one action on one finding; undefined when it worked, otherwise why not. */
export function tryAction(context: CallContext, action: MitigationAction, finding: Finding): AwsError | undefined {
  try {
    perform(context, action, finding);
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}
