import { stringify } from 'yaml';
import { statusOf } from '../../api/conditions.ts';
import type { KubeObject } from '../../api/meta.ts';
import { age } from './age.ts';
import { alignedText } from './table.ts';

/** The fields of a stored event that are shown. */
export interface ShownEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  readonly eventTime: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
  readonly regarding: { readonly uid?: string };
}

const MOST_EVENTS = 20;

/** One object for a person: what it is, what is known about it, then everything. */
export function describeObject(object: KubeObject, now: number, events: readonly ShownEvent[] = []): string {
  const {
    name,
    namespace = '',
    labels,
    annotations,
    generation,
    creationTimestamp,
    deletionTimestamp,
  } = object.metadata;
  const head: [string, string][] = [
    ['Name:', name],
    ['Namespace:', namespace],
    ['Kind:', object.kind],
    ['Age:', age(creationTimestamp, now)],
    ['Generation:', String(generation ?? '')],
    ...(deletionTimestamp === undefined
      ? []
      : ([['Deleting:', `for ${age(deletionTimestamp, now)}`]] as [string, string][])),
    ...listed('Labels:', labels, '='),
    ...listed('Annotations:', annotations, ': '),
  ];
  const { conditions = [] } = statusOf(object);
  const sections = [alignedText(head), conditionTable(conditions, now), section('Spec', object.spec)];
  if (typeof object.status === 'object' && object.status !== null) {
    const { conditions: _, ...rest } = object.status as Record<string, unknown>;
    if (Object.keys(rest).length > 0) sections.push(section('Status', rest));
  }
  sections.push(eventTable(events, now));
  return sections.filter((text) => text !== '').join('\n');
}

function conditionTable(conditions: ReturnType<typeof statusOf>['conditions'], now: number): string {
  if (!conditions || conditions.length === 0) return '';
  const rows = conditions.map((c) => [`  ${c.type}`, c.status, c.reason, age(c.lastTransitionTime, now), c.message]);
  return `Conditions:\n${alignedText([['  TYPE', 'STATUS', 'REASON', 'SINCE', 'MESSAGE'], ...rows])}`;
}

function eventTable(events: readonly ShownEvent[], now: number): string {
  if (events.length === 0) return '';
  const rows = events.slice(-MOST_EVENTS).map(({ type, reason, note, eventTime, series }) => {
    const times = series === undefined ? '' : ` (${series.count} times)`;
    return [`  ${type}`, reason, `${age(series?.lastObservedTime ?? eventTime, now)}${times}`, note];
  });
  return `Events:\n${alignedText([['  TYPE', 'REASON', 'AGE', 'MESSAGE'], ...rows])}`;
}

function section(title: string, value: unknown): string {
  if (value === undefined) return '';
  const text = stringify(value, { lineWidth: 0 }).trimEnd().replaceAll('\n', '\n  ');
  return `${title}:\n  ${text}\n`;
}

function listed(title: string, map: Readonly<Record<string, string>> | undefined, joint: string): [string, string][] {
  return Object.entries(map ?? {}).map(([key, value], i) => [i === 0 ? title : '', `${key}${joint}${value}`]);
}
