import { matchesFilter } from '../../../mqtt/topics.ts';
import type { Wanted } from './plan.ts';
import type { Actor, DeviceEvent } from './port.ts';
import type { Point, Seen, Watched } from './state.ts';

const COUNTED: Readonly<Record<string, DeviceEvent['kind']>> = {
  'aws:num-messages-sent': 'sent',
  'aws:num-messages-received': 'received',
  'aws:num-authorization-failures': 'refused',
  'aws:num-connection-attempts': 'attempt',
  'aws:num-disconnects': 'disconnected',
};

/** Addresses of one window that are kept. */
const MAX_ADDRESSES = 100;

function isAbout({ filters, isExcluding }: Wanted, { clientId }: Actor, event: DeviceEvent): boolean {
  if (!filters) return true;
  if (!('topic' in event) || event.topic === undefined) return false;
  const { topic } = event;
  const isListed = filters.some((filter) => matchesFilter(filter.replaceAll('${iot:ClientId}', clientId), topic));
  return isListed !== isExcluding;
}

/** Adds one event to what was seen of the device in the open window. */
export function collect(device: Watched, wanted: Wanted, who: Actor, event: DeviceEvent): void {
  const { source } = wanted.metric;
  if (!['count', 'size', 'addresses'].includes(source) || !isAbout(wanted, who, event)) return;
  if (source === 'count' && COUNTED[wanted.name] !== event.kind) return;
  if (source === 'size' && event.kind !== 'sent') return;
  if (source === 'addresses' && event.kind === 'disconnected') return;
  const seen = device.seen.get(wanted.key) ?? { count: 0, largest: 0, least: Number.MAX_SAFE_INTEGER, addresses: [] };
  device.seen.set(wanted.key, seen);
  seen.count++;
  if (event.kind === 'sent') {
    seen.largest = Math.max(seen.largest, event.bytes);
    seen.least = Math.min(seen.least, event.bytes);
  }
  const isNew = source === 'addresses' && !seen.addresses.includes(who.sourceIp);
  if (isNew && seen.addresses.length < MAX_ADDRESSES) seen.addresses.push(who.sourceIp);
}

/** The datapoint of a window that ended; undefined when the device gave nothing to judge. */
export function cut(wanted: Wanted, seen: Seen | undefined, at: number): Point | undefined {
  switch (wanted.metric.source) {
    case 'count':
      return { at, value: { count: seen?.count ?? 0 } };
    case 'size':
      return seen && { at, value: { count: seen.largest }, least: seen.least };
    case 'addresses':
      return seen && { at, value: { cidrs: seen.addresses } };
    default:
      return undefined;
  }
}
