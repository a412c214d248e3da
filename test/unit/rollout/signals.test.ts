import { describe, expect, test } from 'vitest';
import { watchable } from '../../../operator/controllers/policyrollout/asset/ready.ts';
import { signalsOfLog, signalsOfMessage } from '../../../operator/controllers/policyrollout/gates/feeds.ts';
import {
  createSignalBook,
  type EvidenceQuery,
  requestKey,
  type Signal,
  type SignalContent,
} from '../../../operator/controllers/policyrollout/gates/signals.ts';
import { judge } from '../../../operator/rollout/verdict.ts';

const AT = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const PLACE = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' };
const OWN = 'c'.repeat(64);
const OTHER = 'd'.repeat(64);
const ASSET = { account: 'a', clientIds: ['press-1'], certificates: [OWN], thingName: 'press-1' };
const QUERY: EvidenceQuery = { ...ASSET, since: AT, usedBefore: AT, lifeline: new Set<string>() };

function book(now = AT + 10 * MINUTE) {
  const clock = { time: now, now: () => clock.time };
  const made = createSignalBook(clock);
  const say = (content: SignalContent, more: Partial<Signal> = {}) =>
    made.record('a', { at: AT + MINUTE, clientId: 'press-1', principal: OWN, ...content, ...more } as Signal);
  return { book: made, clock, say };
}
const request = (resource: string, allowed: boolean): SignalContent => ({
  kind: 'request',
  action: 'iot:Publish',
  resource: `${ARN}topic/${resource}`,
  allowed,
});
const key = (resource: string) => requestKey('iot:Publish', `${ARN}topic/${resource}`);

describe('whose signals they are', () => {
  test('R17: connects that another certificate is refused under this client id fail nobody', () => {
    const { book: b, say } = book();
    say({ kind: 'connectFailed', reason: 'AUTHORIZATION_FAILED' }, { principal: OTHER });
    expect(b.evidence(QUERY).connectFailures).toBe(0);
    say({ kind: 'connectFailed', reason: 'AUTHORIZATION_FAILED' });
    expect(b.evidence(QUERY).connectFailures).toBe(1);
  });

  test('what another certificate does is no proof that this asset is well', () => {
    const { book: b, say } = book();
    say({ kind: 'connected' }, { principal: OTHER });
    say({ kind: 'acknowledged' }, { principal: 'AIDAPERSON' });
    expect(b.evidence(QUERY)).toMatchObject({ newConnects: 0, acknowledgements: 0 });
    expect(b.contact(ASSET)).toEqual({ connected: false, lastAt: undefined });
  });

  test('under a pattern the ids that its certificates were seen with count', () => {
    const { book: b, say } = book();
    say({ kind: 'connected' }, { clientId: 'gw-17' });
    const gateway = { ...QUERY, clientIds: ['gw-*'] };
    expect(b.evidence(gateway).newConnects).toBe(1);
    expect(b.evidence({ ...gateway, clientIds: ['hub-*'] }).newConnects).toBe(0);
  });
});

