import { type Comparison, compare, type PolicyDocument, parsePolicyValue } from '../../operator/policy/index.ts';
import { Exhaustive, filterMatches, oracleAccepts, oracleAllows, type RawContext, type RawPolicy } from './oracle.ts';
import type { Universe } from './random-policies.ts';

export interface Tally {
  pairs: number;
  different: number;
  undecided: number;
  testedValuesOnly: number;
  /** Missed only where the engine said that its lists may lack something of that action. */
  admittedMisses: number;
}

export function newTally(): Tally {
  return { pairs: 0, different: 0, undecided: 0, testedValuesOnly: 0, admittedMisses: 0 };
}

const arn = 'arn:aws:iot:us-east-1:123456789012:';

function documentOf(policy: RawPolicy): PolicyDocument {
  const { document, findings } = parsePolicyValue(policy);
  if (document === undefined) throw new Error(findings.map((finding) => finding.message).join('; '));
  return document;
}

const walkedActions = ['iot:Publish', 'iot:Receive', 'iot:Subscribe', 'iot:Connect'] as const;

/** Everything about a universe that is the same for all pairs. */
interface Walk {
  readonly requests: Exhaustive;
  /** The resources that the broker would take for an action in a context. */
  readonly accepted: ReadonlyMap<RawContext, ReadonlyMap<string, Uint32Array>>;
  /** By topic, the filters that bring it. */
  readonly bringing: readonly { readonly topic: Uint32Array; readonly name: string; readonly filters: Uint32Array }[];
}

const walks = new WeakMap<Universe, Walk>();
const clientOf = (context: RawContext): string => `${arn}client/${String(context['iot:ClientId'])}`;
const behind = (resource: string): string => resource.slice(resource.indexOf('/') + 1);
const isOf = (type: string, resource: string): boolean => resource.startsWith(`${arn}${type}/`);

function walkOf(universe: Universe): Walk {
  const known = walks.get(universe);
  if (known !== undefined) return known;
  const requests = new Exhaustive([
    ...universe.topics.map((topic) => `${arn}topic/${topic}`),
    ...universe.filters.map((filter) => `${arn}topicfilter/${filter}`),
    ...new Set(universe.contexts.map(clientOf)),
  ]);
  const typeOf = {
    'iot:Publish': 'topic',
    'iot:Receive': 'topic',
    'iot:Subscribe': 'topicfilter',
    'iot:Connect': 'client',
  };
  const acceptedIn = (context: RawContext): Map<string, Uint32Array> =>
    new Map(
      walkedActions.map((action) => [
        action,
        requests.where((resource) => isOf(typeOf[action], resource) && oracleAccepts(action, resource, context, true)),
      ]),
    );
  const walk: Walk = {
    requests,
    accepted: new Map(universe.contexts.map((context) => [context, acceptedIn(context)])),
    bringing: universe.topics.map((name) => ({
      name,
      topic: requests.where((resource) => resource === `${arn}topic/${name}`),
      filters: requests.where((resource) => isOf('topicfilter', resource) && filterMatches(behind(resource), name)),
    })),
  };
  walks.set(universe, walk);
  return walk;
}

/** Throws when the engine's comparison and the exhaustive walk contradict each other on this pair. */
export function checkRaw(
  before: readonly RawPolicy[],
  after: readonly RawPolicy[],
  universe: Universe,
  tally: Tally,
): void {
  const result = compare(before.map(documentOf), after.map(documentOf), { probeSwitches: false });
  tally.pairs += 1;
  if (result.verdict === 'undecided') tally.undecided += 1;
  if (result.testedValuesOnly) tally.testedValuesOnly += 1;
  if (result.gained.length > 0 || result.lost.length > 0) tally.different += 1;
  checkWitnesses(result, before, after);
  for (const [witnesses, refuses, allows] of [
    [result.gained, before, after],
    [result.lost, after, before],
  ] as const) {
    const known = new Set(witnesses.map((one) => one.action));
    const { requests, accepted } = walkOf(universe);
    for (const context of universe.contexts) {
      const yes = requests.allowed(allows, context);
      const no = requests.allowed(refuses, context);
      for (const action of walkedActions) {
        if (known.has(action)) continue;
        const within = accepted.get(context)?.get(action) ?? new Uint32Array();
        const resource = requests.firstIn(yes(action), no(action), within);
        if (resource === undefined) continue;
        if (result.verdict === 'undecided') return;
        const request = { action, resource, context };
        if (!admits(result, action)) throw new Error(`missed ${JSON.stringify(request)}; verdict ${result.verdict}`);
        tally.admittedMisses += 1;
        return;
      }
    }
  }
}

/** Whether the comparison says itself that its lists may lack something of the action. */
const admits = ({ incomplete }: Comparison, action: string): boolean => incomplete.some((one) => one.action === action);

function checkWitnesses(result: Comparison, before: readonly RawPolicy[], after: readonly RawPolicy[]): void {
  if (result.assumptions.some((text) => text.startsWith('Internal error')))
    throw new Error(result.assumptions.join(' '));
  for (const [witnesses, refuses, allows] of [
    [result.gained, before, after],
    [result.lost, after, before],
  ] as const)
    for (const one of witnesses) {
      if (one.resource === '*') continue;
      const fine =
        oracleAllows(allows, one) &&
        !oracleAllows(refuses, one) &&
        oracleAccepts(one.action, one.resource, one.context, true);
      if (!fine) throw new Error(`invented ${JSON.stringify(one)}`);
    }
}

