import { describe, expect, test } from 'vitest';
import { compilePolicies, parsePolicyValue, withDefaults } from '../../../operator/policy/index.ts';
import {
  type Answer,
  askable,
  controlProblem,
  lostAmong,
  type Question,
  weigh,
} from '../../../operator/rollout/preflight.ts';

const OPTIONS = withDefaults({ account: '123456789012', region: 'us-east-1', partition: 'aws' });
const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const set = (...topics: readonly string[]) => {
  const { document } = parsePolicyValue({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: topics.map((topic) => `${ARN}topic/${topic}`) }],
  });
  return compilePolicies([document!], OPTIONS);
};
const question = (topic: string, more: Partial<Question> = {}): Question => ({
  request: { action: 'iot:Publish', resource: `${ARN}topic/${topic}`, context: { 'iot:ClientId': 'press-1' } },
  clientId: 'press-1',
  weight: 'used',
  demonstrated: true,
  ...more,
});
const said = (q: Question, answer: Answer['said']): Answer => ({ question: q, said: answer });

describe('R13: TestAuthorization has three outcomes', () => {
  const after = set('a', 'b');

  test.each([
    ['agrees', [said(question('a'), 'allowed'), said(question('b'), 'allowed')], 'agrees'],
    ['a plain no to what we permit contradicts', [said(question('a'), 'denied')], 'contradicts'],
    ['a no to what we deny as well is agreement', [said(question('c'), 'denied')], 'agrees'],
    ['a missing value is no answer', [said(question('a'), 'unsure')], 'cannotTell'],
    ['nothing that could be asked', [], 'cannotTell'],
  ])('%s', (_reason, answers, kind) => {
    expect(weigh(answers, after).kind).toBe(kind);
  });

  test('the control call: where AWS denies what the device was seen to do, it is not believed', () => {
    expect(controlProblem([said(question('a'), 'allowed')])).toBeUndefined();
    expect(controlProblem([said(question('a'), 'allowed'), said(question('b'), 'denied')])).toMatch(
      /it denies iot:Publish/,
    );
    expect(controlProblem([said(question('a'), 'unsure')])).toMatch(/seen to be allowed/);
    expect(controlProblem([])).toMatch(/nothing is known/);
  });

  test('facts of a connection cannot be put to it', () => {
    const withContext = (context: object) =>
      question('a', { request: { ...question('a').request, context: { 'iot:ClientId': 'x', ...context } } });
    expect(askable(question('a'))).toBe('PUBLISH');
    expect(askable(withContext({ 'iot:ConnectAttributes': ['LastWill'] }))).toBeUndefined();
    expect(askable(withContext({ 'aws:SourceIp': '10.0.0.1' }))).toBeUndefined();
    expect(askable(withContext({ 'iot:DomainName': 'x' }))).toBeUndefined();
    expect(
      askable(question('a', { request: { ...question('a').request, action: 'iot:RetainPublish' } })),
    ).toBeUndefined();
  });

  test('our own evaluation: what is lost, and not what was never there', () => {
    const questions = [question('a'), question('c'), question('d')];
    const lost = lostAmong(questions, { before: set('a', 'c'), after });
    expect(lost.map(({ request }) => request.resource)).toEqual([`${ARN}topic/c`]);
  });
});
