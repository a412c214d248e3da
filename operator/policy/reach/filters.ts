import type { Alphabet } from './alphabet.ts';
import { dead, type Machine } from './machine.ts';

/**
 * A filter of the language that matches the topic. `wide` tries `#` and `+` first, which is what a person who means to listen
 * in would send; `narrow` tries the topic itself first. Matching rules as in `matchedTopics`, `skipsDollar` included.
 */
export function filterMatching(
  filters: Machine,
  alphabet: Alphabet,
  topic: string,
  prefer: 'wide' | 'narrow',
  skipsDollar = true,
): string | undefined {
  const levels = topic.split('/');
  const failed = new Set<string>();
  const feed = (state: number, text: string): number => {
    let at = state;
    for (const char of text) at = filters.step(at, alphabet.index(char.codePointAt(0) ?? 0));
    return at;
  };
  const walk = (level: number, state: number): string[] | undefined => {
    if (state === dead || failed.has(`${level}.${state}`)) return undefined;
    const dollar = skipsDollar && level === 0 && topic.startsWith('$');
    const literal = levels[level]!;
    const order = dollar ? [literal] : prefer === 'wide' ? ['#', '+', literal] : [literal, '+', '#'];
    for (const choice of order) {
      const next = feed(state, choice);
      if ((choice === '#' || level === levels.length - 1) && filters.accepts(next)) return [choice];
      if (choice === '#' || level === levels.length - 1) continue;
      const rest = walk(level + 1, feed(next, '/'));
      if (rest !== undefined) return [choice, ...rest];
    }
    failed.add(`${level}.${state}`);
    return undefined;
  };
  return walk(0, filters.start)?.join('/');
}
