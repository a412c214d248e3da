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
  if (content === undefined) return undefined;
  return { at: event.timestamp, clientId: event.clientId, ...principalOf(event.principalIdentifier), ...content };
}

function contentOfEvent(event: Readonly<Record<string, unknown>>): SignalContent | undefined {
  const session = typeof event.sessionIdentifier === 'string' ? { session: event.sessionIdentifier } : {};
  switch (event.eventType) {
    case 'connected':
      return { kind: 'connected', ...session };
    case 'disconnected':
      return { kind: 'disconnected', reason: text(event.disconnectReason), ...session };
    case 'connect_failed':
      return { kind: 'connectFailed', reason: text(event.connectFailureReason) };
    default:
      return undefined;
  }
}

const PRESENCE = /^\$aws\/events\/presence\/(?:connected|disconnected|connect_failed)\/(?<clientId>.+)$/;
const SUBSCRIBED = /^\$aws\/events\/subscriptions\/subscribed\/(?<clientId>.+)$/;
/** Ends of a job execution that a device reports itself; the others are timers and people. */
const REPORTED_JOB = /^\$aws\/events\/jobExecution\/[^/]+\/(?:succeeded|failed|rejected)$/;

/**
 * What a message of the queue says. The topic, which the rule adds (`topic() AS topic`), has to be one that only AWS
 * publishes on and has to name the client that the text names: a rule that hands on what devices publish must not let a
 * device speak for itself, let alone for others.
 */
export function signalsOfMessage(body: unknown, place: FeedPlace): readonly Signal[] {
  if (!isRecord(body)) return [];
  const topic = text(body.topic);
  const client = (PRESENCE.exec(topic) ?? SUBSCRIBED.exec(topic))?.groups?.clientId;
  if (client !== undefined && client !== body.clientId) return [];
  if (PRESENCE.test(topic)) {
    const signal = signalOfEvent(body);
    return signal === undefined ? [] : [signal];
  }
  if (SUBSCRIBED.test(topic)) return subscriptions(body, place);
  return REPORTED_JOB.test(topic) ? jobReport(body) : [];
}

function subscriptions(body: Readonly<Record<string, unknown>>, place: FeedPlace): readonly Signal[] {
  const { clientId, timestamp, topics } = body;
  if (typeof clientId !== 'string' || typeof timestamp !== 'number' || !Array.isArray(topics)) return [];
  const from = { at: timestamp, clientId, ...principalOf(body.principalIdentifier) };
  return topics
    .filter((filter): filter is string => typeof filter === 'string')
    .map((filter) => ({
      ...from,
      kind: 'request',
      action: 'iot:Subscribe',
      resource: `${arnPrefix(place)}topicfilter/${filter}`,
      allowed: true,
    }));
}

/** Names a thing and no client: it is told under the thing's name. */
function jobReport({ thingArn, timestamp }: Readonly<Record<string, unknown>>): readonly Signal[] {
  const thing = /:thing\/(?<thing>[^/]+)$/.exec(text(thingArn))?.groups?.thing;
  if (thing === undefined || typeof timestamp !== 'number') return [];
  // Job events carry seconds where others carry milliseconds.
  const at = timestamp < 1e11 ? timestamp * 1_000 : timestamp;
  return [{ at, clientId: thing, kind: 'acknowledged' }];
}

function principalOf(id: unknown): Pick<Signal, 'principal'> {
  return typeof id === 'string' && id !== '' ? { principal: id } : {};
}

const arnPrefix = ({ partition, region, accountId }: FeedPlace): string =>
  `arn:${partition}:iot:${region}:${accountId}:`;

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
  const from = { at, clientId: entry.clientId, ...principalOf(entry.principalId) };
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
  const [decided, kind] = decision;
  // A refused retained message may have lacked either right; the plain one must not be taken for missing.
  const action = decided === 'iot:Publish' && !allowed && isTrue(entry.retain) ? 'iot:RetainPublish' : decided;
  const sourceIp = typeof entry.sourceIp === 'string' ? { sourceIp: entry.sourceIp } : {};
  return text(entry.topicName)
    .split(',')
    .filter((topic) => topic !== '')
    .flatMap((topic): readonly Signal[] => {
      const resource = `${arnPrefix(place)}${kind}/${topic}`;
      const request = { ...from, kind: 'request', resource, allowed, ...sourceIp } as const;
      // A retained message that went through used both rights.
      const both = decided === 'iot:Publish' && allowed && isTrue(entry.retain);
      return [{ ...request, action }, ...(both ? [{ ...request, action: 'iot:RetainPublish' }] : [])];
    });
}

/** A device that reports its shadow or a job is alive from end to end. */
function acknowledgements(
  from: Pick<Signal, 'at' | 'clientId' | 'principal'>,
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

const isTrue = (value: unknown): boolean => /^true$/i.test(String(value));

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
