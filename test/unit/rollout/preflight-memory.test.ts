import { expect, test } from 'vitest';
import {
  createPreflightMemory,
  type Preflight,
} from '../../../operator/controllers/policyrollout/asset/preflight-memory.ts';

const MINUTE = 60_000;
const stopped = (at: number, why: string): Preflight => ({ at, permission: { yes: false, why }, said: why });
const fine = (at: number): Preflight => ({ at, permission: { yes: true }, said: 'AWS agrees' });

/** Minutes between the examinations when each comes to the next of these answers. */
function pauses(answers: readonly ((at: number) => Preflight)[]): readonly number[] {
  const memory = createPreflightMemory();
  let now = 0;
  return answers.map((answer) => {
    memory.keep('press-1', answer(now));
    const from = now;
    while (memory.known('press-1', now) !== undefined) now += MINUTE / 4;
    return Math.floor((now - from) / MINUTE);
  });
}
const lost = (at: number) => stopped(at, 'it would lose iot:Publish');
const refused = (at: number) => stopped(at, 'AWS denies iot:Publish');

test.each([
  {
    reason: 'an asset that stays stopped is told of ever more seldom',
    answers: Array(7).fill(lost),
    minutes: [1, 2, 4, 8, 16, 16, 16],
  },
  { reason: 'another obstacle is news', answers: [lost, lost, refused, refused], minutes: [1, 2, 1, 2] },
  { reason: 'what was fine for a while begins anew', answers: [lost, lost, fine, lost], minutes: [1, 2, 1, 1] },
])('$reason', ({ answers, minutes }) => {
  expect(pauses(answers)).toEqual(minutes);
});
