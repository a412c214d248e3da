import type { MitigationActionParams } from '@aws-sdk/client-iot';
import type { CallContext } from '../../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { uuid } from '../../state/ids.ts';
import { pageOf } from '../../state/paging.ts';
import { TAGS } from '../../state/tags.ts';
import { compact, tagAtCreate } from '../support.ts';
import { DEFENDER, type MitigationAction } from './state.ts';

const MAX_ACTIONS = 100;

const TYPES = {
  updateDeviceCertificateParams: 'UPDATE_DEVICE_CERTIFICATE',
  updateCACertificateParams: 'UPDATE_CA_CERTIFICATE',
  addThingsToThingGroupParams: 'ADD_THINGS_TO_THING_GROUP',
  replaceDefaultPolicyVersionParams: 'REPLACE_DEFAULT_POLICY_VERSION',
  enableIoTLoggingParams: 'ENABLE_IOT_LOGGING',
  publishFindingToSnsParams: 'PUBLISH_FINDING_TO_SNS',
} as const;

type ParamsKey = keyof typeof TYPES;
export type ActionType = (typeof TYPES)[ParamsKey];

/** The one kind of parameters that an action has; AWS refuses none and several. */
export function actionTypeOf(params: MitigationActionParams): ActionType {
  const given = (Object.keys(TYPES) as ParamsKey[]).filter((key) => params[key] !== undefined);
  const [only] = given;
  if (only === undefined || given.length > 1) throw invalid('A mitigation action takes exactly one kind of parameters');
  return TYPES[only];
}

function checkParams(params: MitigationActionParams): void {
  actionTypeOf(params);
  if (params.enableIoTLoggingParams?.logLevel === 'DISABLED') {
    throw invalid('ENABLE_IOT_LOGGING cannot set the log level DISABLED');
  }
}

const tableOf = (context: CallContext) => context.slice(DEFENDER).actions;
const arnOf = (context: CallContext, name: string) => context.arn(`mitigationaction/${name}`);
const changed = (context: CallContext, name: string) =>
  context.changed({ kind: 'other', resource: arnOf(context, name) });

function actionNamed(context: CallContext, name: string): MitigationAction {
  const action = tableOf(context).get(name);
  if (!action) throw notFound(`Mitigation action ${name} not found`);
  return action;
}

/** Mitigation actions (API_MitigationActionParams): stored here, carried out by the tasks. */
export const mitigationActions = family('iot', {
  CreateMitigationAction(context, input) {
    const { actionName: name, roleArn, actionParams: params } = input;
    const table = tableOf(context);
    const arn = arnOf(context, name);
    if (table.has(name)) throw alreadyExists(`Mitigation action ${name} already exists`, name, arn);
    checkParams(params);
    if (table.size >= MAX_ACTIONS) {
      throw awsError('LimitExceededException', `The account has ${MAX_ACTIONS} mitigation actions`);
    }
    tagAtCreate(context, arn, input.tags);
    const now = context.now();
    const action = { name, id: uuid(context.world.random), roleArn, params, createdAt: now, modifiedAt: now };
    table.set(name, action);
    changed(context, name);
    return { actionArn: arn, actionId: action.id };
  },

  DescribeMitigationAction(context, input) {
    const action = actionNamed(context, input.actionName);
    return {
      actionName: action.name,
      actionType: actionTypeOf(action.params),
      actionArn: arnOf(context, action.name),
      actionId: action.id,
      roleArn: action.roleArn,
      actionParams: action.params,
      creationDate: new Date(action.createdAt),
      lastModifiedDate: new Date(action.modifiedAt),
    };
  },

  UpdateMitigationAction(context, input) {
    const action = actionNamed(context, input.actionName);
    if (input.actionParams) {
      checkParams(input.actionParams);
      action.params = input.actionParams;
    }
    action.roleArn = input.roleArn ?? action.roleArn;
    action.modifiedAt = context.now();
    changed(context, action.name);
    return { actionArn: arnOf(context, action.name), actionId: action.id };
  },

  DeleteMitigationAction(context, input) {
    if (!tableOf(context).delete(input.actionName)) return {};
    context.slice(TAGS).drop(arnOf(context, input.actionName));
    changed(context, input.actionName);
    return {};
  },

  ListMitigationActions(context, input) {
    const page = pageOf(
      tableOf(context),
      { token: input.nextToken, limit: input.maxResults ?? 25 },
      context.world.paging,
      (action) =>
        input.actionType === undefined || input.actionType === actionTypeOf(action.params)
          ? {
              actionName: action.name,
              actionArn: arnOf(context, action.name),
              creationDate: new Date(action.createdAt),
            }
          : undefined,
    );
    return compact({ actionIdentifiers: page.items, nextToken: page.next });
  },
});
