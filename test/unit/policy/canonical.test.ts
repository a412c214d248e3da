import { describe, expect, it } from 'vitest';
import { canonicalText, policyValue } from '../../../operator/policy/index.ts';
import { document } from './words.ts';

describe('a document as a value', () => {
  const written = document(
    {
      Sid: 's',
      Effect: 'Allow',
      Action: ['iot:b', 'iot:a', 'iot:b'],
      Resource: '*',
      Condition: { StringLike: { b: ['2', '1'], a: 'x' }, Bool: { c: true } },
    },
    { Effect: 'Deny', NotAction: 'iot:a', NotResource: ['z', 'y'] },
    { Effect: 'Deny', NotAction: 'iot:a', NotResource: ['y', 'z'] },
  );

  it('stands as it was written', () => {
    expect(JSON.stringify(policyValue(written))).toBe(
      '{"Version":"2012-10-17","Statement":[{"Sid":"s","Effect":"Allow","Action":["iot:b","iot:a","iot:b"],"Resource":["*"],"Condition":{"StringLike":{"b":["2","1"],"a":["x"]},"Bool":{"c":["true"]}}},{"Effect":"Deny","NotAction":["iot:a"],"NotResource":["z","y"]},{"Effect":"Deny","NotAction":["iot:a"],"NotResource":["y","z"]}]}',
    );
  });

  it('holds no element that was not written', () => {
    const [first, second] = policyValue(written).Statement;
    expect(Object.keys(first ?? {})).toEqual(['Sid', 'Effect', 'Action', 'Resource', 'Condition']);
    expect(Object.keys(second ?? {})).toEqual(['Effect', 'NotAction', 'NotResource']);
  });

  it('has one canonical text, sorted and without what has no meaning', () => {
    expect(canonicalText(written)).toBe(
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iot:a","iot:b"],"Resource":["*"],"Condition":{"Bool":{"c":["true"]},"StringLike":{"a":["x"],"b":["1","2"]}}},{"Effect":"Deny","NotAction":["iot:a"],"NotResource":["y","z"]}]}',
    );
  });
});
