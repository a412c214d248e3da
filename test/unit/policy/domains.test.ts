import { describe, expect, it } from 'vitest';
import { documentedSpelling, domainOf } from '../../../operator/policy/domains.ts';
import { globOf } from '../../../operator/policy/glob.ts';
import { findUncovered } from '../../../operator/policy/inclusion.ts';
import { withDefaults } from '../../../operator/policy/index.ts';
import { keys, normaliseKey } from '../../../operator/policy/request.ts';
import { isValid } from '../../../operator/policy/valid.ts';

const options = withDefaults();
const topicArn = 'arn:aws:iot:us-east-1:123456789012:topic/';
const attribute = 'iot:Connection.Thing.Attributes[serial]';
const domain = (key: string) => domainOf(normaliseKey(key), options);

describe('the values that a key can have at all', () => {
  it.each<readonly [reason: string, key: string, value: string, possible: boolean]>([
    ['a will topic is given as an ARN', keys.lastWillTopic, `${topicArn}a/b`, true],
    ['a will topic alone is none', keys.lastWillTopic, 'a/b', false],
    ['not half of it either', keys.lastWillTopic, topicArn.slice(0, -2), false],
    ['no topic without a letter', keys.lastWillTopic, topicArn, false],
    ['no topic with a wildcard', keys.lastWillTopic, `${topicArn}a/+`, false],
    ['nor one that begins with it', keys.lastWillTopic, `${topicArn}+/a`, false],
    ['nor of another account', keys.lastWillTopic, `${topicArn.replace('12:', '13:')}a`, false],
    ['as deep as topics may be', keys.lastWillTopic, `${topicArn}1/2/3/4/5/6/7/8`, true],
    ['and no deeper', keys.lastWillTopic, `${topicArn}1/2/3/4/5/6/7/8/9`, false],
    ['Basic Ingest does not count', keys.lastWillTopic, `${topicArn}$aws/rules/r/1/2/3/4/5/6/7/8`, true],
    ['256 bytes of topic', keys.lastWillTopic, topicArn + 'x'.repeat(256), true],
    ['not 257', keys.lastWillTopic, topicArn + 'x'.repeat(257), false],
    ['a client ID of 128 bytes', keys.clientId, 'x'.repeat(128), true],
    ['not 129', keys.clientId, 'x'.repeat(129), false],
    ['a client ID with letters of its own', keys.clientId, 'a.b/ü', true],
    ['but not with $ in front', keys.clientId, '$a', false],
    ['a thing name', keys.thingName, 'press:line-1_a', true],
    ['has no dot', keys.thingName, 'a.b', false],
    ['and a letter at least', keys.thingName, '', false],
    ['a thing type likewise', keys.thingType, 'a.b', false],
    ['and like a name it may be plain', keys.thingType, 'pump', true],
    ['a topic of a direct message', keys.topic, 'a/b', true],
    ['without wildcards', keys.topic, 'a/#', false],
    ['an attribute may be empty', attribute, '', true],
    ['has letters that names lack', attribute, 'a.,@/:#-_9Z=[]', true],
    ['but no other ones', attribute, 'a b', false],
    ['no letters beyond ASCII', attribute, 'ü', false],
    ['800 of them', attribute, 'x'.repeat(800), true],
    ['not 801', attribute, 'x'.repeat(801), false],
    ['any other key holds any text', 'iot:Certificate.Subject.CommonName', '$a b/ü+#', true],
    ['also an empty one', 'iot:ConnectAttributes', '', true],
  ])('%s: %s', (_reason, key, value, possible) => {
    expect(isValid(domain(key), value)).toBe(possible);
  });

  it('the search finds a will topic by its shortest ARN, and deep ones through Basic Ingest alone', () => {
    const shortest = (pattern: string, ...outside: readonly string[]) =>
      findUncovered({
        left: [globOf(pattern)],
        right: outside.map(globOf),
        valid: domain(keys.lastWillTopic),
        budget: { left: 1e5 },
      });
    expect(shortest('*')).toEqual({ kind: 'word', word: `${topicArn}x` });
    expect(shortest('*w*')).toEqual({ kind: 'word', word: `${topicArn}w` });
    expect(shortest('*', `${topicArn}?`)).toEqual({ kind: 'word', word: `${topicArn}xx` });
    const deep = '/1/2/3/4/5/6/7/8';
    expect(shortest(`*topic/?*${deep}`)).toEqual({ kind: 'word', word: `${topicArn}$aws/rules${deep}` });
    expect(shortest(`*topic/?*${deep}`, '*$aws/*')).toEqual({ kind: 'covered' });
  });

  it('an attribute that must be none of its texts is found a letter that attributes have', () => {
    const letters = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,@/:-=[]');
    const right = letters.map((letter) => globOf(`*${letter}*`));
    const find = (pattern: string) =>
      findUncovered({ left: [globOf(pattern)], right, valid: domain(attribute), budget: { left: 1e5 } });
    expect(find('?*')).toEqual({ kind: 'word', word: '#' });
    expect(find('?* *')).toEqual({ kind: 'covered' });
  });

  it('keys are shown as AWS writes them', () => {
    expect([...documentedSpelling.values()].sort()).toEqual([
      'aws:SourceIp',
      'iot:CertificateId',
      'iot:ClientId',
      'iot:ConnectAttributes',
      'iot:Connection.Thing.IsAttached',
      'iot:Connection.Thing.ThingName',
      'iot:Connection.Thing.ThingTypeName',
      'iot:DomainName',
      'iot:LastWillTopic',
      'iot:Topic',
    ]);
    for (const [key, name] of documentedSpelling) expect(normaliseKey(name)).toBe(key);
  });
});