const meet = (a: Uint32Array, b: Uint32Array): boolean => a.some((word, i) => (word & (b[i] ?? 0)) !== 0);

/** Topics of the universe that reach a device, by walking through the filters. */
function delivered(policies: readonly RawPolicy[], universe: Universe, context: RawContext): Set<string> {
  const { requests, bringing } = walkOf(universe);
  const allows = requests.allowed(policies, context);
  const [received, subscribed] = [allows('iot:Receive'), allows('iot:Subscribe')];
  return new Set(
    bringing.flatMap(({ name, topic, filters }) => (meet(topic, received) && meet(filters, subscribed) ? [name] : [])),
  );
}

/** All filters that match one of the universe's topics: with these, `delivered` is exact for those topics. */
export function withAllFilters(universe: Universe): Universe {
  const filters = new Set<string>();
  for (const topic of universe.topics) {
    let heads: string[][] = [[]];
    for (const level of topic.split('/')) {
      for (const head of heads) filters.add([...head, '#'].join('/'));
      heads = heads.flatMap((head) => [
        [...head, level],
        [...head, '+'],
      ]);
    }
    for (const head of heads) filters.add(head.join('/'));
  }
  return { ...universe, filters: [...filters] };
}

/** Throws when the comparison of delivered topics contradicts the walk. */
export function checkDelivery(
  before: readonly RawPolicy[],
  after: readonly RawPolicy[],
  universe: Universe,
  tally: Tally,
): void {
  const result = compare(before.map(documentOf), after.map(documentOf), { probeSwitches: false, level: 'delivery' });
  tally.pairs += 1;
  if (result.verdict === 'undecided') tally.undecided += 1;
  if (result.testedValuesOnly) tally.testedValuesOnly += 1;
  const gained = result.gained.some((one) => one.action === 'iot:Receive');
  const lost = result.lost.some((one) => one.action === 'iot:Receive');
  if (gained || lost) tally.different += 1;
  for (const one of [...result.gained, ...result.lost])
    if (one.action === 'iot:Receive') {
      const [allows, refuses] = result.gained.includes(one) ? [after, before] : [before, after];
      const topic = one.resource.slice(`${arn}topic/`.length);
      const walk = withAllFilters({ ...universe, topics: [topic] });
      if (!delivered(allows, walk, one.context).has(topic) || delivered(refuses, walk, one.context).has(topic))
        throw new Error(`invented delivery ${JSON.stringify(one)}`);
    }
  for (const context of universe.contexts) {
    const old = delivered(before, universe, context);
    const next = delivered(after, universe, context);
    const more = [...next].find((topic) => !old.has(topic));
    const less = [...old].find((topic) => !next.has(topic));
    if ((more === undefined || gained) && (less === undefined || lost)) continue;
    if (result.verdict === 'undecided') return;
    if (!admits(result, 'iot:Receive'))
      throw new Error(`missed delivery of ${more ?? less} in ${JSON.stringify(context)}`);
    tally.admittedMisses += 1;
    return;
  }
}

/** Throws when the comparison of what connectable clients can do contradicts the walk. */
export function checkSession(
  before: readonly RawPolicy[],
  after: readonly RawPolicy[],
  universe: Universe,
  tally: Tally,
): void {
  const result = compare(before.map(documentOf), after.map(documentOf), { probeSwitches: false, level: 'session' });
  tally.pairs += 1;
  if (result.verdict === 'undecided') tally.undecided += 1;
  if (result.testedValuesOnly) tally.testedValuesOnly += 1;
  if (result.gained.length > 0 || result.lost.length > 0) tally.different += 1;
  const { requests, accepted } = walkOf(universe);
  const sessionActions = ['iot:Publish', 'iot:Receive', 'iot:Subscribe'] as const;
  const inSession = (policies: readonly RawPolicy[], one: Comparison['gained'][number]): boolean =>
    oracleAllows(policies, one) &&
    oracleAllows(policies, { action: 'iot:Connect', resource: clientOf(one.context), context: one.context });
  for (const [witnesses, refuses, allows] of [
    [result.gained, before, after],
    [result.lost, after, before],
  ] as const) {
    for (const one of witnesses)
      if (sessionActions.some((action) => action === one.action))
        if (!inSession(allows, one) || inSession(refuses, one)) throw new Error(`invented ${JSON.stringify(one)}`);
    const known = new Set(witnesses.map((one) => one.action));
    for (const context of universe.contexts) {
      const client = requests.where((resource) => resource === clientOf(context));
      const sessionOf = (policies: readonly RawPolicy[]): ((action: string) => Uint32Array) => {
        const allowed = requests.allowed(policies, context);
        const connects = meet(allowed('iot:Connect'), client);
        return (action) => (connects ? allowed(action) : new Uint32Array());
      };
      const [yes, no] = [sessionOf(allows), sessionOf(refuses)];
      for (const action of sessionActions) {
        if (known.has(action)) continue;
        const within = accepted.get(context)?.get(action) ?? new Uint32Array();
        const resource = requests.firstIn(yes(action), no(action), within);
        if (resource === undefined) continue;
        if (result.verdict === 'undecided') return;
        const request = JSON.stringify({ action, resource, context });
        if (!admits(result, action)) throw new Error(`missed in a session ${request}; verdict ${result.verdict}`);
        tally.admittedMisses += 1;
        return;
      }
    }
  }
}
