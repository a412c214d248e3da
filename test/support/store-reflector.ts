import { afterEach } from 'vitest';
import { ObjectCache } from '../../operator/runtime/cache/object-cache.ts';
import { VirtualClock } from '../../operator/runtime/clock.ts';
import type { CacheChange } from '../../operator/runtime/reconciler.ts';
import type { ReflectorOptions } from '../../operator/runtime/reflector/reflector.ts';
import { Reflector } from '../../operator/runtime/reflector/reflector.ts';
import type { ListPage } from '../../operator/runtime/store.ts';
import type { ScriptedServer } from './store-script.ts';
import { stored } from './store-script.ts';

export const stops: AbortController[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop.abort();
});

/** A reflector of Devices against `server`, with everything it tells. */
export function startReflector(server: ScriptedServer, options: Partial<ReflectorOptions> = {}) {
  const clock = new VirtualClock();
  const cache = new ObjectCache();
  const changes: string[] = [];
  const log: string[] = [];
  cache.onChange('Device', (change) => changes.push(describeChange(change)));
  const reflector = new Reflector({
    store: server,
    selection: { kind: 'Device' },
    sink: cache.sink('Device'),
    clock,
    random: () => 0.5,
    hooks: {
      onListed: (_, { items }) => log.push(`listed ${items}`),
      onFailure: (_, phase, error) => log.push(`${phase} failed: ${error.code}`),
      onRelist: (_, reason) => log.push(`relist: ${reason}`),
    },
    ...options,
  });
  const stop = new AbortController();
  stops.push(stop);
  const done = reflector.run(stop.signal);
  return { clock, cache, changes, log, reflector, stop, done };
}

const describeChange = ({ old, new: next, initial }: CacheChange): string => {
  const kind = old && next ? 'update' : next ? 'add' : 'delete';
  const object = (next ?? old)!;
  return `${kind} ${object.metadata.name}@${object.metadata.uid}${initial ? ' initially' : ''}`;
};

export const page = (...names: string[]): ListPage => ({
  items: names.map((name) => stored(name, '10')),
  resourceVersion: '10',
});
