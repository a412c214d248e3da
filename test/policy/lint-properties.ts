import fc from 'fast-check';
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
} from '../../operator/policy/index.ts';
import { lint, rules } from '../../operator/policy/lint/index.ts';

const arn = 'arn:aws:iot:us-east-1:123456789012:';
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
  { Condition: { StringNotLikeIfExists: { 'iot:ClientId': ['a*', '${iot:Connection.Thing.ThingName}'] } } },
  { Condition: { 'ForAnyValue:StringEqualsIgnoreCase': { 'iot:ClientId': ['B', 'x${iot:ClientId}'] } } },
  { Condition: { StringNotEquals: { 'iot:Connection.Thing.IsAttached': 'true' } } },
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

function must(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

/** Lint shows only requests that the evaluator allows and the broker takes, and a request for every semantic finding. */
export const witnessesHold = fc.property(policy, (document) => {
  const set = compilePolicies([document], options);
  const report = lint(document, options);
  for (const { code, witness } of report.findings) {
    must(rules[code].kind !== 'semantic' || witness !== undefined, `${code} shows no request`);
    if (witness === undefined) continue;
    must(evaluate(set, witness).decision === 'allowed', `${code} shows a request that is refused`);
    const kind = findAction(witness.action)?.resource ?? 'none';
    if (kind !== 'none')
      must(isValid(validityOf(kind, options.maxSlashes), nameOf(witness)), `no broker takes ${witness.resource}`);
  }
  must(!report.undecided.some((text) => text.includes('disagree')), 'lint and evaluator disagree');
});

const topics = ['a', 'b', 'dev1', 'a/b', 'a/dev1', 'b/a/b', 'x', 'x/y', 'q/q/q'];
const contexts = [{ 'iot:ClientId': 'dev9', 'iot:Connection.Thing.ThingName': 'dev9' }, { 'iot:ClientId': 'c' }];
const requests = ['iot:Publish', 'iot:Subscribe', 'iot:Receive', 'iot:Connect'].flatMap((name) => {
  const kind = arnTypePrefix(findAction(name)?.resource ?? 'topic') ?? '';
  return topics.flatMap((topic) =>
    contexts.map((context) => ({ action: name, resource: arn + kind + topic, context })),
  );
});

/** Dropping a resource that lint calls redundant changes no decision. */
export const redundantMeansRedundant = fc.property(policy, (document) => {
  for (const finding of lint(document, options).findings) {
    if (finding.code !== 'redundant-resource' || finding.fix === undefined) continue;
    const index = Number(finding.fix.pointer.split('/').at(-1));
    const statements = document.statements.map((one) =>
      one.index === finding.statement ? { ...one, resources: one.resources.filter((_, at) => at !== index) } : one,
    );
    const before = compilePolicies([document], options);
    const after = compilePolicies([{ ...document, statements }], options);
    for (const request of requests)
      must(
        evaluate(after, request).decision === evaluate(before, request).decision,
        `not redundant: ${JSON.stringify(request)}`,
      );
  }
});

const clients = ['a', 'b', 'B', 'dev1', 'x', 'ax', 'x*', '+', 'a/b', 'dev9'].flatMap((id) => [
  { 'iot:ClientId': id },
  { 'iot:ClientId': id, 'iot:Connection.Thing.ThingName': id },
]);

/** Where lint says that nothing lets a device connect, none of these is let in. */
export const missingMeansMissing = fc.property(policy, (document) => {
  if (!lint(document, options).findings.some(({ code }) => code === 'missing-connect')) return;
  const set = compilePolicies([document], options);
  for (const context of clients) {
    const request = { action: 'iot:Connect', resource: `${arn}client/${context['iot:ClientId']}`, context };
    must(evaluate(set, request).decision !== 'allowed', `not missing: ${JSON.stringify(request)}`);
  }
});
