import type { AwsPort, CallOptions } from '../../aws/port.ts';
import type { Clock } from '../../runtime/clock.ts';
import { DETACH_DEADLINE_MS } from './service.ts';

/**
 * Sends an admitted Detach, once and for no longer than a new leader waits: the client makes no second attempt by itself
 * (`maxAttempts` is 1), and an unanswered call is read back.
 */
export async function detachOnce(
  { clock, port }: { readonly clock: Clock; readonly port: AwsPort },
  input: { readonly policyName: string; readonly target: string },
  options: CallOptions,
): Promise<void> {
  const deadline = new AbortController();
  const timer = clock.after(DETACH_DEADLINE_MS, () => deadline.abort(new Error('the call took too long')));
  const { signal } = options;
  try {
    await port.call('DetachPolicy', input, {
      ...options,
      admitted: true,
      signal: signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]),
    });
  } finally {
    timer.cancel();
  }
}
