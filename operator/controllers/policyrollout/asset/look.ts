import type { Device, DeviceStatusRolloutChange } from '../../../api/device.gen.ts';
import { type AssetState, type CertificateEdges, inFlight } from '../../../rollout/types.ts';
import type { ObservedDevice } from '../../device/observe.ts';
import { readPolicies } from '../../device/reads.ts';
import type { Scope } from '../../external/types.ts';
import type { Directive } from '../service.ts';
import type { AssetView, Attempt, How } from './attempt.ts';
import { readEdges, recordable } from './change.ts';
import { edgesAt, others, readOthers, throughGroupsOfAll } from './unit.ts';

type Change = DeviceStatusRolloutChange;

/**
 * An asset in flight is read at least this often, whatever wakes it in between. Somebody who takes a policy from it, or a
 * denial that is put on it, is noticed within that time although the device says nothing; AWS takes minutes to apply such
 * an act. Bad news of the device needs no such read: it changes what is to be done, and that is never done unread.
 */
const READ_AGAIN_MS = 3 * 60_000;

/** Whether a look at the asset may begin with what is known. Nothing is, when this process has not read it yet. */
export function mayRecall(scope: Scope<Device>, view: AssetView, state: AssetState): boolean {
  if (!isWatched(state)) return state !== 'Queued';
  const left = nextReadIn(scope, view, state);
  return left !== undefined && left > 0;
}

/** When the asset has to be read again although nothing is due; undefined when the lists of the account will do. */
export function nextReadIn(scope: Scope<Device>, { observed }: AssetView, state: AssetState): number | undefined {
  if (!isWatched(state)) return undefined;
  const { targets } = scope.session.snapshot;
  const oldest = Math.min(...known(observed).map((id) => targets.seenAt(id) ?? Number.NEGATIVE_INFINITY));
  return Math.max(0, oldest + READ_AGAIN_MS - scope.deps.clock.monotonic());
}

function isWatched(state: AssetState): boolean {
  return inFlight(state) || state === 'Unrecovered';
}

/** What the asset carries, by certificates, switches and thing groups. */
export async function look(
  scope: Scope<Device>,
  { directive, view, how }: { readonly directive: Directive; readonly view: AssetView; readonly how: How },
): Promise<Pick<Attempt, 'certificates' | 'beside' | 'through'>> {
  const own = await certificatesOf(scope, view, how);
  const certificates = [...own, ...(await readOthers(scope, others(scope, directive), own))];
  if (certificates.length === 0) return { certificates };
  const beside = await besideDocuments(scope, { directive, view, certificates, how });
  return { certificates, beside, through: await throughGroupsOfAll(scope, directive, { desired: view.desired, how }) };
}

function known({ certificates, leftovers }: ObservedDevice): readonly string[] {
  return [...certificates, ...leftovers].flatMap(({ id, facts }) =>
    id === undefined || facts === undefined ? [] : id,
  );
}

/** Every certificate that the asset has, whatever its status. */
async function certificatesOf(
  scope: Scope<Device>,
  { observed }: AssetView,
  how: How,
): Promise<readonly CertificateEdges[]> {
  const { targets } = scope.session.snapshot;
  const { clock } = scope.deps;
  const edges: CertificateEdges[] = [];
  for (const id of known(observed)) {
    if (how === 'read') await readPolicies(scope, id);
    const ago = how === 'read' ? 0 : clock.monotonic() - (targets.seenAt(id) ?? Number.NEGATIVE_INFINITY);
    edges.push(edgesAt(scope, id, clock.now() - ago));
  }
  return edges;
}

/** Nothing of it is left on the way home: documents alone come home. */
async function besideDocuments(
  scope: Scope<Device>,
  {
    directive,
    view,
    certificates,
    how,
  }: {
    readonly directive: Directive;
    readonly view: AssetView;
    readonly certificates: readonly CertificateEdges[];
    readonly how: How;
  },
): Promise<Attempt['beside']> {
  const { change, direction, families } = directive;
  if (change === undefined || direction === 'home') return undefined;
  const { desired } = view;
  const record = scope.object.status?.rollout;
  const begun = record?.name === directive.rollout && record.state !== 'RolledBack' ? record.change : undefined;
  // Without a record, and on a candidate of this rollout: what is not there any more is what this one has taken.
  const isLost = record === undefined && families.some(({ candidate }) => isOn(certificates, candidate));
  const fresh = () =>
    recordable(scope, desired, direction === 'forward' && !isLost ? stillThere(change, certificates) : change);
  const known = begun !== undefined && begun.digest === change.digest ? begun : fresh();
  return { change: known, edges: await readEdges(scope, { desired, change: known, families, how }) };
}

/** What an earlier rollout has taken meanwhile is not taken by this one: it counts as nothing begun, and is not given back. */
function stillThere(change: Change, certificates: readonly CertificateEdges[]): Change {
  const { detach = [], ...rest } = change;
  const left = detach.filter((policy) => isOn(certificates, policy));
  return left.length === 0 ? rest : { ...rest, detach: left };
}

function isOn(certificates: readonly CertificateEdges[], policy: string): boolean {
  return certificates.some(({ attached }) => attached.has(policy));
}
