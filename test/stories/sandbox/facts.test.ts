import { IoTDataPlane } from '@aws-sdk/client-iot-data-plane';
import { describe, expect, it } from 'vitest';
import { table } from '../../../operator/sandbox/wire/table.ts';
import { ABSENT } from './facts/absent.ts';
import { BEHAVIORS } from './facts/behaviors.ts';
import { LIMITS } from './facts/limits.ts';
import { LOCKING } from './facts/locking.ts';
import { REPEATS } from './facts/repeats.ts';
import { failure, REGION, startSandbox } from './support.ts';

describe.each([
  { what: 'limits', facts: LIMITS },
  { what: 'repeated creates', facts: REPEATS },
  { what: 'optimistic locking', facts: LOCKING },
  { what: 'behaviors', facts: BEHAVIORS },
  { what: 'deletes and errors', facts: ABSENT },
])('$what', ({ facts }) => {
  it.each(facts)('$fact', async ({ before, call, outcome, switches }) => {
    const { iot } = startSandbox(switches && { switches });
    await before?.(iot);
    const seen = await call(iot).then(
      () => 'ok',
      (error: { name: string; $metadata?: { httpStatusCode?: number } }) =>
        `${error.name} ${error.$metadata?.httpStatusCode}`,
    );
    expect(seen).toBe(outcome);
  });
});

describe('shadows', () => {
  it.each([
    { fact: 'a shadow document has at most 8 KB', state: { x: 'x'.repeat(8200) }, name: undefined },
    {
      fact: 'a shadow document is at most eight levels deep',
      state: JSON.parse(`${'{"a":'.repeat(9)}1${'}'.repeat(9)}`),
      name: undefined,
    },
    { fact: 'a shadow name has at most 64 characters', state: {}, name: 's'.repeat(65) },
  ])('$fact', async ({ state, name }) => {
    const { sandbox } = startSandbox();
    const data = new IoTDataPlane({
      endpoint: 'http://sandbox',
      region: REGION,
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
      requestHandler: sandbox.requestHandler() as never,
      maxAttempts: 1,
    });
    const payload = Buffer.from(JSON.stringify({ state: { desired: state } }));
    const call = data.updateThingShadow({ thingName: 't', payload, ...(name !== undefined && { shadowName: name }) });
    expect([400, 413]).toContain((await failure(call)).status);
  });
});

describe('the status of an error', () => {
  it.each([
    ['InvalidRequestException', 400],
    ['MalformedPolicyException', 400],
    ['InvalidQueryException', 400],
    ['IndexNotReadyException', 400],
    ['ThrottlingException', 400],
    ['TaskAlreadyExistsException', 400],
    ['CertificateValidationException', 400],
    ['ResourceRegistrationFailureException', 400],
    ['UnauthorizedException', 401],
    ['ServiceQuotaExceededException', 402],
    ['ResourceNotFoundException', 404],
    ['NotConfiguredException', 404],
    ['CertificateStateException', 406],
    ['ResourceAlreadyExistsException', 409],
    ['DeleteConflictException', 409],
    ['VersionConflictException', 409],
    ['VersionsLimitExceededException', 409],
    ['InvalidStateTransitionException', 409],
    ['CertificateConflictException', 409],
    ['ConflictingResourceUpdateException', 409],
    ['ConflictException', 409],
    ['LimitExceededException', 410],
    ['TransferAlreadyCompletedException', 410],
    ['InternalFailureException', 500],
    ['InternalException', 500],
    ['InternalServerException', 500],
    ['ServiceUnavailableException', 503],
  ])('%s is sent with status %i', (name, status) => {
    expect(table('iot').errors[name]).toBe(status);
  });
});
