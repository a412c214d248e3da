import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import { groupKey } from '../../../operator/aws/snapshot/facts.ts';
import { unitsOf } from '../../../operator/controllers/policyrollout/asset/units.ts';
import { sharedRefusal } from '../../../operator/controllers/policyrollout/shared.ts';
import { ObjectCache } from '../../../operator/runtime/cache/object-cache.ts';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { createPauser } from '../../../operator/runtime/pauser.ts';

interface Given {
  readonly certificates?: readonly string[];
  readonly account?: string;
  readonly namespace?: string;
  readonly observed?: boolean;
  readonly deleted?: boolean;
  readonly pendingChange?: object;
  readonly policyRefs?: readonly object[];
  /** What both have certificate `a` for; c1 when not given. */
  readonly named?: string;
  readonly begun?: boolean;
  /** Not among the assets of the rollout. */
  readonly outside?: boolean;
}

const deviceOf = (name: string, given: Given): Device =>
  ({
    apiVersion: 'fleetward.dev/v1alpha1',
    kind: 'Device',
    metadata: {
      name,
      namespace: given.namespace ?? 'factory',
      ...(given.deleted === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      accountRef: { name: given.account ?? 'default' },
      managementPolicy: given.observed === true ? 'Observe' : 'Manage',
      policyRefs: given.policyRefs ?? [{ name: 'base' }],
    },
    status: {
      certificates: [
        ...(given.certificates ?? ['c1']).map((certificateId) => ({ name: certificateId, certificateId })),
        ...(given.named === undefined ? [] : [{ name: 'a', certificateId: given.named }]),
      ],
      ...(given.begun === true ? { rollout: { name: 'r', state: 'Deferred' } } : {}),
      ...(given.pendingChange === undefined ? {} : { pendingChange: given.pendingChange }),
    },
  }) as unknown as Device;

/** What is refused of `a`, with certificate c1, and of `b` as it is given. */
async function refusalOf(
  b: Given,
  more: {
    readonly targets?: Record<string, string[]>;
    readonly groups?: string[];
    readonly groupsOfA?: string[];
  },
) {
  const cache = new ObjectCache({});
  cache.addIndex('Device', 'certificateId', (object) =>
    ((object as Device).status?.certificates ?? []).flatMap(({ certificateId }) => certificateId ?? []),
  );
  cache.addIndex('ThingGroup', 'awsName', () => []);
  const own = deviceOf('a', {
    ...(b.pendingChange === undefined || b.outside === true ? {} : { pendingChange: b.pendingChange }),
    ...(b.named === undefined ? {} : { named: 'c1' }),
    ...(b.begun === undefined ? {} : { begun: b.begun }),
  });
  const devices = [own, deviceOf('b', b)];
  await cache.sink('Device').replace(devices);
  await cache.sink('ThingGroup').replace([]);
  const base = { kind: 'IoTPolicy', metadata: { name: 'base', namespace: 'factory' }, spec: {} };
  await cache.sink('IoTPolicy').replace([base as never]);
  const targets: Record<string, string[]> = { c1: ['base'], c2: ['base'], ...more.targets };
  const snapshot = {
    targets: { at: (id: string) => targets[id] ?? [] },
    members: { at: (thing: string) => (thing === 'b' ? (more.groups ?? []) : (more.groupsOfA ?? [])) },
  };
  const change = b.pendingChange as { digest?: string } | undefined;
  const rollout = {
    metadata: { name: 'r', namespace: 'factory' },
    spec: { accountRef: { name: 'default' }, ...(change === undefined ? {} : { changes: [change] }) },
  };
  const assets = b.outside === true ? [own] : devices;
  const families = [{ declared: 'base', candidate: 'base@1', names: ['base', 'base@1'] }];
  const units = await unitsOf(cache, assets, { rollout: 'r', pauser: createPauser(systemClock, undefined) });
  return sharedRefusal({ cache, session: { snapshot }, rollout, families, units } as never);
}

describe('R8: things that share certificates and cannot move as one', () => {
  const rows: readonly {
    reason: string;
    b: Given;
    more?: Parameters<typeof refusalOf>[1];
    want: RegExp | undefined;
  }[] = [
    { reason: 'they can', b: {}, want: undefined },
    { reason: 'nothing is shared', b: { certificates: ['c2'], outside: true }, want: undefined },
    {
      reason: 'one is in another namespace',
      b: { outside: true, namespace: 'lab' },
      want: /^a and Device b, of namespace lab, share a certificate, and this rollout does not move that one; give each/,
    },
    { reason: 'one is in another account', b: { outside: true, account: 'other' }, want: /b, of AWSAccount other,/ },
    { reason: 'one is only observed', b: { outside: true, observed: true }, want: /b, which is only observed,/ },
    { reason: 'one is being deleted', b: { outside: true, deleted: true }, want: /b, which is being deleted,/ },
    { reason: 'one has nothing to do with the change', b: { outside: true }, want: /asks for no change/ },
    {
      reason: 'another certificate of one does not carry the policy, and must not be given it',
      b: { certificates: ['c1', 'c2'] },
      more: { targets: { c2: ['other'] } },
      want: /^a, b share certificates, of which some carry base and others do not; reference the same/,
    },
    {
      reason: 'it carries it under the name of the candidate: that is the same policy',
      b: { certificates: ['c1', 'c2'] },
      more: { targets: { c2: ['base@1'] } },
      want: undefined,
    },
    {
      reason: 'a policy comes through a thing group of one of them',
      b: {},
      more: { groups: ['hall'], targets: { [groupKey('hall')]: ['base'] } },
      want: /^a, b share .*a is not in hall, and would get on its certificate what that group gives; put all of them into/,
    },
    {
      reason: 'the other one has nothing else to do with the policy: it would get it all the same',
      b: { outside: true },
      more: { groupsOfA: ['hall'], targets: { [groupKey('hall')]: ['base'] } },
      want: /b is not in hall/,
    },
    {
      reason: 'a policy comes through a thing group of all of them: each may have it on every certificate',
      b: {},
      more: { groups: ['hall'], groupsOfA: ['hall'], targets: { [groupKey('hall')]: ['base@1'] } },
      want: undefined,
    },
    {
      reason: 'and only one refers to it as well: the other would keep it on the certificate',
      b: { policyRefs: [] },
      more: { groups: ['hall'], groupsOfA: ['hall'], targets: { [groupKey('hall')]: ['base'] } },
      want: /have base through thing group hall, and only a refer to it as well; reference the same/,
    },
    {
      reason:
        'one has left the group when both policies are on the certificates: the rollout goes on, and takes them off',
      b: { begun: true },
      more: { groupsOfA: ['hall'], targets: { [groupKey('hall')]: ['base'] } },
      want: undefined,
    },
    {
      reason: 'policies come and go on both alike',
      b: { pendingChange: { digest: 'd', attach: ['x'] } },
      want: undefined,
    },
    {
      reason: 'a thing group is left: that is of one thing alone',
      b: { pendingChange: { digest: 'd', leave: ['hall'] } },
      want: /thing groups, types or attributes of theirs change, which is done one device at a time/,
    },
    {
      reason: 'the certificate that they share leaves all specs',
      b: { named: 'c1', pendingChange: { digest: 'd', retire: ['a'] } },
      want: undefined,
    },
    {
      reason: 'certificates of one name leave all specs, and are not one and the same',
      b: { named: 'c2', pendingChange: { digest: 'd', retire: ['a'] } },
      want: /certificate a, which leaves their specs, is not the same one in all of them/,
    },
  ];
  test.each(rows)('$reason', async ({ b, more = {}, want }) => {
    const refused = await refusalOf(b, more);
    if (want === undefined) expect(refused).toBeUndefined();
    else expect(refused).toEqual({ reason: 'SharedCertificate', why: expect.stringMatching(want) });
  });
});
