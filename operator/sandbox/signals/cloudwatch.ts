import type { CallContext } from '../context.ts';
import { awsError } from '../errors.ts';
import { family } from '../operations.ts';
import { SETTINGS } from '../state/settings.ts';
import { type FilterPattern, parsePattern } from './filter-pattern.ts';
import { type StoredLog, V2_LOGS } from './v2-logs.ts';

/** The group that AWS IoT's V2 logs go to (configure-logging). */
const LOG_GROUP = 'AWSIotLogsV2';
const MAX_EVENTS = 10_000;

const badParameter = (message: string) => awsError('InvalidParameterException', message);

/** The entries of the group that a call names; AWS creates it with the first V2 logging options. */
function entriesOf(
  context: CallContext,
  group: { readonly name?: string | undefined; readonly id?: string | undefined },
) {
  const name = group.name ?? group.id?.replace(/^arn:[^:]+:logs:[^:]+:\d+:log-group:/, '').replace(/:\*$/, '');
  const logs = context.slice(V2_LOGS);
  const exists = context.slice(SETTINGS).logging !== undefined || logs.from(0).length > 0;
  if (name !== LOG_GROUP || !exists) {
    throw awsError('ResourceNotFoundException', 'The specified log group does not exist.');
  }
  return logs;
}

interface Window {
  readonly from: number | undefined;
  readonly to: number | undefined;
}

const within = ({ at }: StoredLog, { from, to }: Window) => at >= (from ?? 0) && at < (to ?? Number.POSITIVE_INFINITY);

function tokenSequence(token: string | undefined, kinds: string): number | undefined {
  if (token === undefined) return undefined;
  const match = new RegExp(`^[${kinds}]/(\\d+)$`).exec(token);
  if (!match) throw badParameter('The specified nextToken is invalid.');
  return Number(match[1]);
}

const output = (entry: StoredLog) => ({
  timestamp: entry.at,
  message: JSON.stringify(entry.fields),
  ingestionTime: entry.at,
});

export const cloudWatchLogs = family('logs', {
  DescribeLogGroups(context, input) {
    const wanted =
      LOG_GROUP.startsWith(input.logGroupNamePrefix ?? '') && context.slice(SETTINGS).logging !== undefined;
    const arn = context.scope.arn(`log-group:${LOG_GROUP}:*`, 'logs');
    return { logGroups: wanted ? [{ logGroupName: LOG_GROUP, arn, storedBytes: 0 }] : [] };
  },

  DescribeLogStreams(context, input) {
    const logs = entriesOf(context, { name: input.logGroupName, id: input.logGroupIdentifier });
    const streams = new Map<string, { first: number; last: number }>();
    for (const { stream, at } of logs.from(0)) {
      const known = streams.get(stream);
      streams.set(stream, { first: known?.first ?? at, last: at });
    }
    const names = [...streams.keys()].filter((n) => n.startsWith(input.logStreamNamePrefix ?? '')).sort();
    const start = tokenSequence(input.nextToken, 's') ?? 0;
    const limit = input.limit ?? 50;
    const page = names.slice(start, start + limit).map((logStreamName) => ({
      logStreamName,
      firstEventTimestamp: streams.get(logStreamName)?.first,
      lastEventTimestamp: streams.get(logStreamName)?.last,
    }));
    return { logStreams: page, ...(start + limit < names.length && { nextToken: `s/${start + limit}` }) };
  },

  FilterLogEvents(context, input) {
    const logs = entriesOf(context, { name: input.logGroupName, id: input.logGroupIdentifier });
    const pattern: FilterPattern | undefined = parsePattern(input.filterPattern ?? '');
    if (!pattern) throw badParameter('Invalid filter pattern');
    const streams = input.logStreamNames && new Set(input.logStreamNames);
    const limit = input.limit ?? MAX_EVENTS;
    const events = [];
    let next: number | undefined;
    for (const entry of logs.from(tokenSequence(input.nextToken, 'q') ?? 0)) {
      if (!within(entry, { from: input.startTime, to: input.endTime && input.endTime + 1 })) continue;
      if (streams && !streams.has(entry.stream)) continue;
      const message = JSON.stringify(entry.fields);
      if (input.logStreamNamePrefix !== undefined && !entry.stream.startsWith(input.logStreamNamePrefix)) continue;
      if (!pattern(message, entry.fields)) continue;
      if (events.length === limit) {
        next = entry.sequence;
        break;
      }
      events.push({ ...output(entry), logStreamName: entry.stream, eventId: String(entry.sequence).padStart(56, '0') });
    }
    return { events, searchedLogStreams: [], ...(next !== undefined && { nextToken: `q/${next}` }) };
  },

  GetLogEvents(context, input) {
    const logs = entriesOf(context, { name: input.logGroupName, id: input.logGroupIdentifier });
    const entries = logs.from(0).filter((e) => e.stream === input.logStreamName);
    if (entries.length === 0) throw awsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    const inWindow = entries.filter((e) => within(e, { from: input.startTime, to: input.endTime }));
    const limit = input.limit ?? MAX_EVENTS;
    const token = tokenSequence(input.nextToken, 'fb');
    const backward = input.nextToken?.startsWith('b') ?? !(input.startFromHead ?? false);
    const candidates =
      token === undefined ? inWindow : inWindow.filter((e) => (backward ? e.sequence < token : e.sequence >= token));
    const page = backward ? candidates.slice(-limit) : candidates.slice(0, limit);
    const first = page[0]?.sequence ?? token ?? 0;
    const after = page.length > 0 ? (page.at(-1)?.sequence ?? 0) + 1 : (token ?? first);
    return { events: page.map(output), nextForwardToken: `f/${after}`, nextBackwardToken: `b/${first}` };
  },
});
