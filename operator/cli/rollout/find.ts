import type { KubeObject } from '../../api/meta.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { nearest } from '../../api/validation/nearest.ts';
import { CommandError, Exit } from '../exit.ts';
import type { FleetAccess } from './access.ts';

const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Aborted', 'Superseded']);

export function hasEnded({ status }: PolicyRollout): boolean {
  return ENDED.has(status?.phase ?? '');
}

/** Newest first. */
export async function rolloutsIn(access: FleetAccess): Promise<readonly PolicyRollout[]> {
  const all = (await access.list('PolicyRollout')) as readonly PolicyRollout[];
  const made = ({ metadata }: PolicyRollout) => metadata.creationTimestamp ?? '';
  return [...all].sort((a, b) => {
    if (made(a) !== made(b)) return made(a) < made(b) ? 1 : -1;
    return (b.spec.attempt ?? 1) - (a.spec.attempt ?? 1);
  });
}

/** By its name, or the newest one of an IoTPolicy of that name; without a name the only one that is under way. */
export async function findRollout(access: FleetAccess, name: string | undefined): Promise<PolicyRollout> {
  const all = await rolloutsIn(access);
  if (name === undefined) {
    const open = all.filter((rollout) => !hasEnded(rollout));
    const [only] = open;
    if (only !== undefined && open.length === 1) return only;
    const names = open.map(({ metadata }) => metadata.name).join(', ');
    throw new CommandError(
      open.length === 0 ? `No rollout is under way in ${access.place}` : `Name one of the rollouts under way: ${names}`,
      Exit.bad,
    );
  }
  const exact = all.filter(({ metadata }) => metadata.name === name);
  const found =
    exact.length > 0 ? exact : all.filter(({ spec }) => spec.policies.some((policy) => policy.name === name));
  return unique(found, 'PolicyRollout', name, { access, names: all.map(({ metadata }) => metadata.name) });
}

/** One object of another kind, by name. */
export async function findObject(access: FleetAccess, kind: string, name: string): Promise<KubeObject> {
  const all = await access.list(kind);
  const found = all.filter(({ metadata }) => metadata.name === name);
  return unique(found, kind, name, { access, names: all.map(({ metadata }) => metadata.name) });
}

function unique<T extends KubeObject>(
  found: readonly T[],
  kind: string,
  name: string,
  { access, names }: { readonly access: FleetAccess; readonly names: readonly string[] },
): T {
  const namespaces = [...new Set(found.map(({ metadata }) => metadata.namespace))];
  const [first] = found;
  if (namespaces.length > 1) {
    throw new CommandError(`${kind} ${name} is in ${namespaces.join(' and ')}: say which with --namespace`, Exit.bad);
  }
  if (first !== undefined) return first;
  const guess = nearest(name, [...names]);
  const hint = guess === undefined ? '' : `; did you mean ${guess}?`;
  const where = access.namespace === undefined ? '' : ` in namespace ${access.namespace}`;
  throw new CommandError(`There is no ${kind} "${name}"${where} of ${access.place}${hint}`, Exit.bad);
}
