import { describe, expect, it } from 'vitest';
import { findAction } from '../../../operator/policy/actions.ts';
import { compare, compilePolicies, withDefaults } from '../../../operator/policy/index.ts';
import { compareAction, perKindOfAction } from '../../../operator/policy/raw.ts';
import { arn, client, document, type Raw } from './words.ts';

const rule =
  (Effect: string, element = 'Resource') =>
  (Action: string, names: string | readonly string[], Condition?: Raw): Raw => ({
    Effect,
    Action,
    [element]: [names].flat().map((name) => arn + name),
    ...(Condition === undefined ? {} : { Condition }),
  });
const [allow, deny, allowExcept] = [rule('Allow'), rule('Deny'), rule('Allow', 'NotResource')];
const publish = (...names: string[]): Raw => allow('iot:Publish', names);
const connect = (...names: string[]): Raw => allow('iot:Connect', names);
const isClient = (id: string): Raw => ({ StringEquals: { 'iot:ClientId': id } });
const title = 'iot:Certificate.Subject.Title';
const untitled: Raw = { StringNotEquals: { [title]: 'a' } };

/** What one direction shows: action, name and, if it is not the default one, the client. */
const shown = (witnesses: ReturnType<typeof compare>['gained']): string[] =>
  witnesses.map(({ action, resource, context }) => {
    const id = context['iot:ClientId'];
    return `${action} ${resource.replace(arn, '')}${id === 'c1' || id === undefined ? '' : ` by ${String(id)}`}`;
  });

describe('what clients that can connect gain', () => {
  const session = (before: readonly Raw[], after: readonly Raw[]) => {
    const result = compare([document(...before)], [document(...after)], { level: 'session', probeSwitches: false });
    return [...shown(result.gained), ...shown(result.lost).map((one) => `lost: ${one}`), ...result.undecidedBecause];
  };
  const any = connect('client/*');
  const x = publish('topic/x');
  const byB = allow('iot:Publish', 'topic/x', isClient('b'));

  it.each<readonly [reason: string, before: readonly Raw[], after: readonly Raw[], gained: readonly string[]]>([
    [
      'a client that only the new side lets connect',
      [connect('client/a'), x],
      [connect('client/a'), connect('client/b'), x],
      ['iot:Publish topic/x by b', 'iot:Connect client/b by b'],
    ],
    ['the one side had no right to connect at all', [x], [any, x], ['iot:Publish topic/x', 'iot:Connect client/c1']],
    [
      'a condition that kept the old side from connecting, under a value that is not the first to be tried',
      [allow('iot:Connect', 'client/*', untitled), x],
      [any, x],
      ['iot:Publish topic/x', 'iot:Connect client/c1'],
    ],
    [
      'a condition that kept the old side from publishing, beside a right to connect that hangs on the client',
      [connect('client/a*'), allow('iot:Publish', 'topic/x', untitled)],
      [connect('client/a*'), x],
      ['iot:Publish topic/x by a'],
    ],
    [
      'a Deny on some client leaves the others',
      [any, deny('iot:Connect', 'client/bad')],
      [any, deny('iot:Connect', 'client/bad'), x],
      ['iot:Publish topic/x'],
    ],
    [
      'nothing for a client outside a list that names something else too',
      [connect('client/a', 'topic/*')],
      [connect('client/a', 'topic/*'), byB],
      [],
    ],
    [
      'nothing for a client that a star with more behind it leaves out',
      [connect('client/*a')],
      [connect('client/*a'), byB],
      [],
    ],
    [
      'nothing for a client that a star takes in where the other Allow has a condition',
      [connect('client/a'), allow('iot:Connect', 'client/*', isClient('c'))],
      [connect('client/a'), allow('iot:Connect', 'client/*', isClient('c')), byB],
      [],
    ],
    [
      'nothing where NotResource leaves no client',
      [allowExcept('iot:Connect', 'client/*')],
      [allowExcept('iot:Connect', 'client/*'), x],
      [],
    ],
    ['nothing where the client ID stands in place of the type', [connect(client)], [connect(client), x], []],
    [
      'any client by a variable that is its own ID',
      [connect(`client/${client}`)],
      [connect(`client/${client}`), byB],
      ['iot:Publish topic/x by b'],
    ],
    ['nothing where a Connect statement names topics', [connect('topic/*')], [connect('topic/*'), x], []],
  ])('%s', (_reason, before, after, gained) => {
    expect(session(before, after)).toEqual(gained);
    expect(session(after, before)).toEqual(gained.map((one) => `lost: ${one}`));
  });
});

