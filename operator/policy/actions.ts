/**
 * What a resource string of an action looks like after `arn:<partition>:iot:<region>:<account>:`.
 * `thing` is `thing/<name>`, `thingOrShadow` also `thing/<name>/<shadow>`; `none` actions are checked against the bare string `*`.
 */
export type ResourceType = 'client' | 'topic' | 'topicfilter' | 'thing' | 'thingOrShadow' | 'rolealias' | 'none';

export interface ActionInfo {
  /** With prefix, in AWS's spelling: `iot:Publish`. */
  readonly name: string;
  readonly resource: ResourceType;
  /** Context keys that only this action carries, beside those that every connection has. */
  readonly keys: readonly string[];
  /** `mqtt` actions need a session, `http` actions do not. */
  readonly plane: 'mqtt' | 'http';
}

/**
 * Raise this with every change of the table: a policy with `iot:*` changes its meaning when AWS adds an action, and the version
 * is how a report can say so. Source: AWS IoT Core developer guide, "AWS IoT Core policy actions" and "Direct Messaging".
 */
export const actionTableVersion = '2026-11';

const row = (
  name: string,
  resource: ResourceType,
  plane: 'mqtt' | 'http',
  keys: readonly string[] = [],
): ActionInfo => ({ name, resource, plane, keys });

export const actionTable: readonly ActionInfo[] = [
  row('iot:Connect', 'client', 'mqtt', ['iot:ConnectAttributes', 'iot:LastWillTopic']),
  row('iot:Publish', 'topic', 'mqtt'),
  row('iot:RetainPublish', 'topic', 'mqtt'),
  row('iot:Receive', 'topic', 'mqtt'),
  row('iot:Subscribe', 'topicfilter', 'mqtt'),
  row('iot:GetRetainedMessage', 'topic', 'http'),
  row('iot:ListRetainedMessages', 'none', 'http'),
  row('iot:GetThingShadow', 'thingOrShadow', 'http'),
  row('iot:UpdateThingShadow', 'thingOrShadow', 'http'),
  row('iot:DeleteThingShadow', 'thingOrShadow', 'http'),
  row('iot:ListNamedShadowsForThing', 'none', 'http'),
  row('iotjobsdata:DescribeJobExecution', 'thing', 'http'),
  row('iotjobsdata:GetPendingJobExecutions', 'thing', 'http'),
  row('iotjobsdata:StartNextPendingJobExecution', 'thing', 'http'),
  row('iotjobsdata:UpdateJobExecution', 'thing', 'http'),
  row('iot:AssumeRoleWithCertificate', 'rolealias', 'http'),
  row('iot:SendDirectMessage', 'client', 'http', ['iot:Topic']),
  row('iot:DeleteConnection', 'client', 'http'),
];

/** The text between `…:<account>:` and the name in an ARN of this type; `undefined` for actions without a resource. */
export function arnTypePrefix(type: ResourceType): string | undefined {
  switch (type) {
    case 'client':
      return 'client/';
    case 'topic':
      return 'topic/';
    case 'topicfilter':
      return 'topicfilter/';
    case 'thing':
    case 'thingOrShadow':
      return 'thing/';
    case 'rolealias':
      return 'rolealias/';
    case 'none':
      return undefined;
    default:
      return type satisfies never;
  }
}

const byName: ReadonlyMap<string, ActionInfo> = new Map(actionTable.map((action) => [action.name, action]));

/** The row of an exactly named action; letter case is ignored, as IAM does. */
export function findAction(name: string): ActionInfo | undefined {
  const known = byName.get(name);
  if (known !== undefined) return known;
  const wanted = name.toLowerCase();
  return actionTable.find((action) => action.name.toLowerCase() === wanted);
}
