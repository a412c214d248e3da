import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsrError, readCsr } from '../../../operator/sandbox/x509/csr.ts';
import * as der from '../../../operator/sandbox/x509/der.ts';

describe('DER', () => {
  it('reads what it wrote, at every length', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 5 }), (parts) => {
        const element = der.read(der.sequence(...parts.map((p) => der.octets(p))));
        expect(der.children(element).map((c) => new Uint8Array(c.content))).toEqual(
          parts.map((p) => new Uint8Array(p)),
        );
      }),
    );
  });

  it.each(['2.5.4.3', '1.2.840.10045.4.3.2', '1.2.840.113549.1.1.11', '2.5.29.15'])(
    'keeps the object identifier %s',
    (id) => {
      expect(der.readOid(der.read(der.oid(id)))).toBe(id);
    },
  );

  it('writes years up to 2049 as UTCTime and later ones as GeneralizedTime', () => {
    expect(der.time(Date.UTC(2049, 11, 31, 23, 59, 59)).toString('latin1')).toContain('491231235959Z');
    expect(der.read(der.time(Date.UTC(2050, 0, 1))).tag).toBe(der.TAG.generalizedTime);
  });

  it('keeps integers positive and minimal', () => {
    expect([...der.integer(Buffer.from([0, 0, 0x80]))]).toEqual([2, 2, 0, 0x80]);
    expect([...der.integer(Buffer.from([0]))]).toEqual([2, 1, 0]);
  });

  it('ends with a RangeError on any other bytes, never later', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          der.children(der.read(Buffer.from(bytes)));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});

describe('signing requests', () => {
  it('that are anything else are refused with a reason', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => readCsr(der.pem('CERTIFICATE REQUEST', bytes))).toThrow(CsrError);
      }),
    );
  });
});
