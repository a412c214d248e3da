import { describe, expect, test } from 'vitest';
import { signalOfEvent, signalsOfLog } from '../../../operator/controllers/policyrollout/gates/feeds.ts';
import { createSignalBook, requestKey } from '../../../operator/controllers/policyrollout/gates/signals.ts';

const PLACE = { partition: 'aws', region: 'us-east-1', accountId: '123456789012' };
const ARN = 'arn:aws:iot:us-east-1:123456789012';
const AT = Date.UTC(2026, 0, 1);

describe('lifecycle events', () => {
  const base = { clientId: 'press-1', timestamp: AT };
  test.each([
    ['a connect', { ...base, eventType: 'connected' }, { kind: 'connected' }],
    [
      'an end with its reason',
      { ...base, eventType: 'disconnected', disconnectReason: 'AUTH_ERROR' },
      { kind: 'disconnected', reason: 'AUTH_ERROR' },
    ],
    [
      'a refused connect',
      { ...base, eventType: 'connect_failed', connectFailureReason: 'AUTHORIZATION_FAILED' },
      { kind: 'connectFailed', reason: 'AUTHORIZATION_FAILED' },
    ],
  ])('%s', (_reason, event, content) => {
    expect(signalOfEvent(event)).toEqual({ at: AT, clientId: 'press-1', ...content });
  });

  test.each([
    ['another type', { ...base, eventType: 'subscribed' }],
    ['no client id', { timestamp: AT, eventType: 'connected' }],
    ['a time that is none', { ...base, timestamp: 'now', eventType: 'connected' }],
    ['no record', 'connected'],
  ])('%s is no evidence', (_reason, event) => {
    expect(signalOfEvent(event)).toBeUndefined();
  });
});

describe('V2 log entries', () => {
  const base = { clientId: 'press-1', timestamp: '2026-01-01 00:00:00.000', status: 'Success' };
  const request = (action: string, resource: string, allowed = true) => ({
    at: AT,
    clientId: 'press-1',
    kind: 'request',
    action,
    resource: `${ARN}:${resource}`,
    allowed,
  });
  const refused = { ...base, status: 'Failure', reason: 'AUTHORIZATION_FAILURE' };
  test.each([
    ['a publish', { ...base, eventType: 'Publish-In', topicName: 't/1' }, [request('iot:Publish', 'topic/t/1')]],
    [
      'a refused publish',
      { ...refused, eventType: 'Publish-In', topicName: 't/1' },
      [request('iot:Publish', 'topic/t/1', false)],
    ],
    ['a delivery', { ...base, eventType: 'Publish-Out', topicName: 't/1' }, [request('iot:Receive', 'topic/t/1')]],
    [
      'two filters at once',
      { ...base, eventType: 'Subscribe', topicName: 'a/+,b' },
      [request('iot:Subscribe', 'topicfilter/a/+'), request('iot:Subscribe', 'topicfilter/b')],
    ],
    [
      'a failure that is none of rights',
      { ...base, status: 'Failure', reason: 'THROTTLED', eventType: 'Publish-In', topicName: 't' },
      [],
    ],
    [
      'a reported job',
      { ...base, eventType: 'UpdateJobExecution' },
      [{ at: AT, clientId: 'press-1', kind: 'acknowledged' }],
    ],
    ['an entry without a client', { ...base, clientId: undefined, eventType: 'Connect' }, []],
    ['a time that is none', { ...base, timestamp: 'soon', eventType: 'Connect' }, []],
  ])('%s', (_reason, entry, signals) => {
    expect(signalsOfLog(entry, PLACE)).toEqual(signals);
  });
});

describe('the signal book', () => {
  const query = { account: 'a', clientIds: ['press-1'], since: AT, usedBefore: AT, lifeline: new Set<string>() };
  const publish = (at: number, allowed: boolean) =>
    ({ at, clientId: 'press-1', kind: 'request', action: 'iot:Publish', resource: 'x', allowed }) as const;

  test('a denied request counts as used only when it was allowed before the change', () => {
    const book = createSignalBook({ now: () => AT + 10 });
    book.record('a', publish(AT - 5, true));
    book.record('a', publish(AT + 5, false));
    expect(book.evidence(query).denied).toEqual([{ action: 'iot:Publish', resource: 'x', need: 'used' }]);
    const other = createSignalBook({ now: () => AT + 10 });
    other.record('a', publish(AT + 5, false));
    expect(other.evidence(query).denied[0]?.need).toBe('other');
    const lifeline = new Set([requestKey('iot:Publish', 'x')]);
    expect(other.evidence({ ...query, lifeline }).denied[0]?.need).toBe('lifeline');
  });

  test('what was heard before the time asked for, or of another account, is no evidence', () => {
    const book = createSignalBook({ now: () => AT + 10 });
    book.record('a', publish(AT - 1, true));
    book.record('b', publish(AT + 1, true));
    expect(book.evidence(query).allowedPublishes).toBe(0);
  });

  test('a signal from the future makes no asset look alive for ever', () => {
    const book = createSignalBook({ now: () => AT });
    book.record('a', { at: AT + 1e9, clientId: 'press-1', kind: 'connected' });
    expect(book.contact({ account: 'a', clientIds: ['press-1'] })).toEqual({ connected: true, lastAt: AT });
  });

  test('a refused connect is no contact', () => {
    const book = createSignalBook({ now: () => AT });
    book.record('a', { at: AT, clientId: 'press-1', kind: 'connectFailed', reason: 'AUTHORIZATION_FAILED' });
    expect(book.contact({ account: 'a', clientIds: ['press-1'] })).toEqual({ connected: false, lastAt: undefined });
  });
});
