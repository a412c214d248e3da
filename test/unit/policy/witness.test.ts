import { describe, expect, it } from 'vitest';
import { type CompareOptions, compare } from '../../../operator/policy/index.ts';
import { arn, document, type Raw, thing } from './words.ts';

const attribute = 'iot:Connection.Thing.Attributes[x]';

const rule =
  (Effect: string) =>
  (Action: string, name: string, Condition?: Raw): Raw => ({
    Effect,
    Action,
    Resource: name === '*' ? '*' : arn + name,
    ...(Condition === undefined ? {} : { Condition }),
  });
const [allow, deny] = [rule('Allow'), rule('Deny')];
const gained = (before: readonly Raw[], after: readonly Raw[], options: CompareOptions = {}) => {
  const [witness] = compare([document(...before)], [document(...after)], { probeSwitches: false, ...options }).gained;
  if (witness === undefined) throw new Error('nothing gained');
  return witness;
};

describe('what a witness shows', () => {
  it('an action without a resource is asked of the star', () => {
    expect(gained([], [allow('iot:ListRetainedMessages', '*')])).toEqual({
      action: 'iot:ListRetainedMessages',
      resource: '*',
      context: { 'iot:ClientId': 'c1' },
      allowedBy: { document: 0, statement: 0 },
      deniedBy: undefined,
    });
  });

  it('the client and its thing stand first, and no truth that was assumed among them', () => {
    const all = {
      StringEquals: { [attribute]: 'a', 'iot:Connection.Thing.ThingTypeName': 'pump', 'aws:SourceIp': '10.0.0.1' },
      StringSounds: { 'iot:ClientId': 'a' },
    };
    const witness = gained([], [allow('iot:Publish', `topic/${thing}`, all)]);
    expect(Object.keys(witness.context)).toEqual([
      'iot:ClientId',
      'iot:Connection.Thing.ThingName',
      'iot:Connection.Thing.ThingTypeName',
      attribute,
      'aws:SourceIp',
    ]);
    expect(witness.assuming).toEqual(['StringSounds iot:clientid a is true']);
    expect(gained([], [allow('iot:Publish', 'topic/a')])).not.toHaveProperty('assuming');
  });

  it('a thing that is known but not attached is judged as such', () => {
    const unattached = { Bool: { 'iot:Connection.Thing.IsAttached': 'false' } };
    const result = compare([document()], [document(allow('iot:Publish', `topic/${thing}`, unattached))], {
      probeSwitches: false,
      switches: { thingNameNeedsAttachment: false },
    });
    expect(result).toMatchObject({ verdict: 'widens', undecidedBecause: [] });
    expect(compare([document()], [document(allow('iot:Publish', `topic/${thing}`, unattached))]).verdict).toBe(
      'equivalent',
    );
  });

  it('only a Deny is what withheld it, not an Allow without a right to connect', () => {
    const own = allow('iot:Publish', 'topic/a');
    const session = { level: 'session' } as const;
    expect(gained([own], [own, allow('iot:Connect', 'client/*')], session)).toMatchObject({
      action: 'iot:Publish',
      deniedBy: undefined,
    });
    expect(gained([own, deny('iot:Publish', 'topic/a')], [own])).toMatchObject({ deniedBy: { statement: 1 } });
  });
});

describe('names in a witness', () => {
  const client = (...ids: readonly string[]): Raw => ({ StringEquals: { 'iot:ClientId': ids } });
  const shown = (Condition: Raw, options: CompareOptions = {}): unknown =>
    gained([], [allow('iot:Publish', 'topic/a', Condition)], options).context['iot:ClientId'];

  it('a name of one or two letters gives way to a plain one where that will do as well', () => {
    expect(shown(client('ab', 'c1'))).toBe('c1');
    expect(shown(client('ab', 'abc'))).toBe('ab');
    expect(shown(client('abc', 'c1'))).toBe('abc');
    expect(shown(client('ab', 'pump8'), { preferredNames: ['pump7', 'pump8'] })).toBe('pump8');
  });

  it('the thing has its name before the client', () => {
    const things = gained([], [allow('iot:Publish', `topic/${thing}/\${iot:ClientId}`)]);
    expect(things.resource).toBe(`${arn}topic/dev1/dev1`);
  });

  it('other values stay as they are', () => {
    const either = { StringEquals: { [attribute]: ['S', 't'] } };
    expect(gained([], [allow('iot:Publish', 'topic/a', either)]).context[attribute]).toBe('S');
  });

  it('a client asks for Connect under its own name', () => {
    const before = [allow('iot:Connect', 'client/dev1')];
    const witness = gained(before, [...before, allow('iot:Connect', `client/${thing}`)], {
      preferredNames: ['pump7', 'pump8'],
    });
    expect(witness.resource).toBe(`${arn}client/${String(witness.context['iot:ClientId'])}`);
    expect(witness.context['iot:ClientId']).toMatch(/^pump/);
    // Only a client whose thing is exclusively attached can have this ID; its thing keeps the name that the ID is made of.
    const other = gained([], [allow('iot:Connect', `client/${thing}-x`)]);
    expect(other.resource).toBe(`${arn}client/${String(other.context['iot:ClientId'])}`);
    expect(gained([], [allow('iot:Publish', `topic/${thing}`)]).resource).toBe(`${arn}topic/dev1`);
  });

  it('a level that a slash leaves without a name gets one, within the length that AWS allows', () => {
    expect(gained([], [allow('iot:Subscribe', 'topicfilter/a/*')]).resource).toBe(`${arn}topicfilter/a/x`);
    const long = `topicfilter/${'a'.repeat(255)}/`;
    expect(gained([], [allow('iot:Subscribe', `${long}*`)]).resource).toBe(arn + long);
  });
});
