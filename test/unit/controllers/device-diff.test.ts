import { describe, expect, test } from 'vitest';
import type { Device, DeviceStatus } from '../../../operator/api/device.gen.ts';
import type { DesiredDevice } from '../../../operator/controllers/device/desired.ts';
import { diffDevice } from '../../../operator/controllers/device/diff.ts';
import type { ObservedCertificate, ObservedDevice } from '../../../operator/controllers/device/observe.ts';

const ID = 'c'.repeat(64);
const desired: DesiredDevice = {
  moving: new Set(),
  touched: new Set<string>(),
  thingName: 'press-1',
  typeName: 'press',
  attributes: { site: 'ulm' },
  groups: ['presses', 'site'],
  policies: [{ attach: 'base', satisfiedBy: ['base', 'base@1234abcd'] }],
  fannedOut: new Set(),
  toCome: new Set(),
  certificates: [{ name: 'a', source: { kind: 'csr', csr: '' } }],
  exclusive: true,
  containment: [],
  quarantine: ['quarantine'],
  rejectedBy: () => undefined,
  candidatesBeside: () => [],
};
const record = { name: 'a', certificateId: ID, activated: true };
const certificate: ObservedCertificate = {
  name: 'a',
  id: ID,
  facts: { arn: `arn:cert/${ID}`, status: 'ACTIVE', createdAt: 0 },
  policies: ['base'],
  attached: true,
  record,
  secret: undefined,
};
const observed: ObservedDevice = {
  thing: { arn: 'arn:thing', typeName: 'press', attributes: { site: 'ulm' }, version: 3 },
  thingId: 'id',
  certificates: [certificate],
  leftovers: [],
  groups: ['presses', 'site'],
  powerfulGroups: new Set(['site']),
  fieldsRead: new Set(),
  strangers: [],
  lifeline: undefined,
  lent: { kept: new Set<string>(), ended: new Set<string>() },
};
const status: DeviceStatus = {
  thingId: 'id',
  arn: 'arn:thing',
  policies: ['base'],
  groups: ['presses', 'site'],
  certificates: [record],
};

interface Case {
  readonly reason: string;
  readonly observed?: Partial<ObservedDevice>;
  readonly certificate?: Partial<ObservedCertificate>;
  readonly desired?: Partial<DesiredDevice>;
  readonly status?: DeviceStatus | undefined;
  readonly settled?: boolean;
  readonly expected: readonly (readonly [field: string, kind: string, cause: string, action: string | undefined])[];
}

