import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCbor, encodeCbor } from '../../../operator/sandbox/mqtt/reserved/cbor.ts';

const hex = (text: string) => Buffer.from(text, 'hex');

describe('CBOR, as RFC 8949 (appendix A) has it', () => {
  test.each([
    { bytes: '00', value: 0, reason: 'a small number' },
    { bytes: '1903e8', value: 1000, reason: 'two bytes' },
    { bytes: '1a000f4240', value: 1_000_000, reason: 'four bytes' },
    { bytes: '1b000000e8d4a51000', value: 1_000_000_000_000, reason: 'eight bytes' },
    { bytes: '3903e7', value: -1000, reason: 'a negative number' },
    { bytes: 'f93e00', value: 1.5, reason: 'half precision' },
    { bytes: 'f90001', value: 2 ** -24, reason: 'a subnormal half' },
    { bytes: 'fa47c35000', value: 100_000, reason: 'single precision' },
    { bytes: 'fb3ff199999999999a', value: 1.1, reason: 'double precision' },
    { bytes: 'f5', value: true, reason: 'true' },
    { bytes: 'f6', value: null, reason: 'null' },
    { bytes: 'f7', value: null, reason: 'undefined says nothing either' },
    { bytes: 'c11a514b67b0', value: 1_363_896_240, reason: 'a tag is passed over' },
    { bytes: '62c3bc', value: 'ü', reason: 'a text' },
    { bytes: '7f657374726561646d696e67ff', value: 'streaming', reason: 'a text in chunks' },
    { bytes: '83010203', value: [1, 2, 3], reason: 'a list' },
    { bytes: '9f018202039f0405ffff', value: [1, [2, 3], [4, 5]], reason: 'a list without a length' },
    { bytes: 'a26161016162820203', value: { a: 1, b: [2, 3] }, reason: 'a map' },
    { bytes: 'bf61610161629f0203ffff', value: { a: 1, b: [2, 3] }, reason: 'a map without a length' },
  ])('$bytes is $value ($reason)', ({ bytes, value }) => {
    expect(decodeCbor(hex(bytes))).toEqual(value);
  });

  test.each([
    { bytes: '', reason: 'nothing' },
    { bytes: 'ff', reason: 'a break on its own' },
    { bytes: '9f', reason: 'a list without an end' },
    { bytes: '8301', reason: 'a list that is too short' },
    { bytes: '5bffffffffffffffff', reason: 'a length beyond the message' },
    { bytes: '9b0000000100000000', reason: 'a list longer than the message' },
    { bytes: '1c', reason: 'a reserved length' },
    { bytes: '1f', reason: 'a number without an end' },
    { bytes: 'a10102', reason: 'a key that is a number' },
    { bytes: '7f4161ff', reason: 'a chunk of bytes in a text' },
    { bytes: '0000', reason: 'bytes after the item' },
    { bytes: '81'.repeat(100_000), reason: 'nested without an end' },
    { bytes: 'c1'.repeat(100_000), reason: 'tags without an end' },
  ])('refuses $reason', ({ bytes }) => {
    expect(() => decodeCbor(hex(bytes))).toThrow();
  });

  test('says again what JSON says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const same = JSON.parse(JSON.stringify(value));
        expect(decodeCbor(encodeCbor(value))).toEqual(same);
      }),
    );
  });

  test('takes any bytes without more than an error, and no key changes an object’s prototype', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeCbor(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect(error).not.toBeInstanceOf(RangeError);
        }
      }),
    );
    const read = decodeCbor(encodeCbor(JSON.parse('{"__proto__":{"x":1}}')));
    expect(Object.keys(read as object)).toEqual(['__proto__']);
    expect((read as { x?: number }).x).toBeUndefined();
  });
});
