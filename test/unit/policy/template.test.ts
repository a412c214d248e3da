import { describe, expect, it } from 'vitest';
import { ANY, STAR, showGlob } from '../../../operator/policy/glob.ts';
import { isKnownVariable, parseTemplate, substitute } from '../../../operator/policy/template.ts';

const show = (text: string, options = { variables: true, wildcards: true }): string => {
  const { items, prefix, rest, variables } = parseTemplate(text, options);
  const one = (item: (typeof items)[number]): string =>
    typeof item === 'object'
      ? `<${item.key}${item.fallback === undefined ? '' : `=${item.fallback}`}>`
      : item === STAR
        ? '<any>'
        : item === ANY
          ? '<one>'
          : String.fromCodePoint(item);
  expect(variables.length).toBe(items.filter((item) => typeof item === 'object').length);
  expect(prefix + rest.items.map(one).join('')).toBe(items.map(one).join(''));
  return `${prefix}|${rest.items.map(one).join('')}`;
};

describe('a pattern', () => {
  it.each([
    ['a*b?', 'a|<any>b<one>'],
    ['abc', 'abc|'],
    ['${iot:ClientId}/a', '|<iot:clientid>/a'],
    ['a/${ IOT:ClientID }', 'a/|<iot:clientid>'],
    ["a${iot:ClientId, 'x y'}", 'a|<iot:clientid=x y>'],
    ["a${ iot:ClientId , '' }", 'a|<iot:clientid=>'],
    ['a${iot:ClientId, x}', 'a|<iot:clientid, x>'],
    ["a${iot:ClientId, 'x'y}", "a|<iot:clientid, 'x'y>"],
    ["a${iot:ClientId, b, 'x'}", "a|<iot:clientid, b, 'x'>"],
    ['${*}${?}${$}', '*?$|'],
    ['a${', 'a${|'],
    ['a${b', 'a${b|'],
    ['a$b}', 'a$b}|'],
    ['${iot:Connection.Thing.Attributes[Ab]}', '|<iot:connection.thing.attributes[Ab]>'],
    ['😀*', '😀|<any>'],
    ['\uffffa*', '\uffffa|<any>'],
    ['', '|'],
  ])('%s is read as %s', (text, shown) => {
    expect(show(text)).toBe(shown);
  });

  it('has no variables in the older version and no wildcards under operators that take none', () => {
    expect(show('${a}*', { variables: false, wildcards: true })).toBe('${a}|<any>');
    expect(show('${*}?', { variables: true, wildcards: false })).toBe('*?|');
    expect(show('a*', { variables: true, wildcards: false })).toBe('a*|');
  });

  it('takes values as plain text, or by the switch as patterns', () => {
    const template = parseTemplate('a${aws:K}b', { variables: true, wildcards: true });
    const filled = (value: string | undefined, asGlobs = false): string | undefined => {
      const glob = substitute(template, (key) => (key === 'aws:k' ? value : 'wrong'), asGlobs);
      return glob === undefined ? undefined : showGlob(glob);
    };
    expect(filled('x')).toBe('axb');
    expect(filled('*?')).toBe('a${*}${?}b');
    expect(filled('*?', true)).toBe('a?*b');
    expect(filled('😀')).toBe('a😀b');
    expect(filled(undefined)).toBeUndefined();
    expect(substitute(template, () => '*')).toEqual(substitute(template, () => '*', false));
  });
});

describe('the variables that AWS documents', () => {
  it.each([
    ['iot:clientid', true],
    ['iot:connection.thing.thingname', true],
    ['iot:connection.thing.thingtypename', true],
    ['iot:connection.thing.isattached', true],
    ['aws:sourceip', true],
    ['aws:anything', true],
    ['iot:domainname', true],
    ['iot:certificateid', true],
    ['iot:certificate.serialnumber', true],
    ['iot:certificate.availablekeys', true],
    ['iot:topic', true],
    ['iot:lastwilltopic', true],
    ['iot:connectattributes', false],
    ['iot:certificate.subject.commonname', true],
    ['iot:certificate.issuer.organization.0', true],
    ['iot:certificate.subject.organization.12', true],
    ['iot:certificate.subject.organization.x', false],
    ['iot:certificate.subject.organization.list', false],
    ['iot:certificate.subject.alternativename.dnsname', true],
    ['iot:certificate.subject', false],
    ['iot:certificate.owner.commonname', false],
    ['x-iot:certificate.subject.commonname', false],
    ['iot:connection.thing.attributes[a]', true],
    ['iot:connection.thing.attributes[serial]', true],
    ['iot:connection.thing.attributes[]', false],
    ['iot:connection.thing.attributes[a]b', false],
    ['iot:connection.thing.attributes[a]]', false],
    ['x.iot:connection.thing.attributes[a]', false],
    ['iot:connection.thing.owner', false],
    ['x-aws:sourceip', false],
  ])('%s: %s', (key, known) => {
    expect(isKnownVariable(key)).toBe(known);
  });
});
