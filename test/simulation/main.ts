import { configOf, scheduleOf } from './schedule.ts';
import { simulate } from './simulate.ts';

const [first = '1', count = '1', size] = process.argv.slice(2);
const started = performance.now();
let steps = 0;
for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  const config = configOf(seed, size === undefined ? undefined : Number(size));
  const t0 = performance.now();
  const outcome = await simulate(config, scheduleOf(config));
  steps += outcome.steps;
  const { story, violations, ...rest } = outcome;
  console.log(
    JSON.stringify({
      ...rest,
      n: config.lives.length,
      ms: Math.round(performance.now() - t0),
      violations: violations.map(({ invariant, text }) => `${invariant}: ${text}`),
    }),
  );
  if (violations.length > 0 || process.env.STORY) console.log(story.slice(-Number(process.env.TAIL ?? 60)).join('\n'));
}
console.log(`${steps} steps in ${Math.round(performance.now() - started)} ms`);
