/** The pages that say which test holds a promise: none of those tests may go away in silence. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const REFERENCE = /^- `(test\/[^`]+)`: (.+)$/;
const plain = (text: string) => text.replace(/\\(['"`])/g, '$1').replace(/\s+/g, ' ');
const sources = new Map<string, string>();

function source(file: string): string {
  const known = sources.get(file) ?? (existsSync(file) ? plain(readFileSync(file, 'utf8')) : '');
  sources.set(file, known);
  return known;
}

const pages = [
  { page: 'docs/guarantees.md', heading: /^## (F\d+) /, expected: Array.from({ length: 25 }, (_, i) => `F${i + 1}`) },
  { page: 'docs/pitfalls.md', heading: /^\*\*(\d+(?: and \d+)?)\. /, expected: [...numbers(1, 53), '54 and 55'] },
  {
    page: 'docs/rollout-rules-coverage.md',
    heading: /^## ((?:R|RO-|IOT-)\d+) /,
    expected: [
      ...numbers(1, 21).map((n) => `R${n}`),
      ...numbers(1, 25).map((n) => `RO-${n.padStart(2, '0')}`),
      ...numbers(1, 26).map((n) => `IOT-${n.padStart(2, '0')}`),
    ],
  },
];

function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, i) => String(from + i));
}

function read(page: string, heading: RegExp): ReadonlyMap<string, readonly (readonly [string, string])[]> {
  const found = new Map<string, (readonly [string, string])[]>();
  let under = '';
  for (const line of readFileSync(page, 'utf8').split('\n')) {
    under = heading.exec(line)?.[1] ?? under;
    const list = found.get(under) ?? [];
    const [, file = '', title = ''] = REFERENCE.exec(line) ?? [];
    if (file !== '') list.push([file, title]);
    // A reason why there is none stands for a test; the page itself is where it is found.
    if (line.startsWith('Does not apply')) list.push([page, line]);
    found.set(under, list);
  }
  return found;
}

describe.each(pages)('$page', ({ page, heading, expected }) => {
  const found = read(page, heading);

  test('has every number, each with a test', () => {
    expect([...found.keys()].filter((name) => name !== '')).toEqual(expected);
    expect([...found].filter(([name, tests]) => name !== '' && tests.length === 0)).toEqual([]);
  });

  test('names tests that exist, by words of their titles', () => {
    const missing = [...found.values()].flat().filter(([file, title]) => !source(file).includes(plain(title)));
    expect(missing).toEqual([]);
  });
});

test('every promise of the frame is held on a real API server as well, but for the one about the sources', () => {
  const [{ page, heading }] = pages as [(typeof pages)[number]];
  const without = [...read(page, heading)].filter(
    ([name, tests]) => name !== '' && !tests.some(([file]) => file.startsWith('test/cluster/')),
  );
  expect(without.map(([name]) => name)).toEqual(['F25']);
});
