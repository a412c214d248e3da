import { type ActionInfo, actionTable } from '../actions.ts';
import { compilePolicies, type PolicySet } from '../compile.ts';
import type { PolicyDocument, Statement } from '../document.ts';
import { evaluate } from '../evaluate.ts';
import { evade, satisfy } from '../lint/scenario.ts';
import { type GivenOptions, type PolicyOptions, withDefaults } from '../options.ts';
import type { Alphabet } from '../reach/alphabet.ts';
import { fleetAlphabet } from '../reach/capability.ts';
import { classify, type DeviceClass, slotValue } from '../reach/classes.ts';
import type { Fleet, FleetDevice } from '../reach/fleet.ts';
import { groundStatements } from '../reach/ground.ts';
import { type ContextLanguages, contextLanguages, resourcePrefix } from '../reach/languages.ts';
import { combine } from '../reach/machine.ts';
import { readableWord } from '../reach/readable.ts';
import { type Context, keys, type Request } from '../request.ts';

/** One action that devices of a group gain or lose. */
export interface RightChange {
  readonly action: string;
  /** The example's resource behind the account, with the device's own values as `<name>` and the like. */
  readonly pattern: string;
  /** A request of one device of the group, decided differently by the two sides; both decisions were evaluated. */
  readonly example: Request;
}

/** Devices for which the change means the same. */
export interface DistanceGroup {
  readonly gained: readonly RightChange[];
  readonly lost: readonly RightChange[];
  readonly count: number;
  /** The first few, in the order of the fleet. */
  readonly devices: readonly FleetDevice[];
  /** Static groups whose members are all here, so that a reader need not see the list. */
  readonly wholeGroups: readonly string[];
}

export interface Distance {
  /** Largest first. Devices for which nothing changes are only counted. */
  readonly groups: readonly DistanceGroup[];
  readonly unchanged: number;
  readonly undecided: readonly string[];
}

const budget = 40_000;
const listed = 10;

interface Side {
  readonly set: PolicySet;
  readonly languages: ContextLanguages;
}

/**
 * Which devices gain or lose which actions when the fleet's documents are replaced, index by index, by `after`. Devices that the
 * policies cannot tell apart are compared once.
 */
export function distance(fleet: Fleet, after: readonly PolicyDocument[], given: GivenOptions = {}): Distance {
  const options = withDefaults(given);
  const classes = classify(fleet, after);
  const undecided = new Set<string>();
  const groups = new Map<string, { readonly change: Change; readonly members: number[] }>();
  let unchanged = 0;
  for (const cls of classes.list) {
    const change = changeOf(cls, { fleet, after, options, undecided });
    if (change.gained.length + change.lost.length === 0) {
      unchanged += cls.members.length;
      continue;
    }
    const key = JSON.stringify(
      [change.gained, change.lost].map((list) => list.map((one) => `${one.action} ${one.pattern}`)),
    );
    const group = groups.get(key) ?? { change, members: [] };
    for (const member of cls.members) group.members.push(member);
    groups.set(key, group);
  }
  const sizes = groupSizes(fleet);
  const list = [...groups.values()].map(({ change, members }) => groupFrom(fleet, change, members, sizes));
  return { groups: list.sort((a, b) => b.count - a.count), unchanged, undecided: [...undecided] };
}

function groupSizes(fleet: Fleet): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const device of fleet.devices) for (const group of device.groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return sizes;
}

