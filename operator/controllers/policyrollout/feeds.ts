import type { Signal, SignalContent } from './signals.ts';

/** Where resources of the account live: log entries name topics, policies name ARNs. */
export interface FeedPlace {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
}

/**
 * A lifecycle event as a topic rule hands it on
 * (https://docs.aws.amazon.com/iot/latest/developerguide/life-cycle-events.html). Undefined for anything else: an unknown
 * text is no evidence of anything.
 */
export function signalOfEvent(event: unknown): Signal | undefined {
  if (!isRecord(event) || typeof event.clientId !== 'string' || typeof event.timestamp !== 'number') return undefined;
  const content = contentOfEvent(event);
  return content === undefined ? undefined : { at: event.timestamp, clientId: event.clientId, ...content };
}

function contentOfEvent(event: Readonly<Record<string, unknown>>): SignalContent | undefined {
  switch (event.eventType) {
    case 'connected':
      return { kind: 'connected' };
    case 'disconnected':
      return { kind: 'disconnected', reason: text(event.disconnectReason) };
    case 'connect_failed':
      return { kind: 'connectFailed', reason: text(event.connectFailureReason) };
    default:
      return undefined;
  }
}

/** Log types with the action they decided and the kind of resource they name. */
const DECISIONS: Readonly<Record<string, readonly [action: string, resource: string]>> = {
  'Publish-In': ['iot:Publish', 'topic'],
  'Publish-Out': ['iot:Receive', 'topic'],
  Subscribe: ['iot:Subscribe', 'topicfilter'],
};

/**
 * What an entry of the V2 logs says of its client
 * (https://docs.aws.amazon.com/iot/latest/developerguide/cwl-format.html); an entry may name several filters.
 */
export function signalsOfLog(entry: unknown, place: FeedPlace): readonly Signal[] {
  if (!isRecord(entry) || typeof entry.clientId !== 'string') return [];
  const at = logTime(entry.timestamp);
  if (at === undefined) return [];
  const from = { at, clientId: entry.clientId };
  const allowed = entry.status === 'Success';
  const denied = /authorization/i.test(`${text(entry.reason)} ${text(entry.details)}`);
  if (entry.eventType === 'Connect') {
    if (allowed) return [{ ...from, kind: 'connected' }];
    return denied ? [{ ...from, kind: 'connectFailed', reason: text(entry.reason) }] : [];
  }
  if (entry.eventType === 'Disconnect')
    return [{ ...from, kind: 'disconnected', reason: text(entry.disconnectReason) }];
  const decision = DECISIONS[text(entry.eventType)];
  // A failure of another kind, a full queue for example, says nothing about rights.
  if (decision === undefined || (!allowed && !denied)) return acknowledgements(from, entry, allowed);
  const [action, kind] = decision;
  const arn = `arn:${place.partition}:iot:${place.region}:${place.accountId}:${kind}/`;
  return text(entry.topicName)
    .split(',')
    .filter((topic) => topic !== '')
    .map((topic) => ({ ...from, kind: 'request', action, resource: `${arn}${topic}`, allowed }));
}

/** A device that reports its shadow or a job is alive from end to end. */
function acknowledgements(
  from: Pick<Signal, 'at' | 'clientId'>,
  entry: Readonly<Record<string, unknown>>,
  allowed: boolean,
): readonly Signal[] {
  const answers = ['UpdateThingShadow', 'UpdateJobExecution'];
  return allowed && answers.includes(text(entry.eventType)) ? [{ ...from, kind: 'acknowledged' }] : [];
}

/** `YYYY-MM-DD HH:MM:SS.mmm` in UTC. */
function logTime(value: unknown): number | undefined {
  const at = typeof value === 'string' ? Date.parse(`${value.replace(' ', 'T')}Z`) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
