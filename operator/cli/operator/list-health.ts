import type { ObjectCache } from '../../runtime/cache/object-cache.ts';
import type { Check } from '../../runtime/http.ts';
import type { ReflectorHooks } from '../../runtime/reflector/reflector.ts';

const NAMED = 3;

/** Whether the caches are filled, and if not, what is missing and what the last list failed of. */
export function listHealth(
  cache: Pick<ObjectCache, 'unsynced'>,
  hooks: ReflectorHooks,
): { readonly check: Check; readonly hooks: ReflectorHooks } {
  const failures = new Map<string, string>();
  return {
    hooks: {
      ...hooks,
      onListed(kind, listed) {
        failures.delete(kind);
        hooks.onListed?.(kind, listed);
      },
      onFailure(kind, phase, error) {
        if (phase === 'list') failures.set(kind, error.message);
        hooks.onFailure?.(kind, phase, error);
      },
    },
    check() {
      const kinds = cache.unsynced;
      if (kinds.length === 0) return undefined;
      const more = kinds.length > NAMED ? ` and ${kinds.length - NAMED} more` : '';
      const why = kinds.map((kind) => failures.get(kind)).find((message) => message !== undefined);
      const last = why === undefined ? '' : `; the last try failed: ${why}`;
      return `the first list of ${kinds.slice(0, NAMED).join(', ')}${more} is not complete yet${last}`;
    },
  };
}
