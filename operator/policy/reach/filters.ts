import { utf8Length } from '../valid.ts';
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
  const walk = (level: number, state: number, left: number): string[] | undefined => {
    const place = `${level}.${state}.${left}`;
    if (state === dead || left < 0 || failed.has(place)) return undefined;
    const dollar = skipsDollar && level === 0 && topic.startsWith('$');
    const literal = levels[level]!;
    const order = dollar ? [literal] : prefer === 'wide' ? ['#', '+', literal] : [literal, '+', '#'];
    for (const choice of order) {
      const next = feed(state, choice);
      const leftBehind = left - byteLength(choice);
      const last = choice === '#' || level === levels.length - 1;
      if (last && leftBehind >= 0 && filters.accepts(next)) return [choice];
      if (last) continue;
      const rest = walk(level + 1, feed(next, '/'), leftBehind - 1);
      if (rest !== undefined) return [choice, ...rest];
    }
    failed.add(place);
    return undefined;
  };
  return walk(0, filters.start, filters.maxBytes)?.join('/');
}

function byteLength(text: string): number {
  let bytes = 0;
  for (const char of text) bytes += utf8Length(char.codePointAt(0) ?? 0);
  return bytes;
}
