import { type Comparison, compare, type PolicyDocument, parsePolicyValue } from '../../operator/policy/index.ts';
import { filterMatches, oracleAccepts, oracleAllows, oracleFor, type RawContext, type RawPolicy } from './oracle.ts';
import type { Universe } from './random-policies.ts';

export interface Tally {
  pairs: number;
  different: number;
  undecided: number;
  testedValuesOnly: number;
  /** Missed only where the engine said that it had tested values only. */
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

interface Row {
  readonly action: string;
  readonly resource: string;
}

const rows = new WeakMap<Universe, readonly Row[]>();

function requestsOf(universe: Universe): readonly Row[] {
  const known = rows.get(universe);
  if (known !== undefined) return known;
  const out = [
    ...universe.topics.flatMap((topic) => [
      { action: 'iot:Publish', resource: `${arn}topic/${topic}` },
      { action: 'iot:Receive', resource: `${arn}topic/${topic}` },
    ]),
    ...universe.filters.map((filter) => ({ action: 'iot:Subscribe', resource: `${arn}topicfilter/${filter}` })),
  ];
  rows.set(universe, out);
  return out;
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
    for (const context of universe.contexts) {
      const yes = oracleFor(allows, context);
      const no = oracleFor(refuses, context);
      const connect = { action: 'iot:Connect', resource: `${arn}client/${String(context['iot:ClientId'])}` };
      for (const row of [...requestsOf(universe), connect]) {
        if (known.has(row.action)) continue;
        if (!yes(row.action, row.resource) || no(row.action, row.resource)) continue;
        const request = { ...row, context };
        if (!oracleAccepts(row.action, row.resource, context, true)) continue;
        if (result.verdict === 'undecided') return;
        if (!result.testedValuesOnly) throw new Error(`missed ${JSON.stringify(request)}; verdict ${result.verdict}`);
        tally.admittedMisses += 1;
        return;
      }
    }
  }
}

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

/** Topics of the universe that reach a device, by walking through the filters. */
function delivered(policies: readonly RawPolicy[], universe: Universe, context: RawContext): Set<string> {
  const allows = oracleFor(policies, context);
  const filters = universe.filters.filter((filter) => allows('iot:Subscribe', `${arn}topicfilter/${filter}`));
  return new Set(
    universe.topics.filter(
      (topic) =>
        allows('iot:Receive', `${arn}topic/${topic}`) && filters.some((filter) => filterMatches(filter, topic)),
    ),
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
    if (!result.testedValuesOnly) throw new Error(`missed delivery of ${more ?? less} in ${JSON.stringify(context)}`);
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
  const sessionOf = (policies: readonly RawPolicy[], context: RawContext): ((row: Row) => boolean) => {
    const allows = oracleFor(policies, context);
    const connects = allows('iot:Connect', `${arn}client/${String(context['iot:ClientId'])}`);
    return (row) => connects && allows(row.action, row.resource);
  };
  for (const [witnesses, refuses, allows] of [
    [result.gained, before, after],
    [result.lost, after, before],
  ] as const) {
    for (const one of witnesses)
      if (['iot:Publish', 'iot:Receive', 'iot:Subscribe'].includes(one.action))
        if (!sessionOf(allows, one.context)(one) || sessionOf(refuses, one.context)(one))
          throw new Error(`invented ${JSON.stringify(one)}`);
    const known = new Set(witnesses.map((one) => one.action));
    for (const context of universe.contexts) {
      const yes = sessionOf(allows, context);
      const no = sessionOf(refuses, context);
      for (const row of requestsOf(universe)) {
        if (known.has(row.action) || !yes(row) || no(row)) continue;
        if (!oracleAccepts(row.action, row.resource, context, true)) continue;
        if (result.verdict === 'undecided') return;
        if (!result.testedValuesOnly) throw new Error(`missed in a session ${JSON.stringify({ ...row, context })}`);
        tally.admittedMisses += 1;
        return;
      }
    }
  }
}
