import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { csr, device, group, policy } from '../../support/fleet.ts';
import { documentOf, grants, killAt, type RolloutFleet, refuse, rolloutFleet, STRATEGY, say, WIDE } from './support.ts';

const HALL = grants('hall/*', 'old/*');
const LESS = grants('hall/*');
const MORE_AND_LESS = grants('hall/*', 'more/*');
const MORE = grants('hall/*', 'old/*', 'more/*');

const denies = (document: object, topic: string) => {
  const { Statement, ...rest } = document as { readonly Statement: readonly object[] };
  const deny = {
    Effect: 'Deny',
    Action: ['iot:Publish'],
    Resource: [`arn:aws:iot:us-east-1:123456789012:topic/${topic}`],
  };
  return { ...rest, Statement: [...Statement, deny] };
};

const member = (name: string, more: object = {}) =>
  device(name, { thingTypeRef: { name: 'press' }, groupRefs: [{ name: 'hall' }], ...more });

/** `hall` gives `wide` to its members; `top` is where it is attached. */
async function inHall(names: readonly string[] = ['press-1', 'press-2'], base: object = WIDE): Promise<RolloutFleet> {
  const fleet = await rolloutFleet(0);
  await fleet.apply(policy('base', { document: base, strategy: STRATEGY }));
  await fleet.apply(policy('wide', { document: HALL, strategy: STRATEGY }));
  await fleet.apply(group('site'), group('hall', { parentRef: { name: 'site' }, policyRefs: [{ name: 'wide' }] }));
  await fleet.settleUntilReady();
  for (const name of names) {
    await fleet.apply(member(name));
    fleet.names.push(name);
  }
  await fleet.settleUntilReady();
  await fleet.live(2);
  return fleet;
}

async function onGroup(fleet: RolloutFleet, name = 'hall'): Promise<readonly string[]> {
  const { thingGroupArn: target = '' } = await fleet.aws.send('DescribeThingGroup', { thingGroupName: name });
  const { policies = [] } = await fleet.aws.send('ListAttachedPolicies', { target });
  return policies.map(({ policyName = '' }) => policyName.replace(/@.*/, '@')).sort();
}

async function on(fleet: RolloutFleet, name: string): Promise<string> {
  return (await fleet.attached(name)).map((each) => each.replace(/@.*/, '@')).join('+');
}

async function eachCertificate(fleet: RolloutFleet, name: string): Promise<readonly string[]> {
  const { status } = (await fleet.get('Device', name)) as Device;
  const found: string[] = [];
  for (const { arn: target = '' } of status?.certificates ?? []) {
    const { policies = [] } = await fleet.aws.send('ListAttachedPolicies', { target });
    found.push(
      policies
        .map(({ policyName = '' }) => policyName.replace(/@.*/, '@'))
        .sort()
        .join('+'),
    );
  }
  return found;
}

const changeWide = (fleet: RolloutFleet, document: object) =>
  fleet.apply(policy('wide', { document, strategy: STRATEGY }));

async function phase(fleet: RolloutFleet): Promise<string> {
  return (await fleet.rollout().catch(() => undefined))?.status?.phase ?? '-';
}

/** What the group and each member carry, each time that it changes. */
async function story(
  fleet: RolloutFleet,
  minutes: number,
  options: { readonly until?: () => Promise<boolean>; readonly silent?: readonly string[] } = {},
): Promise<readonly string[]> {
  const seen: string[] = [];
  await fleet.live(minutes, {
    ...(options.silent === undefined ? {} : { silent: options.silent }),
    until: async () => {
      const members = await Promise.all(fleet.names.map((name) => on(fleet, name)));
      const hall = await onGroup(fleet);
      expect(hall.length).toBeGreaterThan(0);
      const now = [hall.join('+'), ...members.map((each) => each || '-')].join(' | ');
      if (seen.at(-1) !== now) seen.push(now);
      const home = async () => (await fleet.rollout().catch(() => undefined))?.status?.homedAt !== undefined;
      return (options.until ?? home)();
    },
  });
  return seen;
}

