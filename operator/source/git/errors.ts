/**
 * Why a source could not be read. `reason` becomes the condition's reason and the event's; the message is for the
 * person on call and never carries a credential: git's own words pass through `explain.ts` first.
 */
export type SourceErrorReason =
  | 'InvalidUrl'
  | 'InvalidRef'
  | 'InvalidPath'
  | 'InvalidCredentials'
  | 'AuthenticationFailed'
  | 'HostKeyRefused'
  | 'RepositoryNotFound'
  | 'RefNotFound'
  | 'EmptyRepository'
  | 'RemoteUnreachable'
  | 'RepositoryTooLarge'
  | 'UnsupportedContent'
  | 'Timeout'
  | 'GitMissing'
  | 'FetchFailed';

export class SourceError extends Error {
  readonly reason: SourceErrorReason;
  /** True when trying again may help without anybody changing the FleetSource (a remote that is down). */
  readonly retriable: boolean;

  constructor(reason: SourceErrorReason, message: string, options: { retriable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SourceError';
    this.reason = reason;
    this.retriable = options.retriable ?? false;
  }
}
