import { describe, expect, test } from 'vitest';
import { csr, device } from '../../support/fleet.ts';
import { annotate, grants, NARROW, type RolloutFleet, rolloutFleet, WIDE } from './support.ts';

const MUTATING = ['AttachPolicy', 'DetachPolicy', 'SetDefaultPolicyVersion'];

function moves(fleet: RolloutFleet): number {
  return MUTATING.reduce((sum, operation) => sum + fleet.sandbox.ledger.count({ operation, outcome: 'ok' }), 0);
}

async function targetOf(fleet: RolloutFleet, name: string): Promise<string> {
  const { status } = (await fleet.get('Device', name)) as { status?: { certificates?: readonly { arn?: string }[] } };
  return status?.certificates?.[0]?.arn ?? '';
}

describe('what cannot be carried out is refused before anything moves', () => {
  test('a certificate without a free place is refused before anything moves', async () => {
    await using fleet = await rolloutFleet(1);
    const target = await targetOf(fleet, 'press-1');
    const policyDocument = JSON.stringify(grants('other/*'));
    const names = Array.from({ length: 9 }, (_, i) => `other-${i}`);
    for (const policyName of names) await fleet.aws.send('CreatePolicy', { policyName, policyDocument });
    // The device is not exclusive: what others attach stays, and takes the places that the change needs.
    const { spec } = await fleet.get('Device', 'press-1');
    await fleet.apply(device('press-1', { ...(spec as object), attachments: 'Additive' }));
    await fleet.live(1);
    for (const policyName of names) await fleet.aws.send('AttachPolicy', { policyName, target });
    const before = moves(fleet);
    await fleet.change(NARROW);
    await fleet.live(15);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'NoPolicySlot' });
    expect(moves(fleet)).toBe(before);
  });

  test('a certificate that nobody declares carries the policy: nothing is taken from anybody', async () => {
    await using fleet = await rolloutFleet(1);
    const request = { certificateSigningRequest: csr('stranger'), setAsActive: true };
    const { certificateArn = '' } = await fleet.aws.send('CreateCertificateFromCsr', request);
    await fleet.aws.send('AttachPolicy', { policyName: 'base', target: certificateArn });
    await fleet.live(6);
    await fleet.change(NARROW);
    await fleet.live(20);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Pending', reason: 'ForeignTargets' });
    expect(await fleet.attached('press-1')).toContain('base');
    expect(fleet.sandbox.ledger.count({ operation: 'DetachPolicy' })).toBe(0);
  });

  test('a document that AWS would not take is refused before anything moves', async () => {
    await using fleet = await rolloutFleet(1);
    const before = moves(fleet);
    const long = grants(...Array.from({ length: 60 }, (_, i) => `telemetry/${String(i).padStart(40, '0')}/*`));
    await fleet.change(long).catch(() => undefined);
    await fleet.live(6);
    expect(moves(fleet)).toBe(before);
    expect(await fleet.attached('press-1')).toEqual(['base']);
    const { policyDocument = '' } = await fleet.aws.send('GetPolicy', { policyName: 'base' });
    expect(JSON.parse(policyDocument)).toEqual(WIDE);
  });

  test('a strategy that can never finish is refused with the field that makes it so', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW, {
      type: 'Waves',
      waves: [{ count: 1, bake: '1m' }],
      settleTime: '10m',
      progressDeadline: '5m',
    });
    await fleet.live(3);
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'Pending', reason: 'InvalidStrategy' });
    expect(status?.message).toContain('strategy.progressDeadline');
    expect(await fleet.attached('press-1')).toEqual(['base']);
    // Put right, it is followed: a refusal that names its remedy must be one that can be ended by it.
    await fleet.change(NARROW);
    await fleet.live(3);
    expect((await fleet.rollout()).status).toMatchObject({ phase: 'Progressing' });
    expect((await fleet.store.list({ kind: 'PolicyRollout' })).items).toHaveLength(2);
  });
});

describe('annotations that nobody can carry out', () => {
  test.each([
    ['an unknown verb', 'faster', (revision: string) => `t1@${revision} by kim`, 'UnknownVerb'],
    ['another revision', 'approve', () => 't1@00000000 by kim', 'StaleRevision'],
    ['no user', 'abort', (revision: string) => `t1@${revision}`, 'InvalidVerb'],
  ])('%s is named, and changes nothing', async (_what, verb, value, reason) => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(grants('telemetry/*', 'debug/*', 'extra/*'));
    await fleet.live(2);
    const { metadata, spec } = await fleet.rollout();
    await annotate(fleet, 'PolicyRollout', metadata.name, { [`rollout.fleetward.dev/${verb}`]: value(spec.revision) });
    await fleet.live(2);
    const { status } = await fleet.rollout();
    expect(status).toMatchObject({ phase: 'AwaitingApproval' });
    expect(status?.refused?.map((each) => each.reason)).toContain(reason);
  });
});

describe('time', () => {
  test('a clock set back makes nothing settle early', async () => {
    await using fleet = await rolloutFleet(1);
    await fleet.change(NARROW);
    await fleet.live(6);
    fleet.clock.adjust(-60 * 60_000);
    await fleet.live(3);
    expect(await fleet.attached('press-1')).toEqual(['base', expect.stringMatching(/^base@/)]);
  });
});
