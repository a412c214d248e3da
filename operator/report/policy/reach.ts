import type {
  BlastRadius,
  Contact,
  DeviceClass,
  FleetDevice,
  Isolation,
  ReachChange,
  ReachEdge,
  ReachGraph,
} from '../../policy/reach/index.ts';
import { counted } from '../count.ts';
import { paragraph } from './source.ts';

export const reachFormat = 'fleetward.dev/policy-reach/v1';

/** What no policy decides and no answer about reach covers. */
export const notCovered =
  'Not covered by policies and not in this answer: rules that republish, shadow and job services that forward, Lambda, IAM principals, custom authorisers.';

/** The name of a policy without the file around it: `fleet.yaml (press)` is "press". */
const policyName = (name: string): string => /\(([^()]+)\)$/.exec(name)?.[1] ?? name;

function className(graph: ReachGraph, cls: DeviceClass): string {
  const policies =
    cls.policies.map((index) => policyName(graph.fleet.documents[index]?.name ?? String(index))).join(' + ') ||
    'no policy';
  const example = graph.fleet.devices[cls.members[0] ?? 0]?.name ?? '?';
  const many = cls.members.length === 1 ? `"${example}"` : `${cls.members.length} devices like "${example}"`;
  return `${many} (${policies})`;
}

function sameWords(graph: ReachGraph, edge: ReachEdge): string {
  const [from, to] = [graph.classes.list[edge.from]!, graph.classes.list[edge.to]!];
  const nameOf = (text: string): string => /\[(.*)\]/.exec(text)?.[1] ?? text.replace('iot:Connection.Thing.', '');
  if (edge.untried) return ', with several values that agree';
  const words = edge.same.map((pair) => {
    const [a, b] = [nameOf(from.slots[pair.from]!.name), nameOf(to.slots[pair.to]!.name)];
    return a === b ? `the same ${a}` : `the sender's ${a} equal to the receiver's ${b}`;
  });
  return words.length === 0 ? '' : `, with ${words.join(' and ')}`;
}

function edgeLine(graph: ReachGraph, edge: ReachEdge, condition: string): string {
  const [from, to] = [graph.classes.list[edge.from]!, graph.classes.list[edge.to]!];
  const how = edge.kind === 'topic' ? `on ${edge.topic}` : `by direct message, topic ${edge.topic}`;
  return `${className(graph, from)} -> ${from === to ? 'each other' : className(graph, to)}${condition}, for example ${how}`;
}

/** One line where the agreement of values makes no difference, else one for each way of agreeing. */
function contactKinds(graph: ReachGraph, edges: readonly ReachEdge[]): string[] {
  const groups = new Map<string, ReachEdge[]>();
  for (const edge of edges) {
    const key = `${edge.from} ${edge.to} ${edge.kind}`;
    groups.set(key, [...(groups.get(key) ?? []), edge]);
  }
  return [...groups.values()].flatMap((group) => {
    const first = group[0]!;
    if (group.length === first.ways) return [edgeLine(graph, first, '')];
    return group.map((edge) => edgeLine(graph, edge, sameWords(graph, edge)));
  });
}

const maxLines = 40;

function edgeLines(graph: ReachGraph, edges: readonly ReachEdge[]): string[] {
  const kinds = contactKinds(graph, edges);
  const shown = kinds.slice(0, maxLines).map((line) => paragraph(line, '  '));
  return kinds.length > maxLines
    ? [...shown, `  and ${kinds.length - maxLines} more kinds of contact; --output json lists all`]
    : shown;
}

/** The whole graph in words: which kinds of device reach which others. */
export function graphText(graph: ReachGraph): string {
  const { fleet, classes, edges } = graph;
  const title = `${fleet.devices.length} devices in ${counted(classes.list.length, 'kind')}; who can send to whom:`;
  const none = edges.length === 0 ? ['  no device reaches another'] : [];
  return [title, ...none, ...edgeLines(graph, edges), ...ending(graph)].join('\n');
}

/** What is not certain about the answer, and what no answer covers. */
function ending(graph: ReachGraph): string[] {
  return [...graph.approximate.map((text) => paragraph(`approximate: ${text}`, '  ')), '', notCovered, ''];
}