describe('R10: what keeps an asset from being contracted', () => {
  const moment = { contactWithinMs: 15 * MINUTE, settleMs: 8 * MINUTE, now: AT + 10 * MINUTE };
  const whyNot = (b: ReturnType<typeof createSignalBook>, asset: Parameters<typeof watchable>[1]) => {
    const permission = watchable(b, asset, moment);
    return permission.yes ? 'allowed' : permission.why;
  };

  test('a certificate seen with an undeclared client id; a refused try is no use of one', () => {
    const { book: b, say } = book();
    say({ kind: 'connected' });
    say({ kind: 'connectFailed', reason: 'AUTHORIZATION_FAILED' }, { clientId: 'press-2' });
    expect(whyNot(b, ASSET)).toBe('allowed');
    say({ kind: 'connected' }, { clientId: 'laptop' });
    expect(whyNot(b, ASSET)).toMatch(/under the client id laptop, which is not declared/);
    expect(whyNot(b, { ...ASSET, clientIds: ['press-1', 'lap*'] })).toBe('allowed');
  });

  test('no client id that is known', () => {
    const { book: b, say } = book();
    expect(whyNot(b, { ...ASSET, clientIds: [] })).toMatch(/no client id of it is known/);
    expect(whyNot(b, { ...ASSET, clientIds: ['gw-*'] })).toMatch(/no client id of it is known \(declared: gw-\*\)/);
    say({ kind: 'connected' }, { clientId: 'gw-1' });
    expect(whyNot(b, { ...ASSET, clientIds: ['gw-*'] })).toBe('allowed');
  });

  test('a source that is out of date, or none that tells of it', () => {
    const { book: b, say } = book();
    say({ kind: 'connected' });
    b.report('a', 'logs', { readTo: AT, maxAgeMs: MINUTE });
    expect(whyNot(b, ASSET)).toMatch(/the signal logs is out of date/);
    b.report('a', 'logs', { readTo: AT, maxAgeMs: MINUTE, unavailable: 'switched off' });
    expect(whyNot(b, ASSET)).toMatch(/AWS gives no signal of it/);
    b.report('a', 'lifecycle', { readTo: AT + 9.5 * MINUTE, maxAgeMs: MINUTE });
    expect(whyNot(b, ASSET)).toBe('allowed');
    // AWS tells no lifecycle events of a Greengrass core: unavailable, whatever the reader says of itself.
    expect(whyNot(b, { ...ASSET, clientIds: ['core#2'], certificates: [] })).toMatch(/AWS gives no signal of it/);
  });
});

describe('what is remembered', () => {
  test('neither a busy device nor a flood of other denials hides the one that weighs', () => {
    const { book: b, say } = book();
    say(request('used', true), { at: AT - MINUTE });
    b.guard('a', 'rollout', new Set([key('lifeline')]));
    for (let i = 0; i < 500; i += 1) say(request(`junk-${i}`, false));
    say(request('used', false));
    say(request('lifeline', false));
    for (let i = 0; i < 5_000; i += 1) say(request('telemetry', true));
    const { denied } = b.evidence({ ...QUERY, lifeline: new Set([key('lifeline')]) });
    expect(denied.filter(({ need }) => need !== 'other').map(({ need }) => need)).toEqual(['used', 'lifeline']);
    expect(denied.length).toBeLessThan(50);
  });

  test('a request counts as used for 14 days', () => {
    const { book: b, say } = book();
    say(request('old', true), { at: AT - 15 * DAY });
    say(request('new', true), { at: AT - 13 * DAY });
    say(request('old', false));
    say(request('new', false));
    expect(b.evidence(QUERY).denied.map(({ need }) => need)).toEqual(['other', 'used']);
    expect(b.used(ASSET, AT - 14 * DAY).map(({ resource }) => resource)).toEqual([`${ARN}topic/new`]);
  });

  test('events come twice and in any order: the end of a session that another replaced is no end', () => {
    const { book: b, say } = book();
    say({ kind: 'connected', session: 's2' }, { at: AT + 2 * MINUTE });
    say({ kind: 'disconnected', reason: 'DUPLICATE_CLIENTID', session: 's1' }, { at: AT + 3 * MINUTE });
    say({ kind: 'disconnected', reason: 'CONNECTION_LOST', session: 's2' }, { at: AT + MINUTE });
    say({ kind: 'connected', session: 's2' }, { at: AT + 2 * MINUTE });
    expect(b.contact(ASSET).connected).toBe(true);
    say({ kind: 'disconnected', reason: 'CONNECTION_LOST', session: 's2' }, { at: AT + 4 * MINUTE });
    expect(b.contact(ASSET).connected).toBe(false);
    expect(b.attempts(ASSET, AT)).toEqual({ now: 1, refused: 0 });
  });

  test('whoever holds a certificate can invent client ids: they are bounded', () => {
    const { book: b, say } = book();
    for (let i = 0; i < 10_000; i += 1) say({ kind: 'connected' }, { clientId: `made-up-${i}` });
    expect(b.undeclared(ASSET, AT).length).toBeLessThanOrEqual(64);
  });

  test('status of an index is contact and no evidence', () => {
    const { book: b, say } = book();
    say({ kind: 'status', connected: true }, { principal: undefined });
    expect(b.contact(ASSET).connected).toBe(true);
    expect(
      judge(
        b.evidence(QUERY),
        { newConnect: false, freshSubscribe: false, delivery: false },
        { assets: 0, unhealthy: 0 },
      ),
    ).toMatchObject({
      verdict: 'inconclusive',
      reason: 'NoEvidence',
    });
  });
});

