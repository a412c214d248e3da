import { describe, expect, it } from 'vitest';
import { withDefaults } from '../../../../operator/policy/index.ts';
import { connectThrough } from '../../../../operator/policy/lint/checks/connect.ts';
import { topicOf } from '../../../../operator/policy/lint/checks/regions.ts';
import { isCoveredEverywhere, isDeadEverywhere } from '../../../../operator/policy/lint/checks/surplus.ts';
import { deviceDefender } from '../../../../operator/policy/lint/defender.ts';
import { actionNamed, lintModel, type Model } from '../../../../operator/policy/lint/model.ts';
import { BudgetExhausted } from '../../../../operator/policy/reach/alphabet.ts';
import { allow, arn, bound, deny, document } from './build.ts';

const modelOf = (...statements: readonly unknown[]): Model =>
  lintModel([document([bound, ...statements])], withDefaults({ exclusiveThings: false }));

describe('what the checks of lint share', () => {
  it('names an action that the table lacks: a check that asked for nothing would go silent', () => {
    expect(() => actionNamed('iot:Fly')).toThrow('the action table has no iot:Fly');
  });

  it('ends a part whose steps are used up, says which, and goes on', () => {
    const model = modelOf();
    const run = () => {
      throw new BudgetExhausted('used up');
    };
    expect(model.attempt('who may fly', run)).toBe(undefined);
    expect(model.attempt('who may walk', () => 'all')).toBe('all');
    expect(model.open).toEqual([
      'the patterns are too intricate to search through: who may fly could not be checked to the end',
    ]);
  });

  it('calls nothing intricate that is an error of its own', () => {
    const model = modelOf();
    const run = () => {
      throw new TypeError('a mistake of ours');
    };
    expect(() => model.attempt('who may fly', run)).toThrow('a mistake of ours');
    expect(model.open).toEqual([]);
  });

  it('says where the search for an example was given up, and claims nothing', { timeout: 60_000 }, () => {
    // Any four letters will do, but three of them are told apart in more ways than the search looks at.
    const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP'];
    const action = actionNamed('iot:GetThingShadow');
    const names = letters.map((letter) => `thing/*${letter}???`);
    const model = modelOf(allow('GetThingShadow', names));
    const [context] = model.sessions;
    model.budget.left = Number.POSITIVE_INFINITY;
    expect(model.find({ context: context!, action })).toBe(undefined);
    expect(model.open).toEqual(['iot:GetThingShadow: the search for an example was given up']);
    expect(model.find({ context: context!, action, preferred: ['dev2'] })?.resource).toMatch(/:thing\/dev2$/);
  });

  it('says where the search for a client ID that a NotResource grants was given up', { timeout: 60_000 }, () => {
    const question = '?'.repeat(14);
    const intricate = { StringLike: { 'iot:ClientId': [`*a${question}`, `*b${question}`] } };
    const model = modelOf(
      { Effect: 'Allow', Action: 'iot:Connect', NotResource: [`${arn}client/*a${question}`], Condition: intricate },
      deny('Connect', `client/*b${question}`),
      allow('Connect', 'client/c'),
    );
    model.budget.left = Number.POSITIVE_INFINITY;
    expect(connectThrough(model, model.statements[1]!, [])).toBe(undefined);
    expect(new Set(model.open)).toEqual(new Set(['iot:Connect: the search for an example was given up']));
  });

  it('says where the search for a topic was given up', { timeout: 60_000 }, () => {
    const letters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP'];
    const topics = letters.map((letter) => `topic/*${letter}???`);
    const model = modelOf(allow('Publish', topics));
    const [context] = model.sessions;
    model.budget.left = Number.POSITIVE_INFINITY;
    const { allowed } = model.language(context!, actionNamed('iot:Publish'));
    expect(topicOf(model, context!, allowed)).toBe(undefined);
    expect(topicOf(model, context!, allowed, ['abcd'])).toBe('abcd');
    expect(model.open).toEqual(['the search for a topic was given up']);
  });
});