function contactLines(graph: ReachGraph, contacts: readonly Contact[]): string[] {
  return contacts.slice(0, maxLines).map(({ edge, count, devices }) => {
    const names = devices
      .slice(0, 5)
      .map((device) => device.name)
      .join(', ');
    const how = edge.kind === 'topic' ? `on ${edge.topic}` : `by direct message, topic ${edge.topic}`;
    return paragraph(
      `${counted(count, 'device')}: ${names}${count > 5 ? ', …' : ''}${sameWords(graph, edge)}; for example ${how}`,
      '  ',
    );
  });
}

export function contactsText(graph: ReachGraph, title: string, contacts: readonly Contact[]): string {
  const body = contacts.length === 0 ? ['  nobody'] : contactLines(graph, contacts);
  return [title, ...body, ...ending(graph)].join('\n');
}

export function blastText(graph: ReachGraph, device: FleetDevice, blast: BlastRadius): string {
  const free = blast.freeClientId
    ? 'It may connect under client IDs of its choice: it can also cut off other devices and take their places.'
    : 'It can connect under its own client ID only.';
  return [
    `Whoever holds the certificate of "${device.name}" reaches ${blast.direct} of ${graph.fleet.devices.length - 1} other devices, and ${blast.transitive} if those pass on what they hear.`,
    paragraph(free, '  '),
    ...contactLines(graph, blast.contacts),
    ...ending(graph),
  ].join('\n');
}

export function isolationText(
  graph: ReachGraph,
  [a, b]: readonly [FleetDevice, FleetDevice],
  isolation: Isolation,
): string {
  if (isolation.isolated)
    return [`ISOLATED: neither "${a.name}" nor "${b.name}" can send the other anything.`, ...ending(graph)].join('\n');
  const line = (from: FleetDevice, to: FleetDevice, edge: ReachEdge): string =>
    `  "${from.name}" can send to "${to.name}" ${edge.kind === 'topic' ? `on topics such as ${edge.topic}` : 'by direct message'}${sameWords(graph, edge)}`;
  return [
    'NOT ISOLATED',
    ...isolation.forward.map((edge) => line(a, b, edge)),
    ...isolation.backward.map((edge) => line(b, a, edge)),
    ...ending(graph),
  ].join('\n');
}

export function changeText(after: ReachGraph, before: ReachGraph, change: ReachChange): string {
  if (change.gained.length + change.lost.length === 0) return ['Reach does not change.', ...ending(after)].join('\n');
  return [
    ...(change.gained.length > 0 ? ['Newly reachable', ...edgeLines(after, change.gained)] : []),
    ...(change.gained.length > 0 && change.lost.length > 0 ? [''] : []),
    ...(change.lost.length > 0 ? ['No longer reachable', ...edgeLines(before, change.lost)] : []),
    ...ending(after),
  ].join('\n');
}

export interface EdgeJson {
  readonly from: { readonly policies: readonly string[]; readonly devices: number; readonly example: string };
  readonly to: { readonly policies: readonly string[]; readonly devices: number; readonly example: string };
  readonly same: readonly { readonly from: string; readonly to: string }[];
  readonly kind: 'topic' | 'direct';
  readonly topic: string;
}

export function edgeJson(graph: ReachGraph, edge: ReachEdge): EdgeJson {
  const end = (id: number) => {
    const cls = graph.classes.list[id]!;
    return {
      policies: cls.policies.map((index) => graph.fleet.documents[index]?.name ?? String(index)),
      devices: cls.members.length,
      example: graph.fleet.devices[cls.members[0]!]!.name,
    };
  };
  const slot = (id: number, at: number): string => graph.classes.list[id]!.slots[at]!.name;
  return {
    from: end(edge.from),
    to: end(edge.to),
    same: edge.same.map((pair) => ({ from: slot(edge.from, pair.from), to: slot(edge.to, pair.to) })),
    kind: edge.kind,
    topic: edge.topic,
  };
}

export function contactJson(graph: ReachGraph, contact: Contact) {
  return {
    ...edgeJson(graph, contact.edge),
    count: contact.count,
    sample: contact.devices.map((device) => device.name),
  };
}
