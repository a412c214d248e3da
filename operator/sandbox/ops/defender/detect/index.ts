import type { Sandbox } from '../../../sandbox.ts';
import type { Change } from '../../../state/changes.ts';
import type { Scope } from '../../../state/scope.ts';
import { Watch } from './watch.ts';

const RELATED = ['thing', 'thing-group', 'membership', 'restored'];

/** A change that may decide which profiles watch which device, or by which dimension or metric. */
function isRelated(change: Change): boolean {
  if (change.kind !== 'other') return RELATED.includes(change.kind);
  return /(^|:)(securityprofile|dimension|custommetric)\//.test(change.resource);
}

/** Lets Device Defender Detect watch the devices of every scope. Returns how to stop. */
export function startDetect(sandbox: Sandbox): () => void {
  const { world } = sandbox;
  const watches = new WeakMap<Scope, Watch>();
  const watchOf = (scope: Scope): Watch => {
    const known = watches.get(scope) ?? new Watch(world, scope);
    watches.set(scope, known);
    return known;
  };
  world.ports.detect = {
    note: (scope, who, event) => watchOf(scope).note(who, event),
    report: (scope, thingName, values) => watchOf(scope).report(thingName, values),
  };
  const stop = sandbox.onChange((change, scope) => {
    if (isRelated(change)) watchOf(scope).replan();
  });
  return () => {
    stop();
    world.ports.detect = undefined;
  };
}
