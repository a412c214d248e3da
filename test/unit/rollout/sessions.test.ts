import { describe, expect, test } from 'vitest';
import {
  type KnownClient,
  type Outlook,
  olderSessions,
  sessionOutlook,
  sessionProblem,
  storedSessions,
} from '../../../operator/rollout/sessions.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = 1_000 * HOUR;
const SINCE = NOW - HOUR;

function client(more: Partial<KnownClient> = {}): KnownClient {
  const connects = more.connects ?? [NOW - 3 * HOUR];
  return {
    clientId: 'press-1',
    connected: true,
    stateAt: connects.at(-1) ?? NOW,
    lastSubscribe: 0,
    foreign: false,
    ...more,
    connects,
  };
}

describe('R14: which sessions are older than the change', () => {
  test.each<{ reason: string; clients: KnownClient[]; before?: string[]; older: string[] }>([
    { reason: 'connected since before it', clients: [client()], older: ['press-1'] },
    { reason: 'connected anew', clients: [client({ connects: [NOW - 3 * HOUR, SINCE] })], older: [] },
    { reason: 'not connected: there is no session to use', clients: [client({ connected: false })], older: [] },
    {
      reason: 'connected, since when nobody knows',
      clients: [client({ connects: [], stateAt: NOW })],
      older: ['press-1'],
    },
    {
      reason: 'after a restart nobody has heard of it: what was known stays',
      clients: [],
      before: ['press-1'],
      older: ['press-1'],
    },
    {
      reason: 'what was known ended after the change',
      clients: [client({ connected: false, stateAt: SINCE })],
      before: ['press-1'],
      older: [],
    },
    {
      reason: 'its end before the change says nothing about the session that was seen later',
      clients: [client({ connected: false, stateAt: SINCE - 1 })],
      before: ['press-1'],
      older: ['press-1'],
    },
    {
      reason: 'one feed did not tell the certificate, the other has seen it connect anew',
      clients: [client(), client({ connects: [SINCE] })],
      older: [],
    },
    { reason: 'another certificate holds the client id now', clients: [client({ foreign: true })], older: [] },
  ])('$reason', ({ clients, before, older }) => {
    expect(olderSessions(clients, SINCE, before)).toEqual(older);
  });

  test('Purge reaches a stored session that waits for a device, and never one of another certificate', () => {
    const away = client({ connected: false });
    expect(storedSessions([away], SINCE)).toEqual(['press-1']);
    expect(storedSessions([{ ...away, foreign: true }], SINCE)).toEqual([]);
    expect(storedSessions([client({ connects: [SINCE] })], SINCE)).toEqual([]);
  });
});

describe('R14: when a change is in force for sessions', () => {
  const connect = { connect: true, subscribe: false };
  const subscribe = { connect: false, subscribe: true };
  test.each<{ reason: string; clients: KnownClient[]; needs: typeof connect; outlook: Outlook }>([
    {
      reason: 'nothing that a session outlives',
      clients: [client()],
      needs: { connect: false, subscribe: false },
      outlook: { kind: 'now' },
    },
    {
      reason: 'the longest gap between connects',
      clients: [client({ connects: [NOW - 9 * HOUR, NOW - 4 * HOUR, NOW - HOUR] })],
      needs: connect,
      outlook: { kind: 'within', ms: 5 * HOUR },
    },
    {
      reason: 'the session of now is the longest yet',
      clients: [client({ connects: [NOW - 9 * HOUR, NOW - 8 * HOUR] })],
      needs: connect,
      outlook: { kind: 'within', ms: 8 * HOUR },
    },
    {
      reason: 'one connect is a lower bound and no habit',
      clients: [client()],
      needs: connect,
      outlook: { kind: 'later', ms: 3 * HOUR },
    },
    { reason: 'nobody is connected', clients: [], needs: connect, outlook: { kind: 'unknown' } },
    {
      reason: 'it connected and did not subscribe: it lives on its stored session',
      clients: [client({ lastSubscribe: NOW - 9 * HOUR })],
      needs: subscribe,
      outlook: { kind: 'never', clientId: 'press-1' },
    },
    {
      reason: 'it has just connected and may still subscribe',
      clients: [client({ connects: [NOW - HOUR, NOW - 1_000], lastSubscribe: NOW - HOUR })],
      needs: subscribe,
      outlook: { kind: 'within', ms: HOUR - 1_000 },
    },
  ])('$reason', ({ clients, needs, outlook }) => {
    expect(sessionOutlook(clients, needs, NOW)).toEqual(outlook);
  });

  const wait = { mode: 'Wait', silenceMs: 2 * HOUR } as const;
  test.each<{ reason: string; outlook: Outlook; plan: Parameters<typeof sessionProblem>[1]; problem?: RegExp }>([
    { reason: 'it connects in time', outlook: { kind: 'within', ms: 2 * HOUR }, plan: wait },
    {
      reason: 'it connects too seldom',
      outlook: { kind: 'within', ms: 24 * HOUR },
      plan: wait,
      problem: /sessions last 24 h.*silenceDeadline of 2 h.*Reconnect/,
    },
    {
      reason: 'its session has lasted longer than the deadline already',
      outlook: { kind: 'later', ms: 3 * HOUR },
      plan: wait,
      problem: /session has lasted 3 h/,
    },
    { reason: 'what is not known refuses nothing', outlook: { kind: 'unknown' }, plan: wait },
    {
      reason: 'under Reconnect nobody waits for a connect',
      outlook: { kind: 'within', ms: 24 * HOUR },
      plan: { ...wait, mode: 'Reconnect' },
    },
    {
      reason: 'a new connection does not end a stored subscription',
      outlook: { kind: 'never', clientId: 'press-1' },
      plan: { ...wait, mode: 'Reconnect' },
      problem: /stored session.*Purge/,
    },
    {
      reason: 'Purge ends it',
      outlook: { kind: 'never', clientId: 'press-1' },
      plan: { ...wait, mode: 'Purge' },
    },
  ])('$reason', ({ outlook, plan, problem }) => {
    const said = sessionProblem(outlook, plan);
    if (problem === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(problem);
  });
});