describe('answers shared between actions', () => {
  it('hold for the same statements only, however many policies are attached', () => {
    const idle = deny('iot:GetRetainedMessage', 'topic/none');
    const at = (length: number, at: number, statement: Raw): Raw[] =>
      Array.from({ length }, (_unused, i) => (i === at ? statement : idle));
    // Publish: statement 1 of policy 0 and 1 of 12; Receive: statement 11 of 0 and 1 of 2.
    const mute = deny('iot:Publish', 'topic/b');
    const first = at(12, 1, mute);
    first[11] = allow('iot:Receive', 'topic/a');
    const documents = Array.from({ length: 13 }, (_unused, i) =>
      i === 0
        ? document(...first)
        : i === 2
          ? document(...at(2, 1, allow('iot:Receive', 'topic/b')))
          : i === 12
            ? document(...at(2, 1, mute))
            : document(idle),
    );
    const result = compare(documents, [document(idle)], { probeSwitches: false });
    expect(shown(result.lost)).toEqual(['iot:Receive topic/a', 'iot:Receive topic/b']);
  });
});

describe('the witness of one statement', () => {
  it.each([
    [['topic/aaa/${iot:Connection.Thing.Attributes[x]}', `topic/\${${title}}`]],
    [[`topic/\${${title}}`, 'topic/aaa/${iot:Connection.Thing.Attributes[x]}']],
  ])('is the shortest over its resources, whatever their order: %s', (names) => {
    const { gained } = compare([document()], [document(publish(...names))], { probeSwitches: false });
    expect(gained.map(({ resource }) => resource.replace(arn, ''))).toEqual([expect.stringMatching(/^topic\/.$/)]);
  });
});

describe('what a comparison costs', () => {
  const compiled = (statements: readonly Raw[]) => compilePolicies([document(...statements)], withDefaults());
  const actionNamed = (name: string) => {
    const action = findAction(name);
    if (action === undefined) throw new Error(`no action ${name}`);
    return action;
  };
  const spent = (before: readonly Raw[], after: readonly Raw[], sessions: boolean): number => {
    const budget = { left: 1e6 };
    const sides = { before: compiled(before), after: compiled(after) };
    compareAction({ ...sides, action: actionNamed('iot:Publish'), sessions, budget });
    return 1e6 - budget.left;
  };
  const rows = publish('topic/a/*');
  const refused = deny('iot:Publish', 'topic/a/x*');
  const any = connect('client/*');
  const own = connect(`client/${client}`);
  const some = connect('client/a*', 'client/*b', 'client/c?');

  it.each<readonly [reason: string, before: readonly Raw[], after: readonly Raw[], sessions: boolean, most: number]>([
    ['an Allow on both sides costs no search', [rows, publish('topic/b')], [rows], false, 5],
    ['nor does a Deny', [rows, refused, publish('topic/b')], [refused, rows], false, 7],
    ['also where sessions count', [any, rows, refused, publish('topic/b')], [any, rows, refused], true, 11],
    ['clients that all may connect are not told apart', [any, some, publish('topic/b')], [any, some], true, 23],
    ['nor under their own ID', [own, some, publish('topic/b')], [own, some], true, 98],
  ])('%s', (_reason, before, after, sessions, most) => {
    expect(spent(before, after, sessions)).toBeLessThanOrEqual(most);
  });

  it('one answer serves all actions that the same statements name', () => {
    const budget = { left: 1e6 };
    const one = perKindOfAction(compiled([]), compiled([allow('iot:*', 'topic/a/*')]), budget);
    expect(one(actionNamed('iot:Publish'), false).gained).toHaveLength(1);
    const { left } = budget;
    expect(one(actionNamed('iot:Receive'), false).gained.map((found) => found.action.name)).toEqual(['iot:Receive']);
    expect(budget.left).toBe(left);
  });
});