describe('R17: how a denial weighs', () => {
  const lifeline = new Set([key('alarms')]);

  test('what the policies of before denied as well proves nothing, not even in the lifeline', () => {
    const { book: b, say } = book();
    say(request('alarms', false));
    const ask = (allowed: boolean | undefined) =>
      b.evidence({ ...QUERY, lifeline, allowedBefore: () => allowed }).denied[0]?.need;
    expect([ask(true), ask(undefined), ask(false)]).toEqual(['lifeline', 'lifeline', 'other']);
  });

  test('a refused retained message is not the plain one', () => {
    const entry = {
      clientId: 'press-1',
      principalId: OWN,
      timestamp: '2026-01-01 00:01:00.000',
      eventType: 'Publish-In',
    };
    const refused = {
      ...entry,
      status: 'Failure',
      reason: 'AUTHORIZATION_FAILURE',
      topicName: 'alarms',
      retain: 'True',
    };
    const { book: b } = book();
    for (const signal of signalsOfLog(refused, PLACE)) b.record('a', signal);
    expect(b.evidence({ ...QUERY, lifeline }).denied).toEqual([
      { action: 'iot:RetainPublish', resource: `${ARN}topic/alarms`, need: 'other' },
    ]);
    // Who retained before the change is refused what it used.
    const before = { ...refused, status: 'Success', timestamp: '2025-12-31 23:00:00.000' };
    for (const signal of signalsOfLog(before, PLACE)) b.record('a', signal);
    expect(b.evidence({ ...QUERY, lifeline }).denied[0]?.need).toBe('used');
  });

  test('a session that AWS ended for a denied request is that denial, and no refused connect', () => {
    const { book: b, say } = book();
    const refusedEnd = { kind: 'disconnected', reason: 'AUTH_ERROR' } as const;
    say(refusedEnd);
    expect(b.evidence(QUERY).connectFailures).toBe(1);
    // The log that may explain it has not been read so far.
    b.report('a', 'logs', { readTo: AT + MINUTE, from: AT - DAY, maxAgeMs: DAY });
    expect(b.evidence(QUERY).connectFailures).toBe(0);
    b.report('a', 'logs', { readTo: AT + 5 * MINUTE, from: AT - DAY, maxAgeMs: DAY });
    expect(b.evidence(QUERY).connectFailures).toBe(1);
    say(request('debug', false));
    expect(b.evidence(QUERY)).toMatchObject({ connectFailures: 0, denied: [{ need: 'other' }] });
  });

  test('where nobody listened before the change, a denial leaves it open', () => {
    const { book: b, say } = book();
    b.report('a', 'logs', { readTo: AT + 10 * MINUTE, from: AT - MINUTE, maxAgeMs: MINUTE });
    say(request('debug', false));
    expect(b.evidence(QUERY).denied[0]?.need).toBe('unknown');
    expect(b.evidence({ ...QUERY, knownUse: new Set([key('debug')]) }).denied[0]?.need).toBe('used');
    expect(b.evidence({ ...QUERY, knownUse: new Set<string>() }).denied[0]?.need).toBe('other');
    b.report('a', 'logs', { readTo: AT + 10 * MINUTE, from: AT - DAY, maxAgeMs: MINUTE });
    expect(b.evidence(QUERY).denied[0]?.need).toBe('other');
  });
});

