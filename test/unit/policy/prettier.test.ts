import { describe, expect, it } from 'vitest';
import { compare } from '../../../operator/policy/index.ts';
import { arn, client as C, document as doc, type Raw, thing as T } from './words.ts';

const S = (more: Raw): Raw => ({ Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}topic/a/*`, ...more });

describe('the names in a witness', () => {
  it.each<
    readonly [reason: string, after: readonly Raw[], preferredNames: readonly string[], name: string, context: Raw]
  >([
    [
      'a thing is dev1',
      [S({ Resource: `${arn}topic/d/${T}` })],
      [],
      'topic/d/dev1',
      { 'iot:ClientId': 'dev1', 'iot:Connection.Thing.ThingName': 'dev1' },
    ],
    [
      'a thing under its own name',
      [S({ Resource: `${arn}topic/d/${T}/${C}` })],
      [],
      'topic/d/dev1/dev1',
      { 'iot:ClientId': 'dev1', 'iot:Connection.Thing.ThingName': 'dev1' },
    ],
    [
      'a name of the fleet',
      [S({ Resource: `${arn}topic/d/${T}/${C}` })],
      ['pump7', 'gw'],
      'topic/d/pump7/pump7',
      { 'iot:ClientId': 'pump7', 'iot:Connection.Thing.ThingName': 'pump7' },
    ],
    [
      'one name of the fleet',
      [S({ Resource: `${arn}topic/d/${T}/${C}` })],
      ['pump7'],
      'topic/d/pump7/pump7',
      { 'iot:ClientId': 'pump7', 'iot:Connection.Thing.ThingName': 'pump7' },
    ],
    [
      'a client that connects',
      [S({ Action: 'iot:Connect', Resource: `${arn}client/*` })],
      [],
      'client/c1',
      { 'iot:ClientId': 'c1' },
    ],
    [
      'a thing that connects',
      [S({ Action: 'iot:Connect', Resource: `${arn}client/${T}` })],
      [],
      'client/dev1',
      { 'iot:ClientId': 'dev1', 'iot:Connection.Thing.ThingName': 'dev1' },
    ],
    [
      'a client ID that the policies spell out',
      [S({ Resource: `${arn}topic/${C}`, Condition: { StringLike: { 'iot:ClientId': 'abc' } } })],
      [],
      'topic/abc',
      { 'iot:ClientId': 'abc' },
    ],
    [
      'a short one',
      [S({ Resource: `${arn}topic/${C}`, Condition: { StringLike: { 'iot:ClientId': 'ab' } } })],
      [],
      'topic/ab',
      { 'iot:ClientId': 'ab' },
    ],
    ['a level that has a name', [S({ Resource: `${arn}topic/a/*` })], [], 'topic/a/x', { 'iot:ClientId': 'c1' }],
    [
      'no name where that is denied',
      [S({ Resource: `${arn}topic/a/*` }), S({ Effect: 'Deny', Resource: `${arn}topic/a/x*` })],
      [],
      'topic/a/',
      { 'iot:ClientId': 'c1' },
    ],
    [
      'a letter that stands twice in one level stays',
      [S({ Resource: `${arn}topic/${C}x${C}` })],
      [],
      'topic/qxq',
      { 'iot:ClientId': 'q' },
    ],
    [
      'two names of the fleet',
      [S({ Resource: `${arn}topic/${T}/${C}`, Condition: { StringNotEquals: { 'iot:ClientId': T } } })],
      ['pump7', 'gw'],
      'topic/pump7/gw',
      { 'iot:ClientId': 'gw', 'iot:Connection.Thing.ThingName': 'pump7' },
    ],
    [
      'a thing under another client ID',
      [S({ Resource: `${arn}topic/${T}/${C}`, Condition: { StringNotEquals: { 'iot:ClientId': T } } })],
      [],
      'topic/dev1/c1',
      { 'iot:ClientId': 'c1', 'iot:Connection.Thing.ThingName': 'dev1' },
    ],
  ])('%s', (_reason, after, preferredNames, name, context) => {
    const [gained] = compare([doc()], [doc(...after)], { probeSwitches: false, preferredNames }).gained;
    expect(gained).toMatchObject({ resource: arn + name });
    expect(gained?.context).toEqual(context);
  });
});
