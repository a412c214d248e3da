import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Schedule } from '../../../operator/sandbox/state/heap.ts';

it('a schedule gives out what is due by time, each at the time that was set last, whatever was set and taken before', () => {
  const command = fc.oneof(
    { weight: 4, arbitrary: fc.record({ set: fc.nat(20), at: fc.option(fc.nat(50), { nil: undefined }) }) },
    { weight: 1, arbitrary: fc.record({ now: fc.nat(50) }) },
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 400 }), (commands) => {
      const schedule = new Schedule<number>();
      const model = new Map<number, number>();
      for (const step of commands) {
        if ('set' in step) {
          schedule.set(step.set, step.at);
          if (step.at === undefined) model.delete(step.set);
          else model.set(step.set, step.at);
        } else {
          const taken: number[] = [];
          for (let one = schedule.take(step.now); one !== undefined; one = schedule.take(step.now)) taken.push(one);
          const due = [...model].filter(([, at]) => at <= step.now);
          expect([...taken].sort((a, b) => a - b)).toEqual(due.map(([value]) => value).sort((a, b) => a - b));
          const times = taken.map((value) => model.get(value) ?? Number.NaN);
          expect(times).toEqual([...times].sort((a, b) => a - b));
          for (const value of taken) model.delete(value);
        }
        expect(schedule.next()).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
      }
    }),
  );
});
