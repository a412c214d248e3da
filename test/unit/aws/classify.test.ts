import { describe, expect, test } from 'vitest';
import { classify, hasReason, ifFound } from '../../../operator/aws/classify.ts';
import { iamAction, operations } from '../../../operator/aws/operations.ts';

function thrown(name: string, status?: number): Error {
  const error = Object.assign(new Error('what AWS says'), { name });
  return Object.assign(error, status === undefined ? {} : { $metadata: { httpStatusCode: status, requestId: 'r-1' } });
}

const rows: readonly (readonly [
  name: string,
  status: number | undefined,
  kind: string,
  reason: string,
  why: string,
])[] = [
  ['ThrottlingException', 400, 'throttled', 'Throttled', 'the control plane throttles with 400, not 429'],
  [
    'LimitExceededException',
    410,
    'terminal',
    'LimitExceeded',
    'waiting lifts no limit, though the SDK takes it for a throttle',
  ],
  ['VersionConflictException', 409, 'conflict', 'VersionConflict', 'read again and compare again'],
  ['ResourceAlreadyExistsException', 409, 'conflict', 'AlreadyExists', 'the next pass sees what exists'],
  ['DeleteConflictException', 409, 'waiting', 'DeleteConflict', 'a detach takes up to five minutes'],
  ['ResourceNotFoundException', 404, 'waiting', 'NotFound', 'what is referred to may still come'],
  ['InvalidRequestException', 400, 'terminal', 'InvalidRequest', 'the same request stays invalid'],
  ['MalformedPolicyException', 400, 'terminal', 'MalformedPolicy', 'a person must correct the document'],
  [
    'UnauthorizedException',
    401,
    'waiting',
    'AccessDenied',
    'a permission can be granted without a change of the object',
  ],
  ['AccessDeniedException', 403, 'waiting', 'AccessDenied', '401 and 403 alike'],
  ['SomethingNew', 403, 'waiting', 'AccessDenied', 'an unknown name with a known status'],
  ['InternalFailureException', 500, 'transient', 'AwsUnavailable', 'AWS says so itself'],
  ['SomethingNew', 503, 'transient', 'AwsUnavailable', 'any 5xx'],
  ['SomethingNew', 429, 'throttled', 'Throttled', 'the data plane throttles with 429'],
  ['SomethingNew', 418, 'terminal', 'Refused', 'an unknown 4xx is not retried 800 times'],
  ['TypeError', undefined, 'transient', 'AwsUnreachable', 'no answer at all'],
  ['TimeoutError', undefined, 'transient', 'AwsTimeout', 'the socket was silent'],
];

describe('what an error of AWS means', () => {
  test.each(rows)('%s with status %s is %s/%s: %5$s', (name, status, kind, reason) => {
    expect(classify('AttachPolicy', thrown(name, status))).toMatchObject({ kind, reason });
  });

  test('an error page that is not JSON is told apart by name, and tried again', () => {
    const error = Object.assign(new SyntaxError('Unexpected token <'), { $response: { statusCode: 500 } });
    const classified = classify('ListThings', error);
    expect(classified).toMatchObject({ kind: 'transient', reason: 'NotJson' });
    expect(classified.message).toContain('HTTP 500');
  });

  test('the message names what the call was about, and never what could be a secret', () => {
    const input = { policyName: 'press', target: 'arn:aws:iot:r:1:cert/ab', certificateSigningRequest: 'PEM' };
    const { message } = classify('AttachPolicy', thrown('ResourceNotFoundException', 404), input);
    expect(message).toContain('AttachPolicy (policyName press, target arn:aws:iot:r:1:cert/ab) failed');
    expect(message).not.toContain('PEM');
  });

  test('a denial names the IAM action', () => {
    expect(classify('ListThingPrincipalsV2', thrown('UnauthorizedException', 401)).message).toContain(
      'iot:ListThingPrincipals,',
    );
  });

  test('no message repeats a request id, or each failure would write another status', () => {
    for (const [name, status] of rows)
      expect(classify('CreateThing', thrown(name, status)).message).not.toContain('r-1');
  });

  test('absence is an answer only for "not found"', async () => {
    const reject = (name: string, status: number) => Promise.reject(classify('GetPolicy', thrown(name, status)));
    await expect(ifFound(reject('ResourceNotFoundException', 404))).resolves.toBeUndefined();
    await expect(ifFound(reject('AccessDeniedException', 403))).rejects.toSatisfy((e) => hasReason(e, 'AccessDenied'));
  });
});

describe('the table of operations', () => {
  test('names each operation as its command does', () => {
    for (const [name, { command }] of Object.entries(operations)) expect(command.name).toBe(`${name}Command`);
  });

  test('calls a write whatever changes AWS', () => {
    for (const [name, { write }] of Object.entries(operations)) {
      expect(write, name).toBe(!/^(Describe|List|Get|Test|Search|Filter|Receive)/.test(name));
      expect(iamAction(name as keyof typeof operations)).toMatch(/^(iot|sqs|logs):[A-Z]/);
    }
  });

  test('never calls CreateKeysAndCertificate, which would send a private key through us', () => {
    expect(Object.keys(operations)).not.toContain('CreateKeysAndCertificate');
  });
});