function groupFrom(
  fleet: Fleet,
  change: Change,
  members: readonly number[],
  sizes: ReadonlyMap<string, number>,
): DistanceGroup {
  const counts = new Map<string, number>();
  for (const member of members) {
    for (const group of fleet.devices[member]!.groups) counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  return {
    ...change,
    count: members.length,
    devices: [...members]
      .sort((a, b) => a - b)
      .slice(0, listed)
      .map((member) => fleet.devices[member]!),
    wholeGroups: [...counts].filter(([group, count]) => count === sizes.get(group)).map(([group]) => group),
  };
}

interface Change {
  readonly gained: readonly RightChange[];
  readonly lost: readonly RightChange[];
}

interface Scene {
  readonly fleet: Fleet;
  readonly after: readonly PolicyDocument[];
  readonly options: PolicyOptions;
  readonly undecided: Set<string>;
}

function contextOf(device: FleetDevice, cls: DeviceClass): Readonly<Record<string, string>> {
  const clientId = device.clientIds[0] ?? device.thing ?? device.name;
  const context: Record<string, string> = { [keys.clientId]: clientId };
  if (device.thing !== undefined) context[keys.thingName] = device.thing;
  cls.slots.slice(1).forEach((slot) => {
    const value = slotValue(device, slot);
    if (value !== undefined) context[slot.name] = value;
  });
  return context;
}

/** The device as it is, with the conditions of each statement met and, where one value can do it, not met. */
function contextsOf(base: Context, statements: readonly Statement[]): readonly Context[] {
  const all = [base, ...statements.flatMap((one) => [satisfy(one, base), evade(one, base) ?? base])];
  return [...new Map(all.map((context) => [JSON.stringify(Object.entries(context).sort()), context])).values()].slice(
    0,
    16,
  );
}

function changeOf(cls: DeviceClass, scene: Scene): Change {
  const { fleet, after, options } = scene;
  const old = cls.policies.map((index) => fleet.documents[index]!);
  const next = cls.policies.map((index) => after[index]!);
  if (old.every((document, at) => document === next[at])) return { gained: [], lost: [] };
  const device = fleet.devices[cls.members[0]!]!;
  const base = contextOf(device, cls);
  const sets = [compilePolicies(old, options), compilePolicies(next, options)] as const;
  const alphabet = fleetAlphabet([...old, ...next], Object.values(base));
  const contexts = contextsOf(
    base,
    [...old, ...next].flatMap((document) => document.statements),
  );
  const sides = contexts.map((context) => sets.map((set) => sideOf(set, context, alphabet)) as [Side, Side]);
  const collect = (from: 0 | 1, to: 0 | 1): RightChange[] =>
    actionTable.flatMap((action) => {
      for (const [at, pair] of sides.entries()) {
        const request = newlyAllowed(
          action,
          { has: pair[to], lacks: pair[from], context: contexts[at]!, alphabet },
          scene,
        );
        if (request !== undefined)
          return [{ action: action.name, pattern: generalised(request, cls, device), example: request }];
      }
      return [];
    });
  return { gained: collect(0, 1), lost: collect(1, 0) };
}

function sideOf(set: PolicySet, context: Context, alphabet: Alphabet): Side {
  const languages = contextLanguages({
    options: set.options,
    actions: actionTable,
    ground: (action) => groundStatements(set, action, context),
    letters: [],
    alphabet,
  });
  return { set, languages };
}

interface Question {
  readonly has: Side;
  readonly lacks: Side;
  readonly context: Context;
  readonly alphabet: Alphabet;
}

function newlyAllowed(
  action: ActionInfo,
  { has, lacks, context, alphabet }: Question,
  scene: Scene,
): Request | undefined {
  const prefix = resourcePrefix(action, scene.options);
  const confirmed = (request: Request): Request | undefined =>
    evaluate(has.set, request).decision === 'allowed' && evaluate(lacks.set, request).decision !== 'allowed'
      ? request
      : undefined;
  if (prefix === undefined) return confirmed({ action: action.name, resource: '*', context });
  const [more, less] = [has.languages.language(action), lacks.languages.language(action)];
  if (more.key === less.key) return undefined;
  const found = readableWord(combine(alphabet, 'minus', [more.allowed, less.allowed]), alphabet, budget);
  if (found.kind === 'undecided')
    scene.undecided.add(`${action.name}: the search was given up; the change may be larger than shown`);
  if (found.kind !== 'word') return undefined;
  // A connection is asked for under the client ID that the resource names.
  const asked = action.name === 'iot:Connect' ? { ...context, [keys.clientId]: found.word } : context;
  return confirmed({ action: action.name, resource: prefix + found.word, context: asked });
}

/** The example with the device's own values by name, so that devices of one kind read the same. */
function generalised(request: Request, cls: DeviceClass, device: FleetDevice): string {
  let text = request.resource.split(':').slice(5).join(':') || request.resource;
  cls.slots.forEach((slot) => {
    const value = slotValue(device, slot);
    const label = slot.key === 'name' ? 'name' : (/\[(.*)\]/.exec(slot.name)?.[1] ?? 'type');
    if (value !== undefined && value.length > 1) text = text.replaceAll(value, `<${label}>`);
  });
  return text;
}
