/** Context keys of one request. A key that is absent does not resolve. Lists are for multivalued keys. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

export interface Request {
  /** With prefix: `iot:Publish`. */
  readonly action: string;
  /** The whole ARN; `*` for actions without a resource. */
  readonly resource: string;
  readonly context: Context;
}

export const keys = {
  clientId: 'iot:ClientId',
  thingName: 'iot:Connection.Thing.ThingName',
  thingType: 'iot:Connection.Thing.ThingTypeName',
  isAttached: 'iot:Connection.Thing.IsAttached',
  sourceIp: 'aws:SourceIp',
  connectAttributes: 'iot:ConnectAttributes',
  lastWillTopic: 'iot:LastWillTopic',
  topic: 'iot:Topic',
} as const;

/**
 * The form under which keys are compared: key names ignore case as in IAM, but an attribute name between brackets is the thing's
 * own and AWS IoT keeps its case.
 */
export function normaliseKey(key: string): string {
  const bracket = key.indexOf('[');
  return bracket < 0 ? key.toLowerCase() : key.slice(0, bracket).toLowerCase() + key.slice(bracket);
}

/** Whether the key describes the thing behind the connection, and therefore resolves only when there is one. */
export function isThingKey(key: string): boolean {
  return normaliseKey(key).startsWith('iot:connection.thing.');
}
