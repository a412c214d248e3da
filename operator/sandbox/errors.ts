/** An error as AWS would send it. The HTTP status comes from the service's model unless given. */
export class AwsError extends Error {
  override readonly name: string;
  readonly status: number | undefined;
  /** Further members of the error's body, such as `resourceArn` of ResourceAlreadyExistsException. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(name: string, message: string, extra: Readonly<Record<string, unknown>> = {}, status?: number) {
    super(message);
    this.name = name;
    this.extra = extra;
    this.status = status;
  }
}

/** Builds the error an operation handler throws; `name` is an error name of the service's model. */
export function awsError(name: string, message: string, extra?: Readonly<Record<string, unknown>>): AwsError {
  return new AwsError(name, message, extra);
}

export const notFound = (message: string): AwsError => awsError('ResourceNotFoundException', message);
export const invalid = (message: string): AwsError => awsError('InvalidRequestException', message);

/** The same resource exists with another configuration; carries the ids that AWS returns with it. */
export function alreadyExists(message: string, resourceId: string, resourceArn: string): AwsError {
  return awsError('ResourceAlreadyExistsException', message, { resourceId, resourceArn });
}
