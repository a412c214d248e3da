import type { Device } from '../../api/device.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { groupKey } from '../../aws/snapshot/facts.ts';
import type { Scope } from '../external/types.ts';
import { lineOf } from '../policyrollout/policies/documents.ts';

/** https://docs.aws.amazon.com/iot/latest/developerguide/thing-policy-variables.html */
const VARIABLE = /iot:Connection\.Thing\.(?:(ThingTypeName)|Attributes\[([^\]]+)\])/gi;

/**
 * Fields of the thing that a policy of the asset reads, its own and inherited ones: changing such a field changes rights.
 * A document that cannot be read may read everything.
 */
export async function fieldsRead(
  scope: Scope<Device>,
  certificates: readonly { readonly policies: readonly string[] }[],
  groups: readonly string[],
): Promise<ReadonlySet<string>> {
  const { targets } = scope.session.snapshot;
  const inherited = groups.flatMap((group) => lineOf(scope.deps.cache, group)).flatMap((g) => targets.at(groupKey(g)));
  const fields = new Set<string>();
  for (const policyName of new Set([...certificates.flatMap(({ policies }) => policies), ...inherited])) {
    const { policyDocument } = (await ifFound(scope.call('GetPolicy', { policyName }))) ?? {};
    for (const field of fieldsIn(policyDocument ?? '')) fields.add(field);
  }
  return fields;
}

/** Names of policy variables are case-insensitive, those of attributes are not. */
export function fieldsIn(document: string): readonly string[] {
  return [...document.matchAll(VARIABLE)].map(([, type, name]) =>
    type === undefined ? `attributes.${name ?? ''}` : 'thingType',
  );
}
