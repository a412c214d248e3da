import { describe, expect, test } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import { groupKey } from '../../../operator/aws/snapshot/facts.ts';
import { foreignTarget } from '../../../operator/controllers/policyrollout/foreign.ts';
import { CARRIES_CHANGE } from '../../../operator/controllers/policyrollout/policies/stance.ts';
import { ObjectCache } from '../../../operator/runtime/cache/object-cache.ts';

interface Given {
  /** Nobody has the certificate in its status. */
  readonly unowned?: boolean;
  readonly observed?: boolean;
  readonly account?: string;
  readonly deleted?: boolean;
  readonly refers?: boolean;
  readonly rollout?: object;
  readonly pendingChange?: object;
  readonly groups?: readonly string[];
  /** Names in its spec of certificates that its status does not know. */
  readonly lost?: readonly string[];
  readonly rejected?: boolean;
}

const METADATA = { namespace: 'factory' };

function deviceOf(given: Given): Device {
  return {
    apiVersion: 'fleetward.dev/v1alpha1',
    kind: 'Device',
    metadata: {
      ...METADATA,
      name: 'b',
      ...(given.deleted === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      accountRef: { name: given.account ?? 'default' },
      managementPolicy: given.observed === true ? 'Observe' : 'Manage',
      policyRefs: given.refers === true ? [{ name: 'base' }] : [],
      certificates: (given.lost ?? []).map((name) => ({ name })),
    },
    status: {
      certificates: given.unowned === true ? [] : [{ name: 'a', certificateId: 'c2' }],
      ...(given.rollout === undefined ? {} : { rollout: given.rollout }),
      ...(given.pendingChange === undefined ? {} : { pendingChange: given.pendingChange }),
    },
  } as unknown as Device;
}

/** What is said when c1 is an asset's and c2 is as given; both carry the policy, under one of its names each. */
async function refusalOf(given: Given) {
  const cache = new ObjectCache({});
  cache.addIndex('Device', 'certificateId', (object) =>
    ((object as Device).status?.certificates ?? []).flatMap(({ certificateId }) => certificateId ?? []),
  );
  cache.addIndex('ThingGroup', 'awsName', () => []);
  cache.addIndex('PolicyRollout', CARRIES_CHANGE, () => ['factory/default/d1']);
  const spec = { accountRef: { name: 'default' } };
  const base = { kind: 'IoTPolicy', metadata: { ...METADATA, name: 'base' }, spec } as unknown as IoTPolicy;
  await cache.sink('IoTPolicy').replace([base]);
  await cache.sink('Device').replace([deviceOf(given)]);
  await cache.sink('ThingGroup').replace([]);
  const before = { kind: 'PolicyRollout', metadata: { ...METADATA, name: 'p' }, spec, status: { phase: 'Aborted' } };
  await cache.sink('PolicyRollout').replace(given.rejected === true ? [before as never] : []);
  const carried: Readonly<Record<string, readonly string[]>> = {
    c1: ['base@1'],
    c2: ['base'],
    [groupKey('hall')]: ['base'],
  };
  const from = (name: string) => Object.keys(carried).filter((target) => carried[target]?.includes(name));
  const targets = { at: (id: string) => carried[id] ?? [], from, count: (name: string) => from(name).length };
  const snapshot = { targets, members: { at: () => given.groups ?? [] } };
  const families = [{ declared: 'base', candidate: 'base@1', names: ['base', 'base@1'] }];
  const pauser = { isDue: () => false, isAborted: () => false, pause: async () => undefined };
  const input = { cache, session: { snapshot }, rollout: { metadata: { ...METADATA, name: 'r' }, spec }, families };
  return foreignTarget(input as never, new Set(['c1']), pauser);
}

const rows: readonly { readonly reason: string; readonly given: Given; readonly says?: readonly [string, string] }[] = [
  {
    reason: 'nobody manages it',
    given: { unowned: true },
    says: ['ForeignTargets', 'which no Device of this account manages'],
  },
  { reason: 'its Device is only looked at', given: { observed: true }, says: ['ForeignTargets', 'no Device of this'] },
  { reason: 'its Device is of another account', given: { account: 'other' }, says: ['ForeignTargets', 'no Device of'] },
  {
    reason: 'somebody put it on a Device that does not ask for it: the remedy names that one',
    given: {},
    says: ['ForeignTargets', 'a certificate of Device b, whose spec does not ask for it'],
  },
  { reason: 'a Device that is being deleted takes it along', given: { deleted: true } },
  { reason: 'a Device that became an asset a moment ago', given: { refers: true } },
  { reason: 'a member of a thing group that gives it', given: { groups: ['hall'] } },
  {
    reason: 'lent for the sake of a group that the thing has left: it goes at once',
    given: { rollout: { name: 'r', state: 'Succeeded', lent: ['base'] } },
  },
  { reason: 'its own change takes it off', given: { pendingChange: { digest: 'd1', detach: ['base'] } } },
  {
    reason: 'another rollout is taking it off',
    given: { rollout: { name: 'q', state: 'Observing', change: { digest: 'd2', detach: ['base@1', 'base'] } } },
  },
  {
    reason: 'its own change was tried and went back: it stays there until somebody says otherwise',
    given: { pendingChange: { digest: 'd1', detach: ['base'] }, rejected: true },
    says: ['ForeignTargets', 'a certificate of Device b'],
  },
  {
    reason: 'after a loss of state a Device has not found its certificates again: whose it is will be known',
    given: { unowned: true, lost: ['a'] },
    says: ['CertificatesUnknown', 'the certificates of Device b are still to be found'],
  },
];

describe('who carries a policy of the rollout and is none of its assets', () => {
  test.each(rows)('$reason', async ({ given, says }) => {
    const found = await refusalOf(given);
    expect(found?.reason).toBe(says?.[0]);
    if (says !== undefined) expect(found?.why).toContain(says[1]);
  });
});