const fresh: Partial<ObservedCertificate> = {
  id: undefined,
  facts: undefined,
  policies: [],
  attached: undefined,
  record: undefined,
};
const unborn: Partial<ObservedCertificate> = {
  facts: { arn: '', status: 'INACTIVE', createdAt: 0 },
  record: { name: 'a', certificateId: ID },
};
/** The group of the device is to get another policy, which its members get first. */
const lending: Partial<DesiredDevice> = {
  policies: [...desired.policies, { attach: 'coming', satisfiedBy: ['coming'] }],
  fannedOut: new Set(['coming']),
};
const cases: readonly Case[] = [
  { reason: 'nothing differs', expected: [] },
  {
    reason: 'a candidate of a rollout satisfies the reference',
    certificate: { policies: ['base@1234abcd'] },
    expected: [],
  },
  {
    reason: 'a new device: everything is to be made',
    observed: { thing: undefined, groups: [] },
    certificate: fresh,
    status: undefined,
    settled: false,
    expected: [
      ['thing', 'missing', 'spec', 'thing'],
      ['certificates[a]', 'missing', 'spec', 'certificate'],
      ['certificates[a].policies[base]', 'missing', 'spec', 'attachPolicy'],
      ['certificates[a].thing', 'missing', 'spec', 'attachThing'],
      ['certificates[a].status', 'missing', 'spec', 'activate'],
      ['groups[presses]', 'missing', 'spec', 'join'],
      ['groups[site]', 'missing', 'spec', 'join'],
    ],
  },
  {
    reason: 'a thing deleted outside takes its edges with it, and nobody contained anything by that',
    observed: { thing: undefined },
    expected: [
      ['thing', 'missing', 'drift', 'thing'],
      ['certificates[a].thing', 'missing', 'spec', 'attachThing'],
      ['groups[presses]', 'missing', 'spec', 'join'],
      ['groups[site]', 'missing', 'spec', 'join'],
    ],
  },
  {
    reason: 'a policy too many',
    certificate: { policies: ['base', 'star'] },
    expected: [['certificates[a].policies[star]', 'widened', 'drift', 'detachPolicy']],
  },
  {
    reason: 'what its group is to give, and does not give yet, is taken off no certificate',
    certificate: { policies: ['base', 'coming'] },
    desired: { toCome: new Set(['coming']) },
    status: { ...status, policies: ['base', 'coming'] },
    settled: false,
    expected: [],
  },
  {
    reason: 'but somebody else who puts it there is no group',
    certificate: { policies: ['base', 'coming'] },
    desired: { toCome: new Set(['coming']) },
    expected: [['certificates[a].policies[coming]', 'widened', 'drift', 'detachPolicy']],
  },
  {
    reason: 'a policy too many on additive attachments is only shown',
    certificate: { policies: ['base', 'star'] },
    desired: { exclusive: false },
    expected: [['certificates[a].policies[star]', 'widened', 'drift', undefined]],
  },
  {
    reason: 'two policies, ours removed by hand: noticed',
    certificate: { policies: ['other'] },
    expected: [
      ['certificates[a].policies[base]', 'narrowed', 'drift', 'attachPolicy'],
      ['certificates[a].policies[other]', 'widened', 'drift', 'detachPolicy'],
    ],
  },
  {
    reason: 'a default policy new to the account is a change of the spec, though the device itself did not change',
    desired: { policies: [...desired.policies, { attach: 'all', satisfiedBy: ['all'] }] },
    expected: [['certificates[a].policies[all]', 'missing', 'spec', 'attachPolicy']],
  },
  {
    reason: 'what its group is to get is no part of how a device begins',
    desired: lending,
    certificate: { ...unborn, policies: [] },
    settled: false,
    expected: [
      ['certificates[a].policies[base]', 'missing', 'spec', 'attachPolicy'],
      ['certificates[a].status', 'missing', 'spec', 'activate'],
    ],
  },
  {
    reason: 'what its group is to get comes to a device in use, by a rollout',
    desired: lending,
    expected: [['certificates[a].policies[coming]', 'missing', 'spec', 'attachPolicy']],
  },
  {
    reason: 'a certificate that may stay inactive for ever keeps its group from nothing',
    desired: { ...lending, certificates: [{ name: 'a', source: { kind: 'id', id: ID } }] },
    certificate: unborn,
    settled: false,
    expected: [
      ['certificates[a].policies[coming]', 'missing', 'spec', 'attachPolicy'],
      ['certificates[a].status', 'mitigation', 'drift', 'activate'],
    ],
  },
  {
    reason: 'out of a group with policies',
    observed: { groups: ['presses'] },
    expected: [['groups[site]', 'narrowed', 'drift', 'join']],
  },
  {
    reason: 'out of a group without policies',
    observed: { groups: ['site'] },
    expected: [['groups[presses]', 'missing', 'drift', 'join']],
  },
  {
    reason: 'into quarantine',
    observed: { groups: ['presses', 'quarantine', 'site'] },
    expected: [['groups[quarantine]', 'mitigation', 'drift', 'leave']],
  },
  {
    reason: 'into a group of others without policies: none of our business',
    observed: { groups: ['lab', 'presses', 'site'] },
    expected: [],
  },
  {
    reason: 'into a group of others that gives rights: shown, not ours to end',
    observed: { groups: ['lab', 'presses', 'site'], powerfulGroups: new Set(['lab']) },
    expected: [['groups[lab]', 'widened', 'drift', undefined]],
  },
  {
    reason: 'a group that left the spec is left',
    desired: { groups: ['site'] },
    settled: false,
    expected: [['groups[presses]', 'changed', 'spec', 'leave']],
  },
  {
    reason: 'deactivated by somebody',
    certificate: { facts: { arn: '', status: 'INACTIVE', createdAt: 0 } },
    expected: [['certificates[a].status', 'mitigation', 'drift', 'activate']],
  },
  {
    reason: 'not activated yet: our own unfinished work',
    certificate: { facts: { arn: '', status: 'INACTIVE', createdAt: 0 }, record: { name: 'a', certificateId: ID } },
    settled: false,
    expected: [['certificates[a].status', 'missing', 'spec', 'activate']],
  },
  {
    reason: 'deleted by somebody: a revocation, not undone',
    certificate: { facts: undefined },
    expected: [['certificates[a]', 'narrowed', 'drift', 'certificate']],
  },
  {
    reason: 'taken off its thing',
    certificate: { attached: false },
    expected: [['certificates[a].thing', 'narrowed', 'drift', 'attachThing']],
  },
  {
    reason: 'a certificate of somebody else on our thing',
    observed: { strangers: ['d'.repeat(64)] },
    expected: [['certificates[dddddddddddd…]', 'foreign', 'drift', undefined]],
  },
  {
    reason: 'a certificate that left the spec is retired',
    observed: { leftovers: [{ ...certificate, name: 'old' }] },
    expected: [['certificates[old]', 'changed', 'spec', 'retire']],
  },
  {
    reason: 'one brought by others that is inactive may be so on purpose',
    desired: { certificates: [{ name: 'a', source: { kind: 'id', id: ID } }] },
    certificate: { facts: { arn: '', status: 'INACTIVE', createdAt: 0 }, record: { name: 'a', certificateId: ID } },
    settled: false,
    expected: [['certificates[a].status', 'mitigation', 'drift', 'activate']],
  },
  {
    reason: 'attributes: changed, removed and added',
    observed: { thing: { arn: 'arn:thing', typeName: 'mill', attributes: { site: 'bonn', note: 'x' }, version: 4 } },
    expected: [
      ['thingType', 'changed', 'drift', 'thing'],
      ['attributes.site', 'changed', 'drift', 'thing'],
      ['attributes.note', 'changed', 'drift', 'thing'],
    ],
  },
  {
    reason: 'narrowed before and still so: an edit elsewhere in the spec does not give it back',
    observed: { groups: ['presses'] },
    status: {
      ...status,
      groups: ['presses'],
      drift: {
        class: 'narrowed',
        since: 't',
        total: 1,
        fields: [{ field: 'groups[site]', class: 'narrowed', want: 'member' }],
      },
    },
    settled: false,
    expected: [['groups[site]', 'narrowed', 'drift', 'join']],
  },
];

