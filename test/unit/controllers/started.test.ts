import { expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { forgetShown, type Moment } from '../../../operator/controllers/policyrollout/asset/started.ts';

const ROLLOUT = 'base-1';
const RETRIED = '2026-01-01T00:00:10.000Z';

interface Row {
  readonly reason: string;
  readonly record?: object;
  readonly moment?: Partial<
    Record<'unable' | 'isIn' | 'kept' | 'skipped' | 'elsewhere' | 'ready' | 'handedOver', boolean>
  >;
  /** `kept`: its place; `free`: its place goes to others, and it is told so; `shown`: its record speaks for it. */
  readonly want: 'kept' | 'free' | 'shown';
}

const state = (name: string, more = {}) => ({ name: ROLLOUT, state: name, since: '2026-01-01T00:00:00.000Z', ...more });

const rows: readonly Row[] = [
  { reason: 'whoever may begin unseen has its place', want: 'kept' },
  {
    reason: 'also when its record speaks of an earlier rollout',
    record: { name: 'old', state: 'Succeeded' },
    want: 'kept',
  },
  {
    reason: 'whose own reconcile does not come so far for long gives it to others',
    moment: { unable: true },
    want: 'free',
  },
  {
    reason: 'not while it takes its step: it may begin at this moment, and nobody else must then',
    moment: { unable: true, isIn: true },
    want: 'kept',
  },
  { reason: 'one that is held says itself that it has not begun', moment: { kept: true }, want: 'kept' },
  {
    reason: 'and then its place is free',
    record: state('Deferred'),
    moment: { kept: true, ready: true },
    want: 'free',
  },
  {
    reason: 'what was left expanded goes on when it can be watched',
    record: state('Deferred'),
    moment: { ready: true },
    want: 'kept',
  },
  { reason: 'and gives its place back when it cannot', record: state('Deferred'), want: 'free' },
  {
    reason: 'a member whose group was handed over goes on without being watched first',
    record: state('Deferred', { waitsForGroup: 'presses' }),
    moment: { handedOver: true },
    want: 'kept',
  },
  {
    reason: 'unless its own reconcile does not come so far',
    record: state('Deferred', { waitsForGroup: 'presses' }),
    moment: { handedOver: true, unable: true },
    want: 'free',
  },
  { reason: 'who is tried again has a place', record: state('RolledBack'), want: 'kept' },
  {
    reason: 'and gives it back when it cannot begin',
    record: state('RolledBack'),
    moment: { unable: true },
    want: 'free',
  },
  {
    reason: 'who went back since is not told to go on, although it takes a step at this moment',
    record: state('RolledBack', { since: '2026-01-01T00:00:20.000Z' }),
    moment: { isIn: true },
    want: 'free',
  },
  {
    reason: 'who has begun counts by its record, and is not told to stop',
    record: state('Expanding'),
    moment: { unable: true },
    want: 'shown',
  },
  { reason: 'whom people left out has no place', moment: { skipped: true }, want: 'free' },
  { reason: 'with whom another rollout was faster has no place here', moment: { elsewhere: true }, want: 'free' },
];

test.each(rows)('$reason', ({ record, moment = {}, want }) => {
  const device = { metadata: { name: 'press-1' }, spec: {}, status: { rollout: record } } as unknown as Device;
  const withdrawn: string[] = [];
  const is = (name: keyof NonNullable<Row['moment']>) => () => moment[name] === true;
  const asked: Moment = {
    rollout: ROLLOUT,
    retriedAt: RETRIED,
    handedOver: moment.handedOver === true,
    ready: () => (moment.ready === true ? 'yes' : 'no'),
    skipped: is('skipped'),
    elsewhere: is('elsewhere'),
    unable: is('unable'),
    isIn: is('isIn'),
    kept: is('kept'),
    withdraw: ({ metadata }) => withdrawn.push(metadata.name),
  };
  const started = new Set(['press-1']);
  forgetShown({ started, arming: new Set() }, [device], asked);
  expect({ started: [...started], withdrawn }).toEqual({
    started: want === 'kept' ? ['press-1'] : [],
    withdrawn: want === 'free' ? ['press-1'] : [],
  });
});
