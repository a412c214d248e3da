import type { Device } from '../../../api/device.gen.ts';
import type { Family } from '../../../rollout/family.ts';
import { type AssetSummary, membersOf } from '../../../rollout/rollout.ts';
import { createPauser } from '../../../runtime/pauser.ts';
import { type CarriedNames, splitSet } from '../asset/documents.ts';
import { carriedNames, familiesAt, inheritedNames } from '../asset/families.ts';
import { placeOf } from '../asset/lifeline.ts';
import { createBrakeComparer } from '../pass-memory.ts';
import type { Start } from '../start.ts';
import { createReader, type Reader } from './documents.ts';

interface QuarantineInput {
  readonly start: Start;
  readonly assets: readonly AssetSummary[];
  readonly families: readonly Family[];
  readonly now: number;
}

/**
 * Why the brake would undo a quarantine, so that assets have to go back by attachment. It stays in use where the held asset,
 * under the document of before, could do nothing that it cannot do now.
 */
export async function quarantineAmong(input: QuarantineInput): Promise<string | undefined> {
  const { start, assets, now } = input;
  const { deps, key, rollout, session } = start;
  const { namespace = '', name } = rollout.metadata;
  const options = { priority: start.context.priority, signal: start.context.signal };
  const memory = deps.rollouts.memory(key);
  const reader = createReader({ cache: deps.cache, session, options, memory, now });
  const widens = createBrakeComparer(memory, placeOf(session));
  const pauser = createPauser(deps.clock, start.context.signal);
  for (const id of assets.filter(({ held }) => held).flatMap(membersOf)) {
    const device = deps.cache.get({ kind: 'Device', namespace, name: id }) as Device | undefined;
    if (device?.status?.held === undefined) continue;
    const names = new Set([
      ...carriedNames(session, device),
      ...inheritedNames({ cache: deps.cache, session }, device),
    ]);
    // A list may not show yet what was attached a moment ago; the record does.
    const begun = device.status.rollout?.name === name && device.status.rollout.state !== 'RolledBack';
    if (!begun && !input.families.some(({ candidate }) => names.has(candidate))) continue;
    if (pauser.isDue()) await pauser.pause();
    if (await mayFree(input, device, { reader, widens }))
      return `device ${id} carries it and is held by a security act, under which the document of before would allow more than the new one`;
  }
  return undefined;
}

/** Whether the brake could give some certificate of the device, under any client id, what it does not have now. */
async function mayFree(
  input: QuarantineInput,
  device: Device,
  { reader, widens }: { readonly reader: Reader; readonly widens: ReturnType<typeof createBrakeComparer> },
): Promise<boolean> {
  const { rollout } = input.start;
  for (const { certificateId, status } of device.status?.certificates ?? []) {
    // Nobody connects with one that is out of use, whatever it carries.
    if (certificateId === undefined || (status !== undefined && status !== 'ACTIVE')) continue;
    const set = await splitSet({ rollout, families: input.families, reader }, meanwhile(input, device, certificateId));
    if (set === undefined || widens(set)) return true;
  }
  return false;
}

/**
 * What counts for a certificate from now until after the flip. That the policy of before may still be on it is left out: it
 * would make less of what the flip gives.
 */
function meanwhile(
  { start: { deps, rollout, session }, families }: QuarantineInput,
  device: Device,
  certificateId: string,
): CarriedNames {
  const where = { cache: deps.cache, session };
  const direct = session.snapshot.targets.at(certificateId);
  const inherited = inheritedNames(where, device);
  const shown = new Set([...direct, ...inherited]);
  const own = familiesAt(where, device, { rollout, families });
  const hidden = own.filter(({ names }) => !names.some((each) => shown.has(each)));
  const on = [...direct, ...hidden.map(({ candidate }) => candidate)];
  const all = [...new Set([...on, ...inherited])].sort();
  return { before: all, after: all, direct: { before: on, after: on } };
}
