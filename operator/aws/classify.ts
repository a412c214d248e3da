import { conflict, ReconcileError, terminal, throttled, transient } from '../runtime/errors.ts';
import { iamAction, type OperationName } from './operations.ts';

type Verdict =
  | { readonly kind: 'terminal' | 'conflict' | 'transient'; readonly reason: string }
  | { readonly kind: 'waiting' | 'throttled'; readonly reason: string; readonly delayMs: number };

/** A permission can be granted, or credentials renewed, without any object changing: look again now and then. */
const DENIED: Verdict = { kind: 'waiting', reason: 'AccessDenied', delayMs: 60_000 };
const THROTTLED: Verdict = { kind: 'throttled', reason: 'Throttled', delayMs: 2_000 };

/**
 * Every error name that AWS documents for the calls we make, and what it means for a reconcile.
 * https://docs.aws.amazon.com/iot/latest/apireference/CommonErrors.html and the page of each call.
 */
const byName: Readonly<Record<string, Verdict>> = {
  ResourceNotFoundException: { kind: 'waiting', reason: 'NotFound', delayMs: 30_000 },
  QueueDoesNotExist: { kind: 'waiting', reason: 'NotFound', delayMs: 30_000 },
  'AWS.SimpleQueueService.NonExistentQueue': { kind: 'waiting', reason: 'NotFound', delayMs: 30_000 },
  NotConfiguredException: { kind: 'waiting', reason: 'NotConfigured', delayMs: 60_000 },
  ResourceAlreadyExistsException: { kind: 'conflict', reason: 'AlreadyExists' },
  VersionConflictException: { kind: 'conflict', reason: 'VersionConflict' },
  ConflictException: { kind: 'conflict', reason: 'Conflict' },
  ConflictingResourceUpdateException: { kind: 'conflict', reason: 'Conflict' },
  // After a detach AWS refuses the delete for up to five minutes.
  DeleteConflictException: { kind: 'waiting', reason: 'DeleteConflict', delayMs: 30_000 },
  CertificateStateException: { kind: 'conflict', reason: 'CertificateState' },
  TransferConflictException: { kind: 'waiting', reason: 'TransferPending', delayMs: 60_000 },
  VersionsLimitExceededException: { kind: 'conflict', reason: 'VersionsLimitExceeded' },
  IndexNotReadyException: { kind: 'waiting', reason: 'IndexNotReady', delayMs: 30_000 },
  // The SDK takes this name for a throttle; AWS uses it for limits that waiting does not lift.
  LimitExceededException: { kind: 'terminal', reason: 'LimitExceeded' },
  ServiceQuotaExceededException: { kind: 'terminal', reason: 'LimitExceeded' },
  InvalidRequestException: { kind: 'terminal', reason: 'InvalidRequest' },
  ValidationException: { kind: 'terminal', reason: 'InvalidRequest' },
  InvalidParameterException: { kind: 'terminal', reason: 'InvalidRequest' },
  MalformedPolicyException: { kind: 'terminal', reason: 'MalformedPolicy' },
  InvalidQueryException: { kind: 'terminal', reason: 'InvalidQuery' },
  InvalidAggregationException: { kind: 'terminal', reason: 'InvalidQuery' },
  CertificateValidationException: { kind: 'terminal', reason: 'InvalidCertificate' },
  CertificateConflictException: { kind: 'terminal', reason: 'CertificateConflict' },
  RegistrationCodeValidationException: { kind: 'terminal', reason: 'InvalidCertificate' },
  SqlParseException: { kind: 'terminal', reason: 'InvalidRequest' },
  ThrottlingException: THROTTLED,
  Throttling: THROTTLED,
  TooManyRequestsException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  RequestThrottled: THROTTLED,
  UnauthorizedException: DENIED,
  AccessDeniedException: DENIED,
  AccessDenied: DENIED,
  ForbiddenException: DENIED,
  UnrecognizedClientException: DENIED,
  InvalidSignatureException: DENIED,
  InvalidClientTokenId: DENIED,
  SignatureDoesNotMatch: DENIED,
  MissingAuthenticationTokenException: DENIED,
  IncompleteSignature: DENIED,
  ExpiredTokenException: DENIED,
  ExpiredToken: DENIED,
  CredentialsProviderError: { kind: 'waiting', reason: 'NoCredentials', delayMs: 60_000 },
  InternalFailureException: { kind: 'transient', reason: 'AwsUnavailable' },
  InternalException: { kind: 'transient', reason: 'AwsUnavailable' },
  InternalServerException: { kind: 'transient', reason: 'AwsUnavailable' },
  InternalFailure: { kind: 'transient', reason: 'AwsUnavailable' },
  ServiceUnavailableException: { kind: 'transient', reason: 'AwsUnavailable' },
  ServiceUnavailable: { kind: 'transient', reason: 'AwsUnavailable' },
  TimeoutError: { kind: 'transient', reason: 'AwsTimeout' },
  AbortError: { kind: 'transient', reason: 'Cancelled' },
};

interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly status: number | undefined;
}

/**
 * What the SDK threw, as the error that decides everything else. The request id stays in the cause, which is logged: in
 * the message it would make each failure look new and cost a status write.
 */
export function classify(
  operation: OperationName | 'GetCallerIdentity',
  thrown: unknown,
  input: object = {},
): ReconcileError {
  if (thrown instanceof ReconcileError) return thrown;
  const error = describe(thrown);
  const verdict = verdictOf(error);
  const action = operation === 'GetCallerIdentity' ? 'sts:GetCallerIdentity' : iamAction(operation);
  const message = text(`${operation}${subjectOf(input)}`, action, error, verdict);
  switch (verdict.kind) {
    case 'terminal':
      return terminal(verdict.reason, message, thrown);
    case 'conflict':
      return conflict(verdict.reason, message, thrown);
    case 'transient':
      return transient(verdict.reason, message, thrown);
    case 'throttled':
      return throttled(message, verdict.delayMs, thrown);
    case 'waiting':
      return new ReconcileError('waiting', {
        reason: verdict.reason,
        message,
        delayMs: verdict.delayMs,
        cause: thrown,
      });
  }
}

/** What a call was about: AWS's own words often leave out which of two names it did not find. */
const SUBJECTS = [
  'policyName',
  'policyVersionId',
  'thingName',
  'thingGroupName',
  'thingTypeName',
  'certificateId',
  'securityProfileName',
  'target',
  'principal',
  'securityProfileTargetArn',
  'resourceArn',
];

function subjectOf(input: object): string {
  const named = SUBJECTS.flatMap((name) => {
    const value = (input as Readonly<Record<string, unknown>>)[name];
    return typeof value === 'string' ? [`${name} ${value}`] : [];
  });
  return named.length === 0 ? '' : ` (${named.join(', ')})`;
}

function verdictOf(error: Thrown): Verdict {
  const known = byName[error.name];
  if (known !== undefined) return known;
  if (error.status === 401 || error.status === 403) return DENIED;
  if (error.status === 429) return THROTTLED;
  if (error.name === 'SyntaxError') return { kind: 'transient', reason: 'NotJson' };
  if (error.status === undefined) return { kind: 'transient', reason: 'AwsUnreachable' };
  if (error.status >= 500) return { kind: 'transient', reason: 'AwsUnavailable' };
  // An unknown 4xx: the request itself is refused, and sending it again changes nothing.
  return { kind: 'terminal', reason: 'Refused' };
}

function describe(thrown: unknown): Thrown {
  if (typeof thrown !== 'object' || thrown === null) {
    return { name: 'Error', message: String(thrown), status: undefined };
  }
  const { name, message, code, $metadata, $response } = thrown as Record<string, unknown>;
  const metadata = ($metadata ?? {}) as { readonly httpStatusCode?: number };
  const response = ($response ?? {}) as { readonly statusCode?: number };
  return {
    // An error page that is not JSON reaches us as a SyntaxError of the parser.
    name: thrown instanceof SyntaxError ? 'SyntaxError' : typeof name === 'string' ? name : 'Error',
    message: [message, code].filter((part) => typeof part === 'string' && part !== '').join(' ') || 'no message',
    status: metadata.httpStatusCode ?? response.statusCode,
  };
}

function text(operation: string, action: string, error: Thrown, verdict: Verdict): string {
  const detail = clip(error.message.split('\n')[0] ?? '');
  switch (verdict.reason) {
    case 'AccessDenied':
      return `AWS refused ${operation}: ${detail}. Grant the operator's role the IAM action ${action}, or renew its credentials; it tries again in a minute.`;
    case 'LimitExceeded':
      return `AWS refused ${operation} because a limit of the account is reached: ${detail}. Waiting does not lift it: free or raise the limit, then change the object.`;
    case 'NoCredentials':
      return `There are no AWS credentials for ${operation}: ${detail}. Give the operator an IAM role, a profile or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; it tries again in a minute.`;
    case 'NotJson':
      return `${operation} was answered with HTTP ${error.status ?? '?'} and a body that is not JSON. Something other than AWS may sit at that address, or it does not know this call; it is tried again.`;
    case 'AwsUnreachable':
      return `No answer to ${operation}: ${detail}. Check network and endpoint; it is tried again.`;
    default:
      return `${operation} failed with ${error.name}: ${detail}.`;
  }
}

function clip(message: string): string {
  return message.length > 400 ? `${message.slice(0, 400)}…` : message;
}

/** Turns the answer "there is no such thing" into undefined; everything else is thrown on. */
export async function ifFound<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (thrown) {
    if (hasReason(thrown, 'NotFound')) return undefined;
    throw thrown;
  }
}

export function hasReason(thrown: unknown, ...reasons: readonly string[]): boolean {
  return thrown instanceof ReconcileError && reasons.includes(thrown.reason);
}
