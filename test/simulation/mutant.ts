import { MUTATIONS } from './mutations.ts';
import { simulate } from './simulate.ts';
import { CALM } from './words.ts';

const chosen = MUTATIONS[Number(process.env.MUTATION)];
// Without a mutation every world is run, and none of them may show anything.
const worlds = chosen === undefined ? MUTATIONS : [chosen];
const outcomes = [];
for (const { config, schedule } of worlds) outcomes.push(await simulate({ ...CALM, ...config }, schedule));
const violations = outcomes.flatMap((outcome) => outcome.violations);
const story = outcomes.flatMap((outcome) => outcome.story.slice(-80));
process.stdout.write(`${JSON.stringify({ violations, story })}\n`);
