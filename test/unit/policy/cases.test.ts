import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCaseFile } from '../../policy/case-file.ts';
import { runLint } from '../../policy/run-lints.ts';
import { runPair } from '../../policy/run-pairs.ts';

const read = (name: string) =>
  readCaseFile(readFileSync(new URL(`../../policy/cases/${name}`, import.meta.url), 'utf8'));

describe('the case files', () => {
  const pairs = read('policy-pairs.json');
  for (const file of [pairs, read('more-pairs.json'), read('further-pairs.json'), read('independent-pairs.json')])
    it.each(file.pairs.map((item) => [item.name, item] as const))(
      'pair %s has the stated verdicts and witnesses',
      (_name, item) => {
        expect(runPair(item, file.defaults)).toEqual([]);
      },
    );

  for (const file of [
    read('policy-lint-cases.json'),
    read('more-lint-cases.json'),
    read('independent-lint-cases.json'),
  ])
    it.each(file.lints.map((item) => [item.name, item] as const))(
      'lint case %s has the stated findings',
      (_name, item) => {
        expect(runLint(item, file.defaults)).toEqual([]);
      },
    );

  it('refuses a field that it does not know, so that no expectation goes unchecked', () => {
    const text = JSON.stringify({ cases: [{ name: 'x', before: {}, after: {}, verdict: 'widens', expects: 1 }] });
    expect(() => readCaseFile(text)).toThrow('x: unknown field expects');
  });

  it('fails a case whose verdict is wrong', () => {
    const [first] = pairs.pairs;
    if (first === undefined) throw new Error('no cases');
    expect(runPair({ ...first, verdict: 'widens' }, pairs.defaults).map((one) => one.what)).toContain('raw');
  });

  it('fails a case whose stated witness is allowed on both sides', () => {
    const item = pairs.pairs.find((one) => one.name === 'broaden-prefix');
    if (item?.witness === undefined) throw new Error('no such case');
    const witness = { ...item.witness, resource: item.witness.resource.replace('topic/a/c', 'topic/a/b/c') };
    expect(runPair({ ...item, witness }, pairs.defaults).map((one) => one.what)).toContain('witness');
  });
});
