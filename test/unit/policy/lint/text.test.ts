import { describe, expect, it } from 'vitest';
import { controlPlaneNames } from '../../../../operator/policy/lint/control-plane.ts';
import { lint } from '../../../../operator/policy/lint/index.ts';
import { allow, bound, document } from './build.ts';

const variables = [
  'iot:ClientId',
  'iot:DomainName',
  'iot:CertificateId',
  'iot:Connection.Thing.ThingName',
  'iot:Connection.Thing.ThingTypeName',
  'iot:Connection.Thing.IsAttached',
  'iot:Certificate.Subject.CommonName',
  'iot:Certificate.Subject.Organization',
  'iot:Certificate.SerialNumber',
  'aws:SourceIp',
];
const conditionKeys = [...variables, 'iot:ConnectAttributes', 'iot:LastWillTopic', 'iot:Topic'];

/** The name without its second letter. */
const slip = (name: string): string => name[0] + name.slice(2);
const messages = (statement: unknown): readonly string[] =>
  lint(document([bound, statement]))
    .findings.filter(({ code }) => code === 'unknown-variable')
    .map(({ message }) => message);

describe('names that AWS IoT does not know', () => {
  it.each(variables)('a variable one letter away from %s', (name) => {
    expect(messages(allow('Publish', `topic/\${${slip(name)}}`))).toEqual([
      `AWS IoT has no variable \${${slip(name)}}: it never resolves, so this value never matches; did you mean \${${name}}?`,
    ]);
  });

  it.each(conditionKeys)('a condition key one letter away from %s', (name) => {
    expect(messages(allow('Publish', 'topic/a', { StringEquals: { [slip(name)]: 'a' } }))).toEqual([
      `AWS IoT has no condition key ${slip(name)}: no request carries it; did you mean ${name}?`,
    ]);
  });

  it('takes every call of the control plane for a right over the account', () => {
    expect(new Set(controlPlaneNames).size).toBe(controlPlaneNames.length);
    expect(controlPlaneNames).toHaveLength(279);
    const { findings } = lint(document([allow(controlPlaneNames, '*')]));
    expect(findings.filter(({ code }) => code === 'control-plane-action')).toHaveLength(279);
    expect(findings.map(({ code }) => code)).not.toContain('unknown-action');
  });
});

describe('documents as a whole', () => {
  const ofSize = (size: number) => {
    const { size: without } = document([bound, allow('Publish', 'topic/')]);
    return document([bound, allow('Publish', `topic/${'a'.repeat(size - without)}`)]);
  };

  it('may be as long as AWS accepts, and not a character longer', () => {
    const codes = (size: number) => lint([document([bound]), ofSize(size)]).findings.map(({ code }) => code);
    expect(codes(2048)).not.toContain('too-large');
    expect(codes(2049)).toContain('too-large');
  });

  it('are named by their place in the list', () => {
    const places = (second: ReturnType<typeof document>, wanted: string) =>
      lint([document([bound]), second])
        .findings.filter(({ code, statement }) => code === wanted && statement === null)
        .map((finding) => finding.document);
    expect(places(document([]), 'no-statement')).toEqual([1]);
    expect(places(ofSize(2049), 'too-large')).toEqual([1]);
    expect(places(document([allow('Publish', `topic/\${iot:ClientId}`)], '2008-10-17'), 'variables-need-2012')).toEqual(
      [1],
    );
  });
});
