import { describe, expect, test } from 'vitest';
import { getCondition, isReady, READY } from '../../../operator/api/conditions.ts';
import { KINDS } from '../../../operator/api/kinds.gen.ts';
import type { KubeObject } from '../../../operator/api/meta.ts';
import { iamAction, type OperationName } from '../../../operator/aws/operations.ts';
import { group, smallFleet } from '../../support/fleet.ts';
import { createFleet, type TestFleet } from '../../support/operator.ts';
import { CAUSES, type Cause, type Tree } from './sigkill-causes.ts';

const ID = 'subject';
const causes = Object.entries(CAUSES) as [OperationName, Cause][];

/** The fleet as the causes of the SIGKILL story see a tree of manifests. */
function treeOf(fleet: TestFleet): Tree & { done(): Promise<void> } {
  const pending: Promise<unknown>[] = [];
  return {
    iot: fleet.iot,
    put: (...objects) => void pending.push(fleet.apply(...objects)),
    drop: (kind, name) => void pending.push(fleet.store.delete({ kind, namespace: 'factory', name })),
    async settle() {
      await Promise.all(pending);
      await fleet.settleUntilReady();
    },
    async ago(ms, work) {
      await work();
      await fleet.advance(ms);
    },
    async done() {
      await Promise.all(pending);
      await fleet.drain();
    },
  };
}

async function objectsOf(fleet: TestFleet): Promise<readonly KubeObject[]> {
  const pages = await Promise.all(KINDS.map((kind) => fleet.store.list({ kind })));
  return pages.flatMap(({ items }) => items);
}

async function unready(fleet: TestFleet): Promise<readonly KubeObject[]> {
  return (await objectsOf(fleet)).filter((object) => !isReady(object));
}

const readyOf = (object: KubeObject | undefined) =>
  getCondition((object?.status as { conditions?: never[] } | undefined)?.conditions, READY);

describe('a call that AWS denies', () => {
  test.each(causes)(
    '%s: the condition names the action and the subject, nothing is let go, and it goes on when it is granted',
    async (operation, { before, cause }) => {
      await using fleet = await createFleet();
      const { sandbox, iot } = fleet;
      await iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
      await fleet.apply(...smallFleet(0), group('hall'), ...(before?.(ID) ?? []));
      await fleet.start();
      await fleet.settleUntilReady();

      const effect = { kind: 'error', name: 'AccessDeniedException', status: 403 } as const;
      const fault = sandbox.faults.add({ operation, effect });
      const tree = treeOf(fleet);
      await cause(ID, tree);
      await tree.done();
      await fleet.advance(20_000);

      const [stuck] = await unready(fleet);
      expect(readyOf(stuck)).toMatchObject({ reason: 'AccessDenied' });
      expect(readyOf(stuck)?.message).toContain(iamAction(operation));
      expect(readyOf(stuck)?.message).toContain(operation);
      expect(stuck?.metadata.name).toBe(ID);

      sandbox.faults.remove(fault);
      for (let minutes = 0; minutes < 5 && (await unready(fleet)).length > 0; minutes += 1) await fleet.advance(70_000);
      expect(await unready(fleet)).toEqual([]);
      expect(sandbox.ledger.entries({ accessKeyId: 'AKIDTEST', operation }).some(({ changed }) => changed)).toBe(true);
      const { things = [] } = await iot.listThings({});
      const devices = (await objectsOf(fleet)).filter(({ kind }) => kind === 'Device');
      expect(things.length, 'no thing is left over').toBe(devices.length);
      const { certificates = [] } = await iot.listCertificates({});
      expect(certificates.filter(({ status }) => status === 'ACTIVE').length, 'no certificate is left in use').toBe(
        devices.flatMap(({ spec }) => (spec as { certificates?: unknown[] }).certificates ?? []).length,
      );
    },
  );
});
