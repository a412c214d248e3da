import { AwsError } from '../../errors.ts';
import { SHADOWS, shadowDocument } from '../../state/shadows.ts';
import type { ReservedContext } from './index.ts';

const TOPIC = /^\$aws\/things\/([^/]+)\/shadow\/(?:name\/([^/]+)\/)?(get|update|delete)$/;
const EVENT = { get: 'GetThingShadow', update: 'UpdateThingShadow', delete: 'DeleteThingShadow' } as const;

/** Shadow requests over MQTT (device-shadow-mqtt). Only the policies for the topics matter, not the shadow actions. */
export function serveShadow(context: ReservedContext): boolean {
  const match = TOPIC.exec(context.topic);
  if (!match) return false;
  const [, thing = '', name = '', operation] = match;
  const kind = operation as keyof typeof EVENT;
  const { clientToken, document, problem } = parse(context.payload, kind);
  const token = clientToken === undefined ? {} : { clientToken };
  try {
    if (problem) throw problem;
    run(context, kind, { thing, name, document, token });
    log(context, EVENT[kind], name, true);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const timestamp = Math.floor(context.now() / 1000);
    context.say(`${context.topic}/rejected`, {
      code: error.status ?? 400,
      message: error.message,
      timestamp,
      ...token,
    });
    log(context, EVENT[kind], name, false);
  }
  return true;
}

interface Request {
  readonly thing: string;
  readonly name: string;
  readonly document: unknown;
  readonly token: { readonly clientToken?: unknown };
}

function run(context: ReservedContext, kind: keyof typeof EVENT, { thing, name, document, token }: Request): void {
  const shadows = context.scope.slice(SHADOWS);
  const { topic } = context;
  switch (kind) {
    case 'get': {
      const shadow = shadows.get(thing, name);
      if (!shadow) throw missing(name || thing);
      context.say(`${topic}/accepted`, { ...shadowDocument(shadow, context.now()), ...token });
      return;
    }
    case 'update': {
      const update = shadows.update(thing, name, document, context.now());
      context.changed(`thing/${thing}`);
      context.say(`${topic}/accepted`, update.accepted);
      context.say(`${topic}/documents`, update.documents);
      if (update.delta) context.say(`${topic}/delta`, update.delta);
      return;
    }
    case 'delete': {
      const answer = shadows.delete(thing, name, context.now());
      context.changed(`thing/${thing}`);
      context.say(`${topic}/accepted`, { ...answer, ...token });
      return;
    }
  }
}

const missing = (name: string) =>
  new AwsError('ResourceNotFoundException', `No shadow exists with name: '${name}'`, {}, 404);

function parse(payload: Buffer, kind: keyof typeof EVENT) {
  const none = { clientToken: undefined, document: undefined, problem: undefined };
  // Get and delete may come without a body.
  if (kind !== 'update' && payload.length === 0) return none;
  try {
    const document: unknown = JSON.parse(payload.toString('utf8'));
    const record = typeof document === 'object' && document !== null ? (document as { clientToken?: unknown }) : {};
    return { clientToken: record.clientToken, document, problem: undefined };
  } catch {
    return { ...none, problem: new AwsError('InvalidRequestException', 'Payload contains invalid json', {}, 400) };
  }
}

function log(context: ReservedContext, eventType: string, name: string, ok: boolean): void {
  context.log(eventType, ok, { deviceShadowName: name, topicName: context.topic });
}