describe('the verdicts of Device Defender', () => {
  it('are none where a search was given up: to find nothing so far is not to find nothing', { timeout: 60_000 }, () => {
    const secret = `*a${'?'.repeat(17)}b`;
    const model = modelOf(
      allow('Subscribe', 'topicfilter/*'),
      allow('Receive', 'topic/*'),
      deny('Subscribe', `topicfilter/${secret}`),
      deny('Receive', `topic/${secret}`),
    );
    model.budget.left = Number.POSITIVE_INFINITY;
    expect(() => deviceDefender(model)).toThrow('a search for the verdicts of Device Defender was given up');
  });
});

describe('comparisons of resources', () => {
  const question = '?'.repeat(10);
  const parts = [`topic/*a${question}b`, `topic/a${question}b`, `topic/?*a${question}b`];
  const covered = (left: number): { readonly model: Model; readonly run: () => boolean } => {
    const model = modelOf(allow('Publish', parts));
    model.budget.left = left;
    return { model, run: () => isCoveredEverywhere(model, model.statements[1]!, 0, [1, 2]) };
  };

  it('take their steps from those of the part, and claim nothing where these do not reach', () => {
    expect(covered(600).run()).toBe(true);
    expect(covered(450).run).toThrow(BudgetExhausted);
  });

  it('go no further than the steps that are left', () => {
    const { model, run } = covered(100);
    expect(run).toThrow(BudgetExhausted);
    // What a comparison takes before it searches is all that is overdrawn.
    expect(model.budget.left).toBeGreaterThan(-310);
  });
});

describe('a Deny that takes in what an Allow grants, whatever two variables in one level hold', () => {
  const two = '${iot:Connection.Thing.Attributes[a]}${iot:Connection.Thing.Attributes[b]}';
  const allowed = allow('Publish', `topic/a/${two}`);
  const dead = (model: Model): boolean => {
    model.budget.left = 100_000;
    return isDeadEverywhere(model, model.statements[1]!, 0);
  };

  it.each([
    { reason: 'by a star', statement: allowed, denied: [deny('Publish', 'topic/a/*')], expected: true },
    {
      reason: 'by one of two resources, for one of two actions, beside a Deny of something else',
      statement: allowed,
      denied: [deny('Publish', 'topic/z'), deny(['Receive', 'Publish'], ['topic/z', 'topic/a/*'])],
      expected: true,
    },
    {
      reason: 'not for all other actions',
      statement: allowed,
      denied: [{ Effect: 'Deny', NotAction: 'iot:Publish', Resource: `${arn}topic/a/*` }],
      expected: false,
    },
    {
      reason: 'not of what grants all other actions',
      statement: { Effect: 'Allow', NotAction: 'iot:Publish', Resource: `${arn}topic/a/${two}` },
      denied: [deny('Publish', 'topic/a/*')],
      expected: false,
    },
    {
      reason: 'not for one of two actions',
      statement: allow(['Publish', 'Receive'], `topic/a/${two}`),
      denied: [deny('Publish', 'topic/a/*')],
      expected: false,
    },
    {
      reason: 'not on all other resources',
      statement: allowed,
      denied: [{ Effect: 'Deny', Action: 'iot:Publish', NotResource: `${arn}topic/a/*` }],
      expected: false,
    },
    {
      reason: 'not under a condition',
      statement: allowed,
      denied: [deny('Publish', 'topic/a/*', { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } })],
      expected: false,
    },
  ])('$reason', ({ statement, denied, expected }) => {
    expect(dead(modelOf(statement, ...denied))).toBe(expected);
  });

  it('not where the same text is plain in an older document', () => {
    const old = document([deny('Publish', `topic/a/${two}`)], '2008-10-17');
    const model = lintModel([document([bound, allowed]), old], withDefaults({ exclusiveThings: false }));
    expect(dead(model)).toBe(false);
  });
});
