import { describe, expect, test } from 'vitest';
import { group, policy, profile, smallFleet } from '../../support/fleet.ts';
import { createFleet } from '../../support/operator.ts';

describe('a fleet from nothing', () => {
  test('becomes Ready, with one certificate per device, attached, in its group and active', async () => {
    await using fleet = await createFleet();
    await fleet.apply(...smallFleet(3), profile('watch', { targets: [{ kind: 'ThingGroup', name: 'presses' }] }));
    await fleet.start();
    await fleet.settleUntilReady();
    const counts = fleet.sandbox.ledger.counts();
    expect(counts).toMatchObject({
      CreateThing: 3,
      CreateCertificateFromCsr: 3,
      AttachPolicy: 3,
      UpdateCertificate: 3,
    });
  });

  test('references resolve in any order of creation', async () => {
    await using fleet = await createFleet();
    await fleet.start();
    for (const object of [...smallFleet(2)].reverse()) await fleet.apply(object);
    await fleet.settleUntilReady();
    expect(fleet.sandbox.ledger.count({ operation: 'CreateThing', outcome: 'ok' })).toBe(2);
  });

  test('nested groups and a group policy', async () => {
    await using fleet = await createFleet();
    await fleet.apply(...smallFleet(1), group('site', { attributes: { city: 'Ulm' } }), policy('extra'));
    await fleet.apply(group('hall', { parentRef: { name: 'site' }, policyRefs: [{ name: 'extra' }] }));
    await fleet.start();
    await fleet.settleUntilReady();
  });
});
