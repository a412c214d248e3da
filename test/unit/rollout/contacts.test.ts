import { describe, expect, test } from 'vitest';
import { createSignalBook } from '../../../operator/controllers/policyrollout/gates/signals.ts';
import { type Contacts, tooShort } from '../../../operator/rollout/contacts.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SETTLE = 10 * MINUTE;
const minutes = (current: number | undefined, ...past: number[]): Contacts => ({
  current: current === undefined ? undefined : current * MINUTE,
  past: past.map((each) => each * MINUTE),
});

describe('R15: whether a device stays long enough to be watched', () => {
  test.each<{ reason: string; contacts: Contacts; why?: RegExp }>([
    { reason: 'the contact of now has lasted for both settle times', contacts: minutes(20, 5, 5) },
    {
      reason: 'it comes for five minutes',
      contacts: minutes(4, 5, 5, 5),
      why: /3 of its last 3 contacts.*within 5 min.*20 min/,
    },
    {
      reason: 'one long contact, as at commissioning, is no habit',
      contacts: minutes(4, 600, 5),
      why: /1 of its last 2/,
    },
    { reason: 'it stays as a rule and was cut off once', contacts: minutes(1, 600, 5, 300) },
    {
      reason: 'what it did long ago does not count',
      contacts: minutes(4, 500, 500, 500, 500, 5, 5, 5, 5, 5, 5, 5, 5),
      why: /8 of its last 8/,
    },
    {
      reason: 'nothing is known yet, and it has just come',
      contacts: minutes(2),
      why: /not known yet.* 2 min of the 10 min/,
    },
    { reason: 'nothing is known yet, but it was there while the candidate settled', contacts: minutes(10) },
  ])('$reason', ({ contacts, why }) => {
    const said = tooShort(contacts, SETTLE);
    if (why === undefined) expect(said).toBeUndefined();
    else expect(said).toMatch(why);
  });
});

describe('what is heard of a contact', () => {
  const asset = { account: 'a', clientIds: ['p'] };
  function heard() {
    const clock = { time: 0, now: () => clock.time };
    const book = createSignalBook(clock);
    const at = (time: number, kind: 'connected' | 'acknowledged' | 'disconnected') => {
      clock.time = time;
      book.record('a', { at: time, clientId: 'p', kind, reason: 'CLIENT_INITIATED_DISCONNECT' } as never);
    };
    return { clock, book, at };
  }

  test('a connection that stays silent is one contact until it ends', () => {
    const { clock, book, at } = heard();
    at(HOUR, 'connected');
    clock.time = 3 * HOUR;
    expect(book.contacts(asset, 15 * MINUTE)).toEqual({ current: 2 * HOUR, past: [] });
    at(4 * HOUR, 'disconnected');
    clock.time = 9 * HOUR;
    expect(book.contacts(asset, 15 * MINUTE)).toEqual({ current: undefined, past: [3 * HOUR] });
  });

  test('a device that connects for a moment every ten minutes is in one long contact', () => {
    const { book, at } = heard();
    for (let i = 0; i < 12; i += 1) {
      at(i * 10 * MINUTE, 'connected');
      at(i * 10 * MINUTE + 1_000, 'disconnected');
    }
    expect(book.contacts(asset, 15 * MINUTE).current).toBe(110 * MINUTE + 1_000);
    expect(book.contacts(asset, 5 * MINUTE).past).toHaveLength(11);
  });
});
