import type { Caller } from './accounts.ts';
import type { CallContext, World } from './context.ts';
import type { Scope } from './state/scope.ts';

interface Made {
  readonly caller: Caller;
  readonly operation: string;
  readonly requestId: string;
}

/** What a handler is given for one call; `wrote` hears that the call changes something. */
export function callContext(world: World, scope: Scope, made: Made, wrote?: () => void): CallContext {
  const { caller, operation, requestId } = made;
  return {
    world,
    scope,
    caller,
    operation,
    requestId,
    now: () => world.clock.now(),
    slice: (key) => scope.slice(key),
    arn: (resource) => scope.arn(resource),
    changed(change) {
      wrote?.();
      scope.announce(change);
    },
  };
}

/** What happens by itself has no caller. */
export function ownCall(world: World, scope: Scope, operation: string): CallContext {
  const caller = { accessKeyId: '', accountId: scope.accountId, arn: '', userId: '', sessionName: '' };
  return callContext(world, scope, { caller, operation, requestId: '' });
}

/** A device calls with its certificate, over HTTPS or on a reserved topic. */
export function deviceCall(world: World, scope: Scope, certificateId: string, operation: string): CallContext {
  const arn = scope.arn(`cert/${certificateId}`);
  const caller = { accessKeyId: '', accountId: scope.accountId, arn, userId: certificateId, sessionName: '' };
  return callContext(world, scope, { caller, operation, requestId: '' });
}
