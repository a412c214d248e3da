import { attributeNames, expand, naming, type Spec } from './shared.ts';

const CSR = '-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n';
const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n';
const ID = 'ab'.repeat(32);
const certs = (...certificates: readonly Spec[]) => ({ certificates });

export const deviceCases = expand('Device', {}, [
  ...naming('thingName', 'the name of a thing (letters, digits, : _ -; at most 128)'),
  {
    rule: 'metadata.name cannot serve as the name of a thing (letters, digits, : _ -; at most 128): set spec.thingName',
    accepted: [],
    refused: [['AWS takes no dots in thing names', {}, 'press-1.hamburg']],
  },
  ...attributeNames.map((cases) => ({ ...cases })),
  {
    rule: 'a thing without a thing type takes at most 3 attributes: set thingTypeRef or remove some',
    accepted: [
      ['three without a type', { attributes: { a: '1', b: '2', c: '3' } }],
      ['four with a type', { thingTypeRef: { name: 'press' }, attributes: { a: '1', b: '2', c: '3', d: '4' } }],
    ],
    refused: [['four without a type', { attributes: { a: '1', b: '2', c: '3', d: '4' } }]],
  },
  {
    rule: 'certificate names must be unique within the Device',
    accepted: [['two names', certs({ name: 'a', csr: CSR }, { name: 'b', csr: CSR })]],
    refused: [['one name twice', certs({ name: 'a', csr: CSR }, { name: 'a', pem: PEM })]],
  },
  {
    rule: 'what a certificate name stands for is immutable: add an entry under a new name and remove this one later',
    accepted: [],
    refused: [],
    acceptedUpdates: [
      ['one more beside it', certs({ name: 'a', csr: CSR }), certs({ name: 'b', pem: PEM }, { name: 'a', csr: CSR })],
      ['taken away', certs({ name: 'a', csr: CSR }, { name: 'b', pem: PEM }), certs({ name: 'b', pem: PEM })],
      [
        'the same issued one',
        certs({ name: 'a', issued: { secretName: 's' } }),
        certs({ name: 'a', issued: { secretName: 's' } }),
      ],
    ],
    refusedUpdates: [
      ['another request', certs({ name: 'a', csr: CSR }), certs({ name: 'a', csr: `${CSR}\n` })],
      ['another certificate', certs({ name: 'a', pem: PEM }), certs({ name: 'a', pem: `${PEM}\n` })],
      ['another id', certs({ name: 'a', certificateId: ID }), certs({ name: 'a', certificateId: 'cd'.repeat(32) })],
      ['another way', certs({ name: 'a', csr: CSR }), certs({ name: 'a', certificateId: ID })],
      [
        'another Secret',
        certs({ name: 'a', issued: { secretName: 's' } }),
        certs({ name: 'a', issued: { secretName: 't' } }),
      ],
      [
        'from a Secret to an id',
        certs({ name: 'a', issued: { secretName: 's' } }),
        certs({ name: 'a', certificateId: ID }),
      ],
    ],
  },
  {
    rule: 'give exactly one of csr, pem, certificateId and issued',
    accepted: [
      ['a request', certs({ name: 'a', csr: CSR })],
      ['a certificate', certs({ name: 'a', pem: PEM })],
      ['an id', certs({ name: 'a', certificateId: ID })],
      ['issued', certs({ name: 'a', issued: { secretName: 's' } })],
    ],
    refused: [
      ['none', certs({ name: 'a' })],
      ['two', certs({ name: 'a', csr: CSR, pem: PEM })],
      ['all', certs({ name: 'a', csr: CSR, pem: PEM, certificateId: ID, issued: { secretName: 's' } })],
    ],
  },
  {
    rule: 'csr must not hold a private key: take it out, and replace the key if this was ever committed',
    accepted: [['a request alone', certs({ name: 'a', csr: CSR })]],
    refused: [['a request with its key behind it', certs({ name: 'a', csr: CSR + KEY })]],
  },
  {
    rule: 'pem must not hold a private key: take it out, and replace the key if this was ever committed',
    accepted: [['a certificate alone', certs({ name: 'a', pem: PEM })]],
    refused: [['a certificate with its key behind it', certs({ name: 'a', pem: PEM + KEY })]],
  },
]);
