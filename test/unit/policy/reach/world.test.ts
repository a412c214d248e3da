import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compilePolicies, evaluate, type PolicyDocument, withDefaults } from '../../../../operator/policy/index.ts';
import { edgesBetween, type Fleet, type FleetDevice, reachGraph } from '../../../../operator/policy/reach/index.ts';
import { allow, arn, bound, deny, document, thing } from '../lint/build.ts';
import { device, hub, site } from './devices.ts';

const options = withDefaults({ exclusiveThings: false });

const contextOf = ({ name, attributes }: FleetDevice) => ({
  'iot:ClientId': name,
  'iot:Connection.Thing.ThingName': name,
  ...Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [`iot:Connection.Thing.Attributes[${key}]`, value]),
  ),
});

/** Every filter that matches the topic. */
function filtersFor(topic: string): string[] {
  const grow = (levels: readonly string[]): string[] =>
    levels.reduce<string[]>((list, one) => list.flatMap((head) => [`${head}/${one}`, `${head}/+`]), ['']);
  const levels = topic.split('/');
  const heads = levels.flatMap((_, at) => grow(levels.slice(0, at)).map((head) => `${head}/#`));
  return [...grow(levels), ...heads].map((filter) => filter.slice(1));
}

/** Reach the slow way: every topic of a small world and every filter for it, each asked of the evaluator. */
function reachesSlowly(fleet: Fleet, from: FleetDevice, to: FleetDevice, universe: readonly string[]): boolean {
  const set = (one: FleetDevice) =>
    compilePolicies(
      one.policies.map((index) => fleet.documents[index]!),
      options,
    );
  const [sender, receiver] = [set(from), set(to)];
  const may = (policies: typeof sender, who: FleetDevice, action: string, resource: string): boolean =>
    evaluate(policies, { action, resource: arn + resource, context: contextOf(who) }).decision === 'allowed';
  if (!may(receiver, to, 'iot:Connect', `client/${to.name}`)) return false;
  return universe.some(
    (topic) =>
      may(sender, from, 'iot:Publish', `topic/${topic}`) &&
      may(receiver, to, 'iot:Receive', `topic/${topic}`) &&
      filtersFor(topic).some((filter) => may(receiver, to, 'iot:Subscribe', `topicfilter/${filter}`)),
  );
}

const names = ['p1', 'p2', 'hub', 'q'];

interface World {
  readonly reason: string;
  readonly runs: number;
  /** Values that attributes may have, beside names of devices. */
  readonly values: readonly string[];
  readonly level: fc.Arbitrary<string>;
  readonly maxLevels: number;
  readonly topics: readonly string[];
  /** Stars run across levels and letters, so some pairs share only topics that are longer than any pattern. */
  readonly longer: () => readonly string[];
}

const words = [...names, 's', 't', 'a', 'zz'];
const deeper = (list: readonly string[]): string[] => list.flatMap((head) => words.map((one) => `${head}/${one}`));
const parts = [...names, 's', 'as', 'asb', 'b'];
const pairs = parts.flatMap((one) => parts.map((two) => one + two));

const worlds: readonly World[] = [
  {
    reason: 'levels that are literals, wildcards or variables',
    runs: 60,
    values: ['s', 't', 'hub', 'p1'],
    level: fc.constantFrom('a', 'p1', 'hub', 's', '*', 'p*', '?1', thing, site, hub),
    maxLevels: 2,
    topics: [...words, ...deeper(words)],
    longer: () => [...deeper(deeper(words)), ...deeper(deeper(deeper(['p', 'p1', 'hub', 's'])))],
  },
  {
    reason: 'levels in which variables stand beside literals, wildcards and each other',
    runs: 60,
    values: parts,
    level: fc.constantFrom(
      ...['as', '*', 'p*', thing, site, hub, `a${site}`, `${hub}b`],
      ...[`${thing}*`, `*${site}`, `${site}${hub}`, `?${hub}`],
    ),
    maxLevels: 1,
    topics: [...parts, ...parts.map((one) => `a${one}`), ...parts.map((one) => `${one}b`)],
    longer: () => [
      ...pairs,
      ...pairs.flatMap((one) => [...parts, ...'zqh'].flatMap((more) => [one + more, more + one])),
      ...parts.flatMap((one) => [...'apqhsbz'].flatMap((letter) => [letter + one, one + letter])),
      ...parts.flatMap((one) => parts.flatMap((two) => [...'zqh'].map((letter) => one + letter + two))),
    ],
  },
];

function documentsOf({ level, maxLevels }: World): fc.Arbitrary<readonly PolicyDocument[]> {
  const joined = (one: fc.Arbitrary<string>) =>
    fc.array(one, { minLength: 1, maxLength: maxLevels }).map((levels) => levels.join('/'));
  const text = joined(level);
  const filterText = joined(fc.oneof(level, fc.constantFrom('+', '#')));
  const statement = fc.oneof(
    text.map((one) => allow('Publish', `topic/${one}`)),
    filterText.map((one) => allow('Subscribe', `topicfilter/${one}`)),
    text.map((one) => allow('Receive', `topic/${one}`)),
    text.map((one) => deny('Publish', `topic/${one}`)),
    text.map((one) => deny('Receive', `topic/${one}`)),
    filterText.map((one) => deny('Subscribe', `topicfilter/${one}`)),
  );
  const trio = fc
    .tuple(text, filterText, text)
    .map(([out, filter, into]) => [
      allow('Publish', `topic/${out}`),
      allow('Subscribe', `topicfilter/${filter}`),
      allow('Receive', `topic/${into}`),
    ]);
  return fc
    .array(fc.tuple(trio, trio, fc.array(statement, { maxLength: 3 })), { minLength: 1, maxLength: 3 })
    .map((list) =>
      list.map(([first, second, more], at) => document([bound, ...first, ...second, ...more], '2012-10-17', `p${at}`)),
    );
}

it.each(worlds)('the reach graph agrees with the evaluator on $reason', { timeout: 60_000 }, (world) => {
  const { values, runs, topics, longer } = world;
  const value = fc.constantFrom(...values);
  const attributes = fc.record({ site: value, hub: value }, { requiredKeys: [] });
  let reached = 0;
  fc.assert(
    fc.property(
      documentsOf(world),
      fc.array(attributes, { minLength: 4, maxLength: 4 }),
      fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
      (documents, own, which) => {
        const devices = names.map((name, at) => device(name, [which[at]! % documents.length], own[at]));
        const fleet = { documents, devices };
        const graph = reachGraph(fleet, options);
        for (const from of devices) {
          for (const to of devices) {
            if (from === to) continue;
            const fast = edgesBetween({ graph, sender: from, receiver: to }).some((edge) => edge.kind === 'topic');
            const slow = reachesSlowly(fleet, from, to, topics) || (fast && reachesSlowly(fleet, from, to, longer()));
            if (slow) reached += 1;
            expect(
              fast,
              `${from.name} -> ${to.name}: ${JSON.stringify(documents.map((d) => d.statements.map((s) => [s.effect, s.actions[0]?.text, s.resources[0]?.text])))} ${JSON.stringify(devices.map((d) => [d.name, d.policies, d.attributes]))}`,
            ).toBe(slow);
          }
        }
      },
    ),
    { numRuns: runs, seed: 1 },
  );
  expect(reached).toBeGreaterThan(50);
});