describe('R5: a changed document of a policy on a thing group', () => {
  test('a tightening: both on every certificate, then the group, then one member at a time, then home', async () => {
    await using fleet = await inHall();
    await changeWide(fleet, LESS);
    expect(await story(fleet, 300)).toEqual([
      'wide | base+wide+wide@ | base+wide+wide@',
      'wide+wide@ | base+wide+wide@ | base+wide+wide@',
      'wide@ | base+wide+wide@ | base+wide+wide@',
      'wide@ | base | base+wide+wide@',
      'wide@ | base | base',
      'wide+wide@ | base | base',
      'wide | base | base',
    ]);
    expect((await fleet.rollout()).status).toMatchObject({
      phase: 'Succeeded',
      class: 'tightens',
      counters: { succeeded: 2 },
    });
    expect(await documentOf(fleet, 'wide')).toEqual(LESS);
  }, 240_000);

  test.each([
    { homing: 'Back', left: 'wide', both: 'wide+wide@' },
    { homing: 'Stay', left: 'wide@', both: 'wide@+wide@' },
  ])(
    'homing $homing: the next change begins with what the group carries by then',
    async ({ homing, left, both }) => {
      await using fleet = await inHall(['press-1']);
      const strategy = { ...STRATEGY, homing };
      const isDone = (revision: string | undefined) => async () => {
        const { spec, status } = await fleet.rollout();
        const isAway = homing === 'Back' && status?.homedAt === undefined;
        return spec.revision !== revision && status?.phase === 'Succeeded' && !isAway;
      };
      await fleet.apply(policy('wide', { document: LESS, strategy }));
      await story(fleet, 300, { until: isDone(undefined) });
      expect(await onGroup(fleet)).toEqual([left]);
      const { spec } = await fleet.rollout();
      await fleet.apply(policy('wide', { document: grants('hall/1'), strategy }));
      const seen = await story(fleet, 300, { until: isDone(spec.revision) });
      expect(seen.slice(0, 4)).toEqual([
        `${left} | base+${both}`,
        `${both} | base+${both}`,
        `wide@ | base+${both}`,
        'wide@ | base',
      ]);
      expect((await fleet.rollout()).status).toMatchObject({ phase: 'Succeeded', counters: { succeeded: 1 } });
      expect(await documentOf(fleet, 'wide')).toEqual(grants('hall/1'));
    },
    240_000,
  );

  test('abortScope InFlight is refused before anything moves; the same document with All goes through', async () => {
    await using fleet = await inHall();
    await fleet.apply(policy('wide', { document: LESS, strategy: { ...STRATEGY, abortScope: 'InFlight' } }));
    await fleet.live(5);
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Pending', reason: 'InvalidStrategy' });
    expect(status?.message).toContain('strategy.abortScope');
    expect(await on(fleet, 'press-1')).toBe('base');
    await changeWide(fleet, LESS);
    await fleet.live(5);
    expect(await phase(fleet)).toBe('Progressing');
  }, 60_000);

  test('a widening waits for approval, and reaches certificate after certificate while the group keeps what it had', async () => {
    await using fleet = await inHall();
    await changeWide(fleet, MORE);
    await fleet.live(5);
    expect(await phase(fleet)).toBe('AwaitingApproval');
    expect(await on(fleet, 'press-1')).toBe('base');
    await say(fleet, 'approve');
    const seen = await story(fleet, 300);
    expect(seen.slice(0, 4)).toEqual([
      'wide | base+wide+wide@ | base',
      'wide | base+wide+wide@ | base+wide+wide@',
      'wide+wide@ | base+wide+wide@ | base+wide+wide@',
      'wide@ | base+wide+wide@ | base+wide+wide@',
    ]);
    expect(seen.at(-1)).toBe('wide | base | base');
    expect(await documentOf(fleet, 'wide')).toEqual(MORE);
  }, 240_000);

  test('a new deny bites one certificate at a time, on evidence, before the group has it', async () => {
    await using fleet = await inHall();
    await changeWide(fleet, denies(HALL, 'old/*'));
    const parted = async () => (await on(fleet, 'press-2')) === 'base+wide+wide@';
    const seen = await story(fleet, 200, { until: parted });
    expect(seen.slice(-2)).toEqual(['wide | base+wide+wide@ | base', 'wide | base+wide+wide@ | base+wide+wide@']);
    const { status } = (await fleet.get('Device', 'press-1')) as Device;
    // Settled, observed and heard of: parked, with the other under way.
    expect(status?.rollout).toMatchObject({ state: 'Deferred', waitsForGroup: 'hall' });
    refuse(fleet, 'press-2', 'old/press-2');
    expect((await story(fleet, 200)).at(-1)).toBe('wide | base | base');
  }, 240_000);

  test('a member that joins at any step is never without, and the group waits for it', async () => {
    for (const step of [0, 1, 2, 3]) {
      await using fleet = await inHall(['press-1']);
      await changeWide(fleet, LESS);
      const marks = [
        'wide | base+wide+wide@',
        'wide+wide@ | base+wide+wide@',
        'wide@ | base+wide+wide@',
        'wide@ | base',
      ];
      const at = async () => `${(await onGroup(fleet)).join('+')} | ${await on(fleet, 'press-1')}` === marks[step];
      await story(fleet, 100, { until: at });
      await fleet.apply(member('press-2'));
      fleet.names.push('press-2');
      const seen = await story(fleet, 300);
      expect([step, seen.at(-1)]).toEqual([step, 'wide | base | base']);
      const joined = seen.filter((each) => !each.endsWith('| -'));
      // While the group still gives the old policy nobody is let down: whoever has neither of the two has it by the group.
      if (step === 0) expect(joined).toContain('wide | base+wide+wide@ | base+wide+wide@');
      if (step === 1) expect(joined).toContain('wide+wide@ | base+wide+wide@ | base+wide+wide@');
      if (step > 1) expect(joined.every((each) => each.endsWith('| base'))).toBe(true);
      expect((await fleet.rollout()).status).toMatchObject({ phase: 'Succeeded', counters: { succeeded: 2 } });
    }
  }, 400_000);

  test('a certificate rotated in the middle has both policies before anything is taken, and none of them at the end', async () => {
    await using fleet = await inHall(['press-1']);
    await changeWide(fleet, LESS);
    await story(fleet, 100, { until: async () => (await onGroup(fleet)).length === 2 });
    const { spec } = (await fleet.get('Device', 'press-1')) as Device;
    const certificates = [...(spec.certificates ?? []), { name: 'next', csr: csr('press-1-next') }];
    await fleet.apply(device('press-1', { ...spec, certificates }));
    await fleet.live(2);
    const both = await eachCertificate(fleet, 'press-1');
    expect(both).toEqual(['base+wide+wide@', 'base+wide+wide@']);
    await story(fleet, 300);
    expect(await eachCertificate(fleet, 'press-1')).toEqual(['base', 'base']);
    expect(await onGroup(fleet)).toEqual(['wide']);
  }, 240_000);

  test.each([
    ['while members get both', 'wide | base+wide+wide@ | base'],
    ['when all have both', 'wide | base+wide+wide@ | base+wide+wide@'],
    ['while the group carries both', 'wide+wide@ | base+wide+wide@ | base+wide+wide@'],
    ['when the group has been handed over', 'wide@ | base+wide+wide@ | base+wide+wide@'],
    ['when a member has lost the old one', 'wide@ | base | base+wide+wide@'],
    ['when a member was proven', 'wide@ | base | base'],
  ])(
    'an abort %s brings everybody and the group back',
    async (_when, mark) => {
      await using fleet = await inHall();
      await changeWide(fleet, MORE_AND_LESS);
      await fleet.live(5);
      await say(fleet, 'approve');
      const now = async () =>
        [(await onGroup(fleet)).join('+'), await on(fleet, 'press-1'), await on(fleet, 'press-2')].join(' | ');
      await story(fleet, 200, { until: async () => (await now()) === mark });
      expect(await now()).toBe(mark);
      await say(fleet, 'abort');
      await story(fleet, 200, {
        until: async () => (await phase(fleet)) === 'Aborted' && (await now()) === 'wide | base | base',
      });
      expect([await phase(fleet), await now()]).toEqual(['Aborted', 'wide | base | base']);
      expect(await documentOf(fleet, 'wide')).toEqual(HALL);
      // It stays away.
      await fleet.live(60);
      expect(await now()).toBe('wide | base | base');
    },
    240_000,
  );

  test('the emergency brake gives back with one call what the group has given up', async () => {
    await using fleet = await inHall();
    await changeWide(fleet, LESS);
    await story(fleet, 200, {
      until: async () => (await on(fleet, 'press-1')) === 'base' && (await on(fleet, 'press-2')) === 'base',
    });
    await say(fleet, 'abort');
    await fleet.live(1);
    const { spec } = await fleet.rollout();
    const { candidateName = '' } = spec.policies[0] ?? {};
    expect(await documentOf(fleet, candidateName)).toEqual(HALL);
    expect(fleet.sandbox.ledger.count({ operation: 'SetDefaultPolicyVersion', outcome: 'ok' })).toBe(1);
  }, 240_000);

  test('a device that carries the policy itself and is in no group goes its own way in the same rollout', async () => {
    await using fleet = await inHall(['press-1']);
    await fleet.apply(device('loner', { thingTypeRef: { name: 'press' }, policyRefs: [{ name: 'wide' }] }));
    fleet.names.push('loner');
    await fleet.settleUntilReady();
    await changeWide(fleet, LESS);
    const seen = await story(fleet, 300);
    // It is not kept waiting for a group that is none of its own.
    expect(seen.some((each) => each.startsWith('wide | ') && each.endsWith('| wide@'))).toBe(true);
    expect(seen.at(-1)).toBe('wide | base | wide');
  }, 240_000);

  test.each([
    { change: 'takes', document: LESS },
    { change: 'gives and takes', document: MORE_AND_LESS },
  ])(
    'the waves come both times: when the group has changed, one member alone loses the old policy first ($change)',
    async ({ document }) => {
      await using fleet = await inHall(['press-1', 'press-2', 'press-3']);
      await fleet.live(10);
      const strategy = { ...STRATEGY, waves: [{ count: 1, bake: '30m' }], maxInFlight: 9 };
      await fleet.apply(policy('wide', { document, strategy }));
      await fleet.live(3);
      if ((await phase(fleet)) === 'AwaitingApproval') await say(fleet, 'approve');
      const onOld = async () => (await fleet.attached('press-2')).includes('wide');
      await fleet.live(200, { until: async () => (await fleet.records())['press-1'] === 'Succeeded' });
      expect(await on(fleet, 'press-1')).toBe('base');
      expect((await fleet.records())['press-2'], 'press-1 is its canary').toBe('Deferred');
      expect(await onOld()).toBe(true);
      await fleet.live(25);
      expect(await onOld(), 'the canary bakes').toBe(true);
      const waves = Object.values(await fleet.records());
      expect(waves).toEqual(['Succeeded', 'Deferred', 'Deferred']);
      await fleet.live(60, { until: async () => (await phase(fleet)) === 'Succeeded' });
      for (const name of fleet.names) expect(await on(fleet, name)).toBe('base');
    },
    240_000,
  );

  test('whoever leaves the group loses at once what was lent for its sake', async () => {
    await using fleet = await inHall();
    await changeWide(fleet, LESS);
    await story(fleet, 100, { until: async () => (await onGroup(fleet)).length === 2 });
    await fleet.aws.send('RemoveThingFromThingGroup', { thingName: 'press-2', thingGroupName: 'hall' });
    const { spec } = (await fleet.get('Device', 'press-2')) as Device;
    await fleet.apply(device('press-2', { ...spec, driftPolicy: 'Report' }));
    await fleet.live(30, { until: async () => (await on(fleet, 'press-2')) === 'base' });
    expect(await on(fleet, 'press-2')).toBe('base');
  }, 240_000);
});

