import type { OperationInput, OperationName, OperationOutput } from './operations.ts';

/**
 * The one way to AWS: every controller of an account and region shares one port, so that one token bucket per API call
 * and one snapshot serve all of them.
 */
export interface AwsPort {
  /** Verified by GetCallerIdentity before the first write. */
  readonly accountId: string;
  readonly region: string;

  /**
   * Calls one AWS operation. Throws ReconcileError classified by the table in `classify.ts`; `NotFound` style answers
   * are thrown too (reason `NotFound`), use `ifFound` from `classify.ts` where absence is an answer.
   */
  call<K extends OperationName>(
    operation: K,
    input: OperationInput<K>,
    options?: CallOptions,
  ): Promise<OperationOutput<K>>;
}

export interface CallOptions {
  /** The queue's priority; security acts pass first and use the reserved share. */
  readonly priority?: number;
  readonly signal?: AbortSignal;
}
