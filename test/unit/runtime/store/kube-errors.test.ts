import { describe, expect, it } from 'vitest';
import { parseStatus, toStoreError, toTransportError } from '../../../../operator/runtime/kube/errors.ts';
import { crdNameOf, pathOf } from '../../../../operator/runtime/kube/resources.ts';
import type { StoreErrorCode } from '../../../../operator/runtime/store.ts';
import { status } from '../../../support/tls-server.ts';

const named = { name: 'press-1', kind: 'devices' };
const errorOf = (code: number, body: unknown, secret = false) =>
  toStoreError(parseStatus(code, body), { what: 'Applying Device factory/press-1', secret });

describe('answers of the API server', () => {
  const table: readonly { answer: [number, unknown]; code: StoreErrorCode; reason: string }[] = [
    { answer: [400, status(400, 'BadRequest', 'x', named)], code: 'invalid', reason: 'a malformed request' },
    { answer: [401, status(401, 'Unauthorized', 'x')], code: 'unauthorized', reason: 'no valid token' },
    { answer: [403, status(403, 'Forbidden', 'x', named)], code: 'forbidden', reason: 'no right' },
    { answer: [404, status(404, 'NotFound', 'x', named)], code: 'notFound', reason: 'the object' },
    { answer: [404, '404 page not found'], code: 'unavailable', reason: 'the kind is not installed' },
    { answer: [409, status(409, 'Conflict', 'x', named)], code: 'conflict', reason: 'another version' },
    { answer: [409, status(409, 'AlreadyExists', 'x', named)], code: 'conflict', reason: 'created by another' },
    { answer: [410, status(410, 'Expired', 'x')], code: 'gone', reason: 'too old a version' },
    { answer: [413, status(413, 'RequestEntityTooLarge', 'x')], code: 'invalid', reason: 'too big to store' },
    { answer: [415, status(415, 'UnsupportedMediaType', 'x')], code: 'invalid', reason: 'a wrong patch type' },
    { answer: [422, status(422, 'Invalid', 'x', named)], code: 'invalid', reason: 'against the schema' },
    {
      answer: [
        422,
        status(422, 'Invalid', 'x', { ...named, causes: [{ field: 'metadata.uid', message: 'immutable' }] }),
      ],
      code: 'conflict',
      reason: 'the uid of an earlier object',
    },
    { answer: [429, status(429, 'TooManyRequests', 'x')], code: 'throttled', reason: 'too many requests' },
    { answer: [500, status(500, 'InternalError', 'x')], code: 'unavailable', reason: 'its own trouble' },
    {
      answer: [
        500,
        status(500, '', 'failed to create typed patch object (a): .spec.foo: field not declared in schema'),
      ],
      code: 'invalid',
      reason: 'an unknown field in a server-side apply',
    },
    {
      answer: [500, status(500, '', 'etcdserver: mvcc: database space exceeded')],
      code: 'full',
      reason: 'the quota of etcd is used up',
    },
    { answer: [504, status(504, 'Timeout', 'x')], code: 'unavailable', reason: 'etcd was slow' },
    { answer: [502, '<html>'], code: 'unavailable', reason: 'a proxy in between' },
  ];
  it.each(table)('are $code: $reason', ({ answer, code }) => {
    const error = errorOf(...answer);
    expect(error.code).toBe(code);
    expect(error.message).toContain('Applying Device factory/press-1');
  });

  it('name every field of a failed apply', () => {
    const message =
      'failed to create typed patch object (/a; fleetward.dev/v1alpha1, Kind=ThingGroup): errors:\n' +
      '  .spec.attributes.x: expected string, got &value.valueUnstructured{Value:3}\n' +
      '  .spec.foo: field not declared in schema';
    expect(errorOf(500, status(500, '', message)).causes).toEqual([
      { field: 'spec.attributes.x', message: 'expected string, got 3' },
      { field: 'spec.foo', message: 'field not declared in schema' },
    ]);
  });

  it('tell how long to wait, from the header or the details', () => {
    expect(toStoreError(parseStatus(429, {}, '7'), { what: '' }).retryAfterMs).toBe(7_000);
    expect(errorOf(429, status(429, '', '', { retryAfterSeconds: 3 })).retryAfterMs).toBe(3_000);
    expect(errorOf(429, {}).retryAfterMs).toBeUndefined();
  });

  it('about a Secret are never quoted: they may repeat what was sent', () => {
    const causes = [{ field: 'data', message: 'Invalid value: "hunter2"' }];
    const error = errorOf(422, status(422, 'Invalid', 'Secret "x" is invalid: hunter2', { causes }), true);
    expect(JSON.stringify([error.message, error.causes])).not.toContain('hunter2');
    expect(error.message).toContain('Invalid');
  });

  it('stay short enough for a condition, whatever the server says', () => {
    expect(errorOf(422, status(422, 'Invalid', 'x'.repeat(10_000), named)).message.length).toBeLessThanOrEqual(1_024);
  });

  it('that never came name the root of the trouble', () => {
    const thrown = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:6443') });
    expect(toTransportError(thrown, { what: 'Listing Device' }).message).toBe(
      'Listing Device: no answer from the API server: connect ECONNREFUSED 127.0.0.1:6443',
    );
  });
});

describe('paths on the API server', () => {
  const table: readonly { path: string; wanted: string; reason: string }[] = [
    { path: pathOf('Device'), wanted: '/apis/fleetward.dev/v1alpha1/devices', reason: 'all namespaces' },
    {
      path: pathOf('IoTPolicy', { namespace: 'factory', name: 'p', subresource: 'status' }),
      wanted: '/apis/fleetward.dev/v1alpha1/namespaces/factory/iotpolicies/p/status',
      reason: 'the plural of a y',
    },
    {
      path: pathOf('Secret', { namespace: 'factory', name: 's' }),
      wanted: '/api/v1/namespaces/factory/secrets/s',
      reason: 'the core group',
    },
    {
      path: pathOf('Lease', { namespace: 'a/b', name: 'c?d' }),
      wanted: '/apis/coordination.k8s.io/v1/namespaces/a%2Fb/leases/c%3Fd',
      reason: 'parts cannot break out',
    },
  ];
  it.each(table)('$reason', ({ path, wanted }) => {
    expect(path).toBe(wanted);
  });

  it.each([{ name: '' }, { name: '..' }, { namespace: '' }, { namespace: '.', name: 'x' }])(
    'never address a whole collection or another path by mistake: %o',
    (at) => {
      expect(() => pathOf('Device', at)).toThrow('is not the name or namespace');
    },
  );

  it('agree with the names of our CRDs', () => {
    expect(['AWSAccount', 'IoTPolicy', 'SecurityProfile'].map(crdNameOf)).toEqual([
      'awsaccounts.fleetward.dev',
      'iotpolicies.fleetward.dev',
      'securityprofiles.fleetward.dev',
    ]);
  });
});
