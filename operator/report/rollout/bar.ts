import { type AssetState, underWay } from '../../rollout/types.ts';

const WIDTH = 20;

type Mark = '█' | '▓' | '░' | '✗' | '‖';
const MARKS: readonly Mark[] = ['█', '▓', '✗', '‖', '░'];

export const LEGEND = '█ proven   ▓ in flight   ✗ went back   ‖ deferred, held or left out   ░ to come';

function markOf(state: AssetState): Mark {
  if (state === 'Succeeded') return '█';
  if (state === 'RolledBack' || state === 'Unrecovered') return '✗';
  if (underWay(state)) return '▓';
  return state === 'Deferred' || state === 'Held' || state === 'Excluded' ? '‖' : '░';
}

/** A wave as a bar: every kind of asset that there is has at least one place, however few they are. */
export function bar(states: readonly AssetState[]): string {
  if (states.length === 0) return ' '.repeat(WIDTH);
  const counts = new Map<Mark, number>();
  for (const state of states) counts.set(markOf(state), (counts.get(markOf(state)) ?? 0) + 1);
  const shares = MARKS.filter((mark) => counts.has(mark)).map((mark) => {
    const exact = ((counts.get(mark) ?? 0) * WIDTH) / states.length;
    return { mark, places: Math.max(1, Math.floor(exact)), exact };
  });
  // What rounding leaves over, or took too much, is the largest share's.
  const largest = shares.reduce((a, b) => (b.exact > a.exact ? b : a));
  largest.places += WIDTH - shares.reduce((sum, { places }) => sum + places, 0);
  return shares.map(({ mark, places }) => mark.repeat(places)).join('');
}
