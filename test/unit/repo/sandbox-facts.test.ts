import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync('docs/sandbox-facts.md', 'utf8');
const ROW = /^\| .+ \| .+ \| `((?:stories|unit)\/[\w/-]+)`: (.+) \|$/gm;
const rows = [...page.matchAll(ROW)].map(([, file = '', name = '']) => ({ file: `test/${file}.test.ts`, name }));
const oneCall = ['facts/limits', 'facts/repeats', 'facts/locking', 'facts/behaviors', 'facts/absent', 'facts.test']
  .map((file) => readFileSync(`test/stories/sandbox/${file}.ts`, 'utf8'))
  .join('\n');

test('every fact of docs/sandbox-facts.md has a test of the name that stands beside it', () => {
  expect(rows.length).toBeGreaterThan(100);
  expect(page.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| Fact'))).toHaveLength(
    rows.length,
  );
  const texts = new Map(rows.map(({ file }) => [file, existsSync(file) ? readFileSync(file, 'utf8') : '']));
  texts.set('test/stories/sandbox/facts.test.ts', oneCall);
  expect(rows.filter(({ file, name }) => !texts.get(file)?.includes(name))).toEqual([]);
});

test('the facts that are one call are listed by the names of their tests, all of them', () => {
  const listed = [...page.matchAll(/^- (.+)$/gm)].map((m) => m[1]);
  expect(listed).toEqual([...oneCall.matchAll(/fact: '([^']+)'/g)].map((m) => m[1]));
});