describe('messages of the queue', () => {
  const event = {
    clientId: 'press-1',
    timestamp: AT,
    eventType: 'connected',
    sessionIdentifier: 's',
    principalIdentifier: OWN,
    versionNumber: 0,
    topic: '$aws/events/presence/connected/press-1',
  };
  const heard = (body: unknown) => signalsOfMessage(body, PLACE).map(({ kind, clientId }) => `${kind} ${clientId}`);

  test.each([
    ['a lifecycle event', event, ['connected press-1']],
    ['without its topic anybody may have sent it', { ...event, topic: undefined }, []],
    ['on a topic of a device it is the device that speaks', { ...event, topic: 'telemetry/press-1' }, []],
    ['which names another client', { ...event, topic: '$aws/events/presence/connected/press-2' }, []],
    [
      'subscriptions',
      {
        ...event,
        eventType: 'subscribed',
        topics: ['a', 'b/#', 7],
        topic: '$aws/events/subscriptions/subscribed/press-1',
      },
      ['request press-1', 'request press-1'],
    ],
    [
      'a job that the device reported, in seconds',
      {
        eventType: 'JOB_EXECUTION',
        thingArn: `${ARN}thing/press-1`,
        timestamp: AT / 1_000,
        topic: '$aws/events/jobExecution/j1/succeeded',
      },
      ['acknowledged press-1'],
    ],
    [
      'a job that a timer ended is nobody’s word',
      { thingArn: `${ARN}thing/press-1`, timestamp: AT, topic: '$aws/events/jobExecution/j1/timed_out' },
      [],
    ],
    ['a record of CloudTrail', { source: 'aws.iot', detail: {} }, []],
    ['a text', 'connected', []],
    ['nothing', undefined, []],
  ])('%s', (_reason, body, signals) => {
    expect(heard(body)).toEqual(signals);
  });
});

describe('a clock that is set back by an hour', () => {
  const moment = { contactWithinMs: 15 * MINUTE, settleMs: 8 * MINUTE };
  const connected = () => {
    const made = book(AT + 60 * MINUTE);
    made.book.report('a', 'lifecycle', { readTo: AT + 60 * MINUTE, maxAgeMs: 5 * MINUTE });
    made.say({ kind: 'connected' }, { at: AT + 20 * MINUTE });
    expect(watchable(made.book, ASSET, { ...moment, now: made.clock.time }).yes).toBe(true);
    made.clock.time = AT;
    return made;
  };

  test('a device that leaves is not taken for one that is there', () => {
    const { book: b, clock, say } = connected();
    clock.time += MINUTE;
    say({ kind: 'disconnected', reason: 'CONNECTION_LOST' }, { at: clock.time });
    expect(b.contact(ASSET).connected).toBe(false);
    expect(watchable(b, ASSET, { ...moment, now: clock.time }).yes).toBe(false);
  });

  test('a device that nobody heard of since is not contracted', () => {
    const { book: b, clock } = connected();
    expect(b.contact(ASSET)).toEqual({ connected: false, lastAt: undefined });
    expect(watchable(b, ASSET, { ...moment, now: clock.time }).yes).toBe(false);
  });

  test('a signal that nobody reads any more is out of date soon, not in an hour', () => {
    const { book: b, clock } = connected();
    expect(b.healths(ASSET)).toEqual([{ name: 'lifecycle', health: 'fresh' }]);
    clock.time += 6 * MINUTE;
    expect(b.healths(ASSET)).toEqual([{ name: 'lifecycle', health: 'stale' }]);
  });

  test('a clock that is kept right by a second loses nothing', () => {
    const { book: b, clock, say } = book();
    say({ kind: 'connected' }, { at: clock.time });
    clock.time -= 1_000;
    expect(b.contact(ASSET).connected).toBe(true);
  });
});
