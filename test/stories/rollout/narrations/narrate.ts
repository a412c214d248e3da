import { perform } from '../../../simulation/acts.ts';
import { Narrator } from '../../../simulation/narrator.ts';
import type { Violation } from '../../../simulation/types.ts';
import { CALM, MINUTE } from '../../../simulation/words.ts';
import { World } from '../../../simulation/world.ts';
import { newestRollout, type Scenario } from './scenarios.ts';

export interface Narration {
  /** The page. */
  readonly text: string;
  readonly ended: { readonly phase: string | undefined; readonly reason: string | undefined };
  readonly violations: readonly Violation[];
}

/** Lets a scenario happen and tells it. */
export async function narrate(scenario: Scenario): Promise<Narration> {
  await using world = await World.create({ ...CALM, reconnectPercent: 0, ...scenario.config });
  const narrator = await Narrator.watch(world);
  const begin = world.fleet.clock.now();
  for (const { at, who, says, act } of scenario.steps) {
    await world.passTo(begin + at * MINUTE);
    if (says !== '') narrator.tell(who, says);
    await (typeof act === 'function' ? act(world) : perform(world, act));
    await world.quiesce();
  }
  await world.passTo(begin + scenario.until * MINUTE);
  const { status } = (await newestRollout(world)) ?? {};
  return {
    text: page(scenario, narrator.text, await narrator.ending()),
    ended: { phase: status?.phase, reason: status?.reason },
    violations: world.oracle.violations,
  };
}

function page({ title, about }: Scenario, story: string, ending: string): string {
  return `# ${title}\n\n${about}\n\n\`\`\`\n${story}\n\`\`\`\n\nAt the end:\n\n${ending}\n`;
}
