import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PolicySets } from '../../../operator/sandbox/authorization.ts';
import { Authorizer } from '../../../operator/sandbox/mqtt/authorizer.ts';
import { BrokerCache, type PropagationOptions } from '../../../operator/sandbox/propagation.ts';
import { seeded } from '../../../operator/sandbox/state/ids.ts';
import { arn, documentOf, MINUTE, startBed } from './bed.ts';

const POLICIES = ['p0', 'p1', 'p2'];
const GROUPS = ['g0', 'g1'];
const TOPICS = ['a', 'b', 'lamp/x', 'kitchen/x'];

const documents = [
  documentOf({ Action: 'Publish', Resource: 'topic/a' }),
  documentOf({ Action: 'Publish', Resource: ['topic/b', `topic/\${iot:Connection.Thing.ThingName}/x`] }),
  documentOf({ Effect: 'Deny', Action: 'Publish', Resource: 'topic/a' }),
  documentOf({ Action: 'Publish', Resource: `topic/\${iot:Connection.Thing.Attributes[room]}/x` }),
];

const step = fc.record({
  what: fc.constantFrom(
    'attach',
    'detach',
    'version',
    'join',
    'leave',
    'room',
    'group',
    'thing',
    'time',
    'time',
    'time',
  ),
  a: fc.nat(3),
  b: fc.nat(3),
});

async function start(mode: PropagationOptions['mode'], newConnectionsSeeAtOnce: boolean) {
  const bed = startBed();
  const { iot, sandbox, clock } = bed;
  const lamp = await bed.device('lamp', documents[0]);
  const parent = 'root';
  await iot.createThingGroup({ thingGroupName: parent });
  for (const [n, policyName] of POLICIES.entries()) {
    await iot.createPolicy({ policyName, policyDocument: documents[n] ?? '' });
  }
  const scope = sandbox.scope();
  const cache = new BrokerCache(scope, clock, {
    mode,
    delay: [6 * MINUTE, 8 * MINUTE],
    newConnectionsSeeAtOnce,
    random: seeded(7),
  });
  sandbox.onChange((change) => cache.observe(change));
  const authorizer = new Authorizer(scope, cache, new PolicySets(scope), sandbox.world.switches);
  const target = (n: number) => (n < 2 ? lamp.certificateArn : arn(`thinggroup/${n === 2 ? parent : GROUPS[0]}`));
  const run = async ({ what, a, b }: { what: string; a: number; b: number }): Promise<unknown> => {
    const policyName = POLICIES[a % 3];
    const thingGroupName = GROUPS[b % 2];
    if (what === 'attach') return iot.attachPolicy({ policyName, target: target(b) });
    if (what === 'detach') return iot.detachPolicy({ policyName, target: target(b) });
    if (what === 'version') {
      const versions = (await iot.listPolicyVersions({ policyName })).policyVersions ?? [];
      const oldest = versions.filter((v) => !v.isDefaultVersion).at(-1);
      if (versions.length === 5) await iot.deletePolicyVersion({ policyName, policyVersionId: oldest?.versionId });
      return bed.edit(policyName ?? '', documents[b] ?? '');
    }
    if (what === 'join') return iot.addThingToThingGroup({ thingName: 'lamp', thingGroupName });
    if (what === 'leave') return iot.removeThingFromThingGroup({ thingName: 'lamp', thingGroupName });
    if (what === 'room') {
      const room = ['kitchen', 'hall', ''][b % 3] ?? '';
      return iot.updateThing({ thingName: 'lamp', attributePayload: { attributes: { room }, merge: true } });
    }
    if (what === 'group') {
      if (a > 1) return iot.deleteThingGroup({ thingGroupName });
      return iot.createThingGroup({ thingGroupName, ...(a === 0 && { parentGroupName: parent }) });
    }
    if (what === 'thing') return iot.createThing({ thingName: `other${b}` });
    return clock.advance([1000, MINUTE, 3 * MINUTE, 8 * MINUTE][a] ?? 0);
  };
  const things = new Map(cache.thingsOf(lamp.certificateArn));
  const subject = { principal: lamp.certificateArn, clientId: 'lamp', sourceIp: '127.0.0.1', things };
  return { bed, run, cache, authorizer, subject };
}

test.each([
  { mode: 'instant', own: false, reason: 'a change counts at the next decision' },
  { mode: 'fixed', own: false, reason: 'a change counts when its entry turns over' },
  { mode: 'random', own: false, reason: 'each entry turns over at its own time' },
  { mode: 'adversarial', own: false, reason: 'later changes overtake earlier ones' },
  { mode: 'random', own: true, reason: 'a connection has caches of its own' },
] as const)('a decision that is remembered is the one that would be made now: $mode, $own ($reason)', async (given) => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), async (steps) => {
      const { bed, run, cache, authorizer, subject } = await start(given.mode, given.own);
      const view = cache.open();
      const connection = { ...subject, view };
      const decide = (who: typeof connection) =>
        TOPICS.map((topic) => authorizer.decide(who, 'iot:Publish', `topic/${topic}`)).join(' ');
      for (const one of steps) {
        await run(one).catch((error: Error) => {
          if (!('$metadata' in error)) throw error;
        });
        const remembered = decide(connection);
        // Another object is a subject that nothing is remembered of.
        expect(remembered).toBe(decide({ ...connection }));
        seen.add(remembered);
      }
      await bed.broker.close();
    }),
    { numRuns: 30 },
  );
  // Twenty runs with one delay for all once met two answers alone.
  expect(seen.size).toBeGreaterThan(1);
});
