import { BlockList, isIP } from 'node:net';
import type { BehaviorCriteria, MetricValue } from '@aws-sdk/client-iot';
import type { Point } from './state.ts';

/** Percentiles as the API names them: p0.1 to p99.99. */
export function threshold(statistic: string, values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const percent = Number(statistic.replace(/^p/, ''));
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1))];
}

/** Whether a datapoint is what the criteria call normal; `limit` replaces the value of a statistical threshold. */
export function isNormal(criteria: BehaviorCriteria, point: Point, limit?: number): boolean {
  const { comparisonOperator: operator = '', value: wanted = {} } = criteria;
  switch (operator) {
    case 'less-than':
    case 'less-than-equals':
    case 'greater-than':
    case 'greater-than-equals': {
      const bound = limit ?? wanted.count ?? wanted.number;
      // Of the messages of a window the one counts that is furthest off.
      const isFloor = operator.startsWith('greater');
      const seen = isFloor ? (point.least ?? numberOf(point.value)) : numberOf(point.value);
      return bound === undefined || seen === undefined || compare(operator, seen, Number(bound));
    }
    case 'in-cidr-set':
      return (point.value.cidrs ?? []).every((address) => isInside(address, wanted.cidrs ?? []));
    case 'not-in-cidr-set':
      return !(point.value.cidrs ?? []).some((address) => isInside(address, wanted.cidrs ?? []));
    case 'in-port-set':
      return (point.value.ports ?? []).every((port) => wanted.ports?.includes(port));
    case 'not-in-port-set':
      return !(point.value.ports ?? []).some((port) => wanted.ports?.includes(port));
    case 'in-set':
      return membersOf(point.value).every((member) => membersOf(wanted).includes(member));
    case 'not-in-set':
      return !membersOf(point.value).some((member) => membersOf(wanted).includes(member));
    default:
      return true;
  }
}

export function numberOf({ count, number }: MetricValue): number | undefined {
  const value = count ?? number;
  return value === undefined ? undefined : Number(value);
}

function compare(operator: string, seen: number, bound: number): boolean {
  switch (operator) {
    case 'less-than':
      return seen < bound;
    case 'less-than-equals':
      return seen <= bound;
    case 'greater-than':
      return seen > bound;
    default:
      return seen >= bound;
  }
}

const membersOf = ({ strings, numbers }: MetricValue): readonly (string | number)[] => strings ?? numbers ?? [];

function isInside(address: string, cidrs: readonly string[]): boolean {
  const kind = isIP(address);
  if (kind === 0) return false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [net = '', bits] = cidr.split('/');
    const family = isIP(net);
    const widest = family === 6 ? 128 : 32;
    const width = bits === undefined ? widest : Number(bits);
    if (family !== 0 && width >= 0 && width <= widest) list.addSubnet(net, width, family === 6 ? 'ipv6' : 'ipv4');
  }
  return list.check(address, kind === 6 ? 'ipv6' : 'ipv4');
}