describe('a device as it should be against the device as AWS shows it', () => {
  test.each(cases)('$reason', (row) => {
    const before = 'status' in row ? row.status : status;
    const object = {
      metadata: { name: 'press-1' },
      spec: {},
      ...(before === undefined ? {} : { status: before }),
    } as unknown as Device;
    const changes = diffDevice({
      object,
      desired: { ...desired, ...row.desired },
      observed: { ...observed, certificates: [{ ...certificate, ...row.certificate }], ...row.observed },
      settled: row.settled ?? true,
      mark: 'mark',
    });
    expect(changes.map(({ field, class: kind, cause, action }) => [field, kind, cause, action?.kind])).toEqual(
      row.expected,
    );
  });

  test('whatever takes rights or changes a status is confirmed by a direct read first', () => {
    const changes = diffDevice({
      object: { metadata: { name: 'press-1' }, spec: {}, status } as unknown as Device,
      desired,
      observed: {
        ...observed,
        groups: ['quarantine', 'site'],
        certificates: [
          { ...certificate, policies: ['base', 'star'], facts: { arn: '', status: 'INACTIVE', createdAt: 0 } },
        ],
      },
      settled: true,
      mark: 'mark',
    });
    expect(changes.map(({ confirm }) => confirm)).toEqual([`policies:${ID}`, `status:${ID}`, 'groups', 'groups']);
  });
});