describe.each(['before', 'after'] as const)(
  'killed %s the effect of a call that moves a group or its member',
  (when) => {
    test('the rollout goes on from what AWS shows, and nobody is ever without', async () => {
      let n = 1;
      for (let reached = true; reached; n += 1) {
        await using fleet = await inHall(['press-1']);
        const crash = killAt(fleet, n, when);
        await changeWide(fleet, LESS);
        await story(fleet, 200, {
          until: async () =>
            crash.reached || (await fleet.rollout().catch(() => undefined))?.status?.homedAt !== undefined,
        });
        reached = crash.reached;
        if (!reached) break;
        await fleet.kill();
        fleet.intercept = undefined;
        await fleet.start();
        const seen = await story(fleet, 300);
        for (const each of seen) expect([n, /wide/.test(each)]).toEqual([n, true]);
        expect([n, seen.at(-1)]).toEqual([n, 'wide | base']);
        expect((await fleet.rollout()).status).toMatchObject({ phase: 'Succeeded', counters: { succeeded: 1 } });
      }
      // Two onto the certificate, two at the group, two off, and two at the group on the way home.
      expect(n).toBe(9);
    }, 500_000);
  },
);

describe('a document that waits for its group', () => {
  test('a group that is to drop the policy when a rollout has ended drops it first; nothing else moves its members meanwhile', async () => {
    await using fleet = await inHall();
    await fleet.apply(
      policy('wide', { document: LESS, strategy: STRATEGY }),
      policy('base', { document: grants('telemetry/*'), strategy: STRATEGY }),
      policy('other', { document: grants('hall/press-*'), strategy: STRATEGY }),
    );
    await fleet.live(3);
    const [first] = (await fleet.store.list({ kind: 'PolicyRollout' })).items as readonly PolicyRollout[];
    expect(first?.spec.policies.map(({ name }) => name)).toEqual(['base', 'wide']);
    await fleet.apply(group('hall', { parentRef: { name: 'site' }, policyRefs: [{ name: 'other' }] }));
    // Overtaken, it ends with the policy of the group undone, and the group still to change.
    await fleet.apply(policy('base', { document: grants('telemetry/press-*'), strategy: STRATEGY }));
    const made = async () => (await fleet.store.list({ kind: 'PolicyRollout' })).items as readonly PolicyRollout[];
    await fleet.live(120, { until: async () => (await made()).length > 1 });
    await fleet.live(5);
    expect((await made()).slice(1).flatMap(({ spec }) => spec.policies.map(({ name }) => name))).not.toContain('wide');
    const { status } = (await fleet.get('IoTPolicy', 'wide')) as IoTPolicy;
    expect(status?.conditions?.find(({ type }) => type === 'Ready')?.message).toContain(
      'ThingGroup hall carries policy wide',
    );
    await fleet.live(300, {
      until: async () => JSON.stringify(await documentOf(fleet, 'wide')) === JSON.stringify(LESS),
    });
    for (const name of fleet.names) expect(await on(fleet, name)).toBe('base');
    expect(await onGroup(fleet)).toEqual(['other']);
    expect(await documentOf(fleet, 'wide')).toEqual(LESS);
  }, 240_000);

  test('a group that drops the policy before its rollout has begun does not wait for it', async () => {
    await using fleet = await inHall();
    await fleet.apply(policy('other', { document: grants('hall/press-*'), strategy: STRATEGY }));
    await changeWide(fleet, MORE);
    await fleet.live(5);
    const asked = await fleet.rollout();
    expect(asked.status?.phase).toBe('AwaitingApproval');
    await fleet.apply(group('hall', { parentRef: { name: 'site' }, policyRefs: [{ name: 'other' }] }));
    await fleet.live(300, {
      until: async () => JSON.stringify(await documentOf(fleet, 'wide')) === JSON.stringify(MORE),
    });
    expect(((await fleet.get('PolicyRollout', asked.metadata.name)) as PolicyRollout).status?.phase).toBe('Superseded');
    expect(await onGroup(fleet)).toEqual(['other']);
    expect(await documentOf(fleet, 'wide')).toEqual(MORE);
    for (const name of fleet.names) expect(await on(fleet, name)).toBe('base');
  }, 240_000);

  test('a group that drops the policy while its members wait for it does not wait for them', async () => {
    await using fleet = await inHall();
    await fleet.apply(policy('other', { document: grants('hall/press-*'), strategy: STRATEGY }));
    await fleet.settleUntilReady();
    await changeWide(fleet, LESS);
    await fleet.live(60, { until: async () => (await fleet.records())['press-1'] === 'Deferred' });
    const asked = await fleet.rollout();
    await fleet.apply(group('hall', { parentRef: { name: 'site' }, policyRefs: [{ name: 'other' }] }));
    await fleet.live(300, { until: async () => (await onGroup(fleet)).join() === 'other' });
    expect(await onGroup(fleet)).toEqual(['other']);
    expect(((await fleet.get('PolicyRollout', asked.metadata.name)) as PolicyRollout).status?.phase).toBe('Superseded');
    await fleet.live(200, { until: async () => (await on(fleet, 'press-2')) === 'base' });
    for (const name of fleet.names) expect(await on(fleet, name)).toBe('base');
  }, 240_000);
});

