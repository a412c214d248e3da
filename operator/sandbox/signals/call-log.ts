import { currentView } from '../authorization.ts';
import type { CallContext } from '../context.ts';
import { AwsError } from '../errors.ts';
import type { AnyHandler } from '../operations.ts';
import { writeLog } from './v2-logs.ts';

/** How the V2 log names the calls of the data plane; what is not here is not logged. */
export const EVENT_TYPES: Readonly<Record<string, string>> = {
  Publish: 'Publish-In',
  GetThingShadow: 'GetThingShadow',
  UpdateThingShadow: 'UpdateThingShadow',
  DeleteThingShadow: 'DeleteThingShadow',
  GetRetainedMessage: 'GetRetainedMessage',
  ListRetainedMessages: 'ListRetainedMessage',
  DeleteConnection: 'DeleteConnection',
  GetConnection: 'GetConnection',
  ListSubscriptions: 'ListSubscriptions',
  SendDirectMessage: 'SendDirectMessage',
  AssumeRoleWithCertificate: 'GetDeviceCredentials',
};

/** The fields that an entry takes from a call's input. */
export function fieldsOf({ topic, shadowName, thingName, retain, qos }: Readonly<Record<string, unknown>>) {
  return {
    ...(topic !== undefined && { topicName: topic }),
    ...(thingName !== undefined && { deviceShadowName: shadowName ?? '' }),
    ...(retain === true && { retain: 'True' }),
    ...(qos !== undefined && { qos: String(qos) }),
  };
}

/** Has each call of these handlers leave an entry in the V2 log, as a caller of the HTTP data plane does. */
export function logged<H extends object>(handlers: H): H {
  const entries = Object.entries(handlers as Readonly<Record<string, AnyHandler>>).map(([operation, handler]) => {
    const eventType = EVENT_TYPES[operation];
    return [operation, eventType === undefined ? handler : logging(eventType, handler)] as const;
  });
  return Object.fromEntries(entries) as H;
}

function logging(eventType: string, handler: AnyHandler): AnyHandler {
  return (context, input) => {
    try {
      const output = handler(context, input);
      write(context, eventType, input, undefined);
      return output;
    } catch (error) {
      if (error instanceof AwsError) write(context, eventType, input, error);
      throw error;
    }
  };
}

function write(
  context: CallContext,
  eventType: string,
  input: Readonly<Record<string, unknown>>,
  error?: AwsError,
): void {
  const { clientId, thingName } = input;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  writeLog(
    { scope: context.scope, world: context.world, groups: (thing) => currentView(context.scope).groupsOf(thing) },
    {
      level: error ? 'ERROR' : 'INFO',
      eventType,
      ok: error === undefined,
      protocol: 'HTTP',
      who: { clientId: text(clientId), principalId: context.caller.userId, thingName: text(thingName) },
      fields: { ...fieldsOf(input), ...(error && { reason: error.name, details: error.message }) },
    },
  );
}
