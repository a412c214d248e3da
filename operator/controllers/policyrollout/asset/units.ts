import type { Device } from '../../../api/device.gen.ts';
import { type AssetSummary, thingsByGroup } from '../../../rollout/rollout.ts';
import type { Strategy } from '../../../rollout/strategy.ts';
import { leadOf, type Told, unitProblem, unitsAmong } from '../../../rollout/unit.ts';
import { keyText, objectKey } from '../../../runtime/controller/keys.ts';
import type { Pauser } from '../../../runtime/pauser.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import { CERTIFICATE_ID } from '../../device/recover.ts';
import type { AssetIdentity } from '../gates/signals.ts';
import { assetIdentity, assetState } from './record.ts';

/** Devices that move as one because they share certificates. */
export interface Unit {
  /** The one that carries out the calls comes first, then the others by name. */
  readonly members: readonly Device[];
  /** Those that share and are no asset of the rollout; see `sharedRefusal`. */
  readonly outsiders: readonly Device[];
}

/** By name of each Device that shares a certificate. */
export type Units = ReadonlyMap<string, Unit>;

/** The units among the assets of a rollout. A Device that shares with nobody is in none. */
export async function unitsOf(
  cache: Cache,
  devices: readonly Device[],
  { rollout, pauser }: { readonly rollout: string; readonly pauser: Pauser },
): Promise<Units> {
  const sharing = await sharersAround(cache, devices, pauser);
  const units = new Map<string, Unit>();
  if (sharing.size === 0) return units;
  const assets = new Set(devices.map(idOf));
  const things = [...sharing].map(([id, device]) => ({ id, certificates: certificateIds(device) }));
  for (const ids of unitsAmong(things)) {
    const all = ids.flatMap((id) => sharing.get(id) ?? []);
    const own = all.filter((device) => assets.has(idOf(device)));
    if (own.length === 0) continue;
    const lead = leadOf(own.map((device) => told(device, rollout)));
    const members = own.toSorted((a, b) => Number(b.metadata.name === lead) - Number(a.metadata.name === lead));
    const unit = { members, outsiders: all.filter((device) => !assets.has(idOf(device))) };
    for (const { metadata } of own) units.set(metadata.name, unit);
  }
  return units;
}

/** Assets that share certificates, and whoever shares with them, directly or through others. */
async function sharersAround(
  cache: Cache,
  devices: readonly Device[],
  pauser: Pauser,
): Promise<ReadonlyMap<string, Device>> {
  const found = new Map<string, Device>();
  const queue: Device[] = [];
  const add = (device: Device): void => {
    if (found.has(idOf(device))) return;
    found.set(idOf(device), device);
    queue.push(device);
  };
  const addSharers = ({ status }: Device): void => {
    for (const { certificateId } of status?.certificates ?? []) {
      if (certificateId === undefined) continue;
      const all = cache.byIndex('Device', CERTIFICATE_ID, certificateId) as readonly Device[];
      if (all.length > 1) for (const each of all) add(each);
    }
  };
  for (const device of devices) {
    if (pauser.isDue()) await pauser.pause();
    addSharers(device);
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) addSharers(next);
  return found;
}

function idOf(device: Device): string {
  return keyText(objectKey(device));
}

export function certificateIds({ status }: Device): readonly string[] {
  return (status?.certificates ?? []).flatMap(({ certificateId }) => certificateId ?? []);
}

function told(device: Device, rollout: string): Told {
  const { name } = device.metadata;
  const record = device.status?.rollout;
  const lead = record?.unit?.[0];
  return {
    id: name,
    state: assetState(device, rollout),
    own: lead === undefined || lead === name,
    ...(record?.name === rollout ? { leadBefore: lead } : {}),
  };
}

/** Whether the Device only follows what the first of its unit does. */
export function isLed({ metadata }: Device, unit: readonly string[] | undefined): boolean {
  return unit !== undefined && unit[0] !== metadata.name;
}

/** Under what AWS knows a unit: every name and every certificate of it. For one Device, its own. */
export function unitIdentity(members: readonly Device[], account: string): AssetIdentity {
  const [first, ...others] = members.map((device) => assetIdentity(device, account));
  if (first === undefined) throw new Error('a unit has things');
  if (others.length === 0) return first;
  const names = others.flatMap(({ clientIds, thingName: thing }) => [
    ...clientIds,
    ...(thing === undefined ? [] : [thing]),
  ]);
  return {
    ...first,
    clientIds: [...new Set([...first.clientIds, ...names])],
    certificates: [...new Set([first, ...others].flatMap(({ certificates = [] }) => certificates))],
  };
}

/** The Devices whose record says that they move with this one, itself first. */
export function recordedUnit(cache: Cache, device: Device): readonly Device[] {
  const { namespace = '', name } = device.metadata;
  const others = (device.status?.rollout?.unit ?? []).filter((other) => other !== name);
  return [
    device,
    ...others.flatMap((other) => (cache.get({ kind: 'Device', namespace, name: other }) as Device) ?? []),
  ];
}

/** The first unit that is larger than the strategy allows. */
export function tooLarge(assets: readonly AssetSummary[], { maxInFlight, budgets }: Strategy): string | undefined {
  for (const asset of assets) {
    if (asset.unit === undefined) continue;
    const sites = budgets.map((_, index) => thingsByGroup(asset, index));
    const problem = unitProblem(asset.unit.members, { maxInFlight, budgets, sites });
    if (problem !== undefined) return problem;
  }
  return undefined;
}
