import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  arnPrefix,
  arnTypePrefix,
  compilePolicies,
  evaluate,
  findAction,
  isValid,
  type PolicyDocument,
  parsePolicyValue,
  validityOf,
  withDefaults,
} from '../../../../operator/policy/index.ts';
import { lint, rules } from '../../../../operator/policy/lint/index.ts';
import { arn } from './build.ts';

const options = withDefaults({ exclusiveThings: false });

const level = fc.constantFrom(
  'a',
  'b',
  'dev1',
  '*',
  '?',
  '+',
  '#',
  'x*',
  '${iot:ClientId}',
  '${iot:Connection.Thing.ThingName}',
  '${iot:Connection.Thing.Attributes[room]}',
);
const tail = fc.array(level, { minLength: 1, maxLength: 3 }).map((levels) => levels.join('/'));
const type = fc.constantFrom(
  'topic',
  'topicfilter',
  'client',
  'thing',
  'rolealias',
  'topic/$aws/things',
  'topicfilter/$aws/things',
);
const resource = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(type, tail).map(([kind, text]) => `${arn}${kind}/${text}`) },
  { weight: 1, arbitrary: fc.constant('*') },
);
const action = fc.constantFrom(
  'iot:Connect',
  'iot:Publish',
  'iot:Subscribe',
  'iot:Receive',
  'iot:RetainPublish',
  'iot:SendDirectMessage',
  'iot:GetThingShadow',
  'iot:*',
);
const condition = fc.constantFrom(
  {},
  {},
  { Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } } },
  { Condition: { NotIpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
  { Condition: { StringLike: { 'iot:ClientId': 'a*' } } },
);
const statement = fc
  .tuple(
    fc.constantFrom('Allow', 'Allow', 'Deny'),
    fc.uniqueArray(action, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('Resource', 'Resource', 'Resource', 'NotResource'),
    fc.uniqueArray(resource, { minLength: 1, maxLength: 3 }),
    condition,
  )
  .map(([Effect, Action, element, resources, extra]) => ({ Effect, Action, [element]: resources, ...extra }));
const policy = fc.array(statement, { minLength: 1, maxLength: 5 }).map((Statement): PolicyDocument => {
  const { document } = parsePolicyValue({ Version: '2012-10-17', Statement }, {});
  if (document === undefined) throw new Error('the generator made no valid policy');
  return document;
});

/** Topic, filter or name behind the type prefix of a witness. */
function nameOf(request: { readonly action: string; readonly resource: string }): string {
  const prefix = arnTypePrefix(findAction(request.action)!.resource) ?? '';
  return request.resource.slice(arnPrefix(options).length + prefix.length);
}

describe('lint on random policies', () => {
  it('shows only requests that the evaluator allows and the broker takes', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(policy, (document) => {
        const set = compilePolicies([document], options);
        const report = lint(document, options);
        for (const { code, witness } of report.findings) {
          if (rules[code].kind === 'semantic') expect(witness, code).toBeDefined();
          if (witness === undefined) continue;
          expect(evaluate(set, witness).decision, code).toBe('allowed');
          const kind = findAction(witness.action)!.resource;
          if (kind !== 'none')
            expect(isValid(validityOf(kind, options.maxSlashes), nameOf(witness)), witness.resource).toBe(true);
        }
        expect(report.undecided.filter((text) => text.includes('disagree'))).toEqual([]);
      }),
      { numRuns: 60, seed: 20_26 },
    );
  });

  it('calls a resource redundant only when dropping it changes no decision', { timeout: 60_000 }, () => {
    const topics = ['a', 'b', 'dev1', 'a/b', 'a/dev1', 'b/a/b', 'x', 'x/y', 'q/q/q'];
    const names = [{ 'iot:ClientId': 'dev9', 'iot:Connection.Thing.ThingName': 'dev9' }, { 'iot:ClientId': 'c' }];
    fc.assert(
      fc.property(policy, (document) => {
        for (const finding of lint(document, options).findings) {
          if (finding.code !== 'redundant-resource' || finding.fix === undefined) continue;
          const index = Number(finding.fix.pointer.split('/').at(-1));
          const statements = document.statements.map((one) =>
            one.index === finding.statement
              ? { ...one, resources: one.resources.filter((_, at) => at !== index) }
              : one,
          );
          const [before, after] = [
            compilePolicies([document], options),
            compilePolicies([{ ...document, statements }], options),
          ];
          for (const name of ['iot:Publish', 'iot:Subscribe', 'iot:Receive', 'iot:Connect']) {
            const kind = arnTypePrefix(findAction(name)!.resource)!;
            for (const topic of topics) {
              for (const context of names) {
                const request = { action: name, resource: arn + kind + topic, context };
                expect(evaluate(after, request).decision).toBe(evaluate(before, request).decision);
              }
            }
          }
        }
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});

describe('lint on hostile input', () => {
  const hostile = [
    ['many stars', `${arn}topic/${'a*'.repeat(300)}`],
    ['many question marks behind a star', `${arn}topicfilter/*a${'?'.repeat(120)}`],
    ['prototype keys', `${arn}topic/\${__proto__}/\${constructor}`],
    ['half a surrogate', `${arn}topic/\ud800`],
    ['an unclosed variable', `${arn}topic/\${iot:ClientId`],
  ] as const;
  it.each(hostile)('%s: an answer in bounded time', (_, text) => {
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
    const start = performance.now();
    if (document !== undefined) lint(document);
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});
