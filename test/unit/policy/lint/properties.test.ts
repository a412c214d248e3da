import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePolicyValue, withDefaults } from '../../../../operator/policy/index.ts';
import { checkBreadth } from '../../../../operator/policy/lint/checks/breadth.ts';
import { checkConnect } from '../../../../operator/policy/lint/checks/connect.ts';
import { checkDenies } from '../../../../operator/policy/lint/checks/deny.ts';
import { checkFilters } from '../../../../operator/policy/lint/checks/filters.ts';
import { checkFlows } from '../../../../operator/policy/lint/checks/flows.ts';
import { checkReserved } from '../../../../operator/policy/lint/checks/reserved.ts';
import { checkSurplus } from '../../../../operator/policy/lint/checks/resources.ts';
import { deviceDefender } from '../../../../operator/policy/lint/defender.ts';
import { lint, rules } from '../../../../operator/policy/lint/index.ts';
import { lintModel } from '../../../../operator/policy/lint/model.ts';
import { missingMeansMissing, redundantMeansRedundant, witnessesHold } from '../../../policy/lint-properties.ts';
import { arn } from './build.ts';

// The long run of both is the area `policy-lint` of `npm run fuzz`.
describe('lint on random policies', () => {
  it('shows only requests that the evaluator allows and the broker takes', () => {
    fc.assert(witnessesHold, { numRuns: 6, seed: 20_26 });
  });

  it('calls a resource redundant only when dropping it changes no decision', () => {
    fc.assert(redundantMeansRedundant, { numRuns: 8, seed: 7 });
  });

  it('says that no device may connect only where none of many may', () => {
    fc.assert(missingMeansMissing, { numRuns: 8, seed: 12 });
  });
});

describe('lint on hostile input', () => {
  const hostile = [
    ['many stars', `${arn}topic/${'a*'.repeat(120)}`],
    ['many question marks behind a star', `${arn}topicfilter/*a${'?'.repeat(120)}`],
    ['prototype keys', `${arn}topic/\${__proto__}/\${constructor}`],
    ['half a surrogate', `${arn}topic/\ud800`],
    ['an unclosed variable', `${arn}topic/\${iot:ClientId`],
  ] as const;
  it.each(hostile)('%s: an answer, and what it leaves open', (_, text) => {
    const { document } = parsePolicyValue(
      {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: 'iot:*', Resource: [text, `${arn}topic/*`] },
          { Effect: 'Deny', Action: 'iot:*', Resource: text },
        ],
      },
      {},
    );
    const report = document === undefined ? undefined : lint(document);
    if (text.length <= 100) return;
    expect(report?.undecided.join()).toMatch(/too intricate .*: .* could not be checked to the end/);
    // Where a part was left open, no verdict of an audit is claimed either.
    expect(report?.deviceDefender.IOT_POLICY_OVERLY_PERMISSIVE_CHECK).toBe('undocumented');
    expect(report?.deviceDefender.IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK).toEqual(['undocumented']);
  });

  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const starry = (seed: number, stars: number): string =>
    Array.from({ length: stars }, (_, at) => letters[(seed * 7 + at * ((seed % 5) + 1)) % 26]).join('*');
  const times = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, at) => make(at));
  const statement = (Effect: string, Action: string, Resource: string | string[]) => ({ Effect, Action, Resource });
  /** What each takes without a bound: from ten seconds to more than ten minutes. */
  const intricate = [
    [
      'many patterns of many stars',
      [
        statement(
          'Allow',
          'iot:*',
          times(60, (at) => `${arn}topicfilter/*${starry(at, 12)}*`),
        ),
      ],
    ],
    [
      'hundreds of resources',
      [
        statement(
          'Allow',
          '*',
          times(900, (at) => `*${letters[at % 26]}*${at}*`),
        ),
        statement('Deny', '*', '*a*'),
      ],
    ],
    ['many statements', times(150, (at) => statement('Allow', 'iot:*', `*${letters[at % 26]}*${at}`))],
    ['as many that differ', times(80, (at) => statement(at % 2 ? 'Deny' : 'Allow', '*', `*:*:*${starry(at, 8)}*`))],
    [
      'many letters',
      [
        statement(
          'Allow',
          'iot:*',
          times(60, (at) => `*${String.fromCodePoint(...times(60, (one) => 0x4e00 + at * 60 + one))}*`),
        ),
      ],
    ],
    ['a chain of question marks', [statement('Allow', 'iot:*', `${arn}topicfilter/${'?'.repeat(14_000)}`)]],
  ] as const;
  const parts = [
    checkConnect,
    checkReserved,
    checkBreadth,
    checkDenies,
    checkFilters,
    checkFlows,
    checkSurplus,
    deviceDefender,
  ];
  it.each(intricate)(
    '%s: every part stops where its steps end, and what it found till then is right',
    (_, Statement) => {
      const { document } = parsePolicyValue({ Version: '2012-10-17', Statement }, {});
      if (document === undefined) throw new Error('cannot be read');
      const model = lintModel([document], withDefaults({ exclusiveThings: false }));
      for (const [at, part] of parts.entries()) {
        model.attempt(`part ${at}`, () => {
          part(model);
        });
        // A part ends with the piece of work that used up its steps; no piece may be dear enough to make that a matter of seconds.
        expect(model.budget.left).toBeGreaterThan(-50_000);
      }
      expect(model.open.length).toBeGreaterThan(0);
      for (const text of model.open) expect(text).toMatch(/too intricate .*: part \d could not be checked to the end/);
      for (const { code, witness } of model.findings) {
        expect(rules[code].kind !== 'semantic' || witness !== undefined).toBe(true);
        if (witness !== undefined) expect(model.allows(witness)).toBe(true);
      }
    },
  );

  it('a document far longer than AWS takes: its text is looked at, and it says that nothing else was', () => {
    const [Effect, Action] = ['Allow', 'iot:*'];
    const Statement = { Effect, Action, Resource: `${arn}topic/${'ab*c'.repeat(100_000)}` };
    const { document } = parsePolicyValue({ Version: '2012-10-17', Statement }, { name: 'huge' });
    const start = performance.now();
    const report = document === undefined ? undefined : lint(document);
    expect(report?.findings.map(({ code }) => code)).toContain('too-large');
    expect(report?.undecided).toEqual([
      expect.stringMatching(/^huge has 4\d{5} characters, .* only its text was looked at/),
    ]);
    expect(report?.deviceDefender.IOT_POLICY_OVERLY_PERMISSIVE_CHECK).toBe('undocumented');
    // Searched, it takes minutes.
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});
