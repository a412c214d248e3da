import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { declaredNameOf } from '../../rollout/names.ts';
import type { Scope } from '../external/types.ts';
import type { DesiredPolicy } from './desired.ts';
import { declaredName } from './names.ts';

/**
 * Who carries the policy or any candidate of it, read now. That nobody does is what makes a creation the first one; a
 * status that says nothing does not, for a restore brings none.
 */
export async function readCarriers(scope: Scope<IoTPolicy>, desired: DesiredPolicy): Promise<readonly string[]> {
  const declared = declaredName(scope.object);
  const family = desired.stance.kind === 'free' ? await familyInAws(scope, declared) : [];
  const carriers: string[] = [];
  for (const policyName of new Set([declared, ...family])) {
    const { targets = [] } = (await ifFound(scope.call('ListTargetsForPolicy', { policyName, pageSize: 10 }))) ?? {};
    carriers.push(...targets);
  }
  return carriers;
}

/** Without any record of ours, candidates that certificates carry still stand for the policy. */
export async function readOrphans(scope: Scope<IoTPolicy>, desired: DesiredPolicy): Promise<readonly string[]> {
  const { status } = scope.object;
  if (scope.deps.rollouts === undefined) return [];
  const known = status?.awsNames;
  const { targets } = scope.session.snapshot;
  if (known !== undefined) {
    return known.filter((name) => !desired.names.includes(name) && targets.count(name) > 0);
  }
  const family = await familyInAws(scope, declaredName(scope.object));
  const carried: string[] = [];
  for (const policyName of family) {
    const listed = await ifFound(scope.call('ListTargetsForPolicy', { policyName, pageSize: 10 }));
    if ((listed?.targets ?? []).length > 0) carried.push(policyName);
  }
  return carried;
}

async function familyInAws(scope: Scope<IoTPolicy>, declared: string): Promise<readonly string[]> {
  const names: string[] = [];
  let marker: string | undefined;
  do {
    const page = await scope.call('ListPolicies', { pageSize: 250, ...(marker === undefined ? {} : { marker }) });
    names.push(...(page.policies ?? []).flatMap(({ policyName }) => policyName ?? []));
    marker = page.nextMarker || undefined;
  } while (marker !== undefined);
  return names.filter((name) => declaredNameOf(name) === declared);
}