describe('what keeps a group from being handed over', () => {
  test('no free place on the group', async () => {
    await using fleet = await inHall();
    await fleet.apply(group('hall', { parentRef: { name: 'site' }, policyRefs: [{ name: 'wide' }, { name: 'base' }] }));
    await fleet.live(300, { until: async () => (await onGroup(fleet)).length === 2 });
    await fleet.live(120);
    await changeWide(fleet, LESS);
    await fleet.live(5);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'NoPolicySlot' });
    expect((await fleet.rollout()).status?.message).toContain('thing group hall carries 2 of 2');
  }, 240_000);

  test('a member that no Device is', async () => {
    await using fleet = await inHall();
    await fleet.aws.send('CreateThing', { thingName: 'stranger' });
    await fleet.aws.send('AddThingToThingGroup', { thingName: 'stranger', thingGroupName: 'hall' });
    await fleet.live(10);
    await changeWide(fleet, LESS);
    await fleet.live(30);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'ForeignMembers' });
    expect([await onGroup(fleet), await on(fleet, 'press-1')]).toEqual([['wide'], 'base']);
  }, 240_000);

  test('a group that others attached the policy to: the reason names the group, not its members', async () => {
    await using fleet = await inHall();
    const { thingGroupArn: target = '' } = await fleet.aws.send('DescribeThingGroup', { thingGroupName: 'site' });
    await fleet.aws.send('AttachPolicy', { policyName: 'wide', target });
    await fleet.live(10);
    await changeWide(fleet, LESS);
    await fleet.live(5);
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Pending', reason: 'GroupTargets' });
    expect(status?.message).toContain(
      'policy wide is attached to thing group site, whose ThingGroup does not refer to it',
    );
    expect(await on(fleet, 'press-1')).toBe('base');
  }, 240_000);

  test('a stranger that comes later stops the group before it is changed', async () => {
    await using fleet = await inHall(['press-1']);
    await changeWide(fleet, LESS);
    await story(fleet, 100, { until: async () => (await onGroup(fleet)).length === 2 });
    await fleet.aws.send('CreateThing', { thingName: 'stranger' });
    await fleet.aws.send('AddThingToThingGroup', { thingName: 'stranger', thingGroupName: 'hall' });
    await fleet.live(60);
    expect(await onGroup(fleet)).toEqual(['wide', 'wide@']);
    expect((await fleet.rollout()).status?.message).toContain('stranger in thing group hall is no Device');
  }, 240_000);

  test('under another client id the certificate would give what the group does not: that is approved or not done', async () => {
    const anyId = JSON.parse(JSON.stringify(WIDE).replace('${iot:Connection.Thing.ThingName}', '*')) as object;
    await using fleet = await inHall(['press-1'], anyId);
    await fleet.apply(
      member('press-1', {
        ...((await fleet.get('Device', 'press-1')) as Device).spec,
        clientIds: ['press-1', 'press-1#2'],
      }),
    );
    await fleet.live(2);
    await changeWide(fleet, LESS);
    await fleet.live(5);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'AwaitingApproval' });
    expect((await fleet.rollout()).status?.gained?.join()).toContain('hall/');
    expect(await on(fleet, 'press-1')).toBe('base');
  }, 240_000);
});
