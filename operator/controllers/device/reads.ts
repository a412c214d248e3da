import type { Device } from '../../api/device.gen.ts';
import { hasReason, ifFound } from '../../aws/classify.ts';
import { certificateIdOf } from '../../aws/snapshot/facts.ts';
import { certificateArn } from '../external/arn.ts';
import type { Scope } from '../external/types.ts';
import { thingName } from './desired.ts';

/** Direct reads: what a corrective write rests on. Each puts its answer into the snapshot, where `observe` finds it. */
export async function confirmDevice(scope: Scope<Device>, facts: ReadonlySet<string>): Promise<void> {
  const all = facts.has('*');
  // A thing that was deleted and made again has lost its groups and certificates with the old one; its id tells.
  if (all || ['thing', 'groups', 'principals'].some((fact) => facts.has(fact))) await readThing(scope);
  if (all || facts.has('groups')) await readGroups(scope);
  if (all || facts.has('principals')) await readPrincipals(scope);
  const ids = all ? (scope.object.status?.certificates ?? []).flatMap(({ certificateId }) => certificateId ?? []) : [];
  const named = (prefix: string) => [...facts].filter((f) => f.startsWith(prefix)).map((f) => f.slice(prefix.length));
  for (const id of [...ids, ...named('status:')]) await readCertificate(scope, id);
  for (const id of [...ids, ...named('policies:')]) await readPolicies(scope, id);
}

export async function readThing(scope: Scope<Device>): Promise<void> {
  const name = thingName(scope.object);
  const found = await ifFound(scope.call('DescribeThing', { thingName: name }));
  const { things } = scope.session.snapshot;
  if (found === undefined) {
    things.saw(name, undefined);
    return;
  }
  const { thingArn = '', thingTypeName: typeName, attributes = {}, version = 0, thingId } = found;
  things.saw(name, { arn: thingArn, typeName, attributes, version });
  if (thingId === undefined) return;
  const before = scope.object.status?.thingId;
  if (before !== undefined && before !== thingId) {
    const message = `Thing ${name} was deleted and made again outside of this operator: its id was ${before} and is ${thingId}`;
    scope.deps.events.record(scope.object, { type: 'Warning', reason: 'ThingReplaced', message });
  }
  scope.notes.set('thingId', thingId);
}

export async function readGroups(scope: Scope<Device>): Promise<void> {
  const name = thingName(scope.object);
  const { thingGroups = [] } = (await ifFound(
    scope.call('ListThingGroupsForThing', { thingName: name, maxResults: 250 }),
  )) ?? { thingGroups: [] };
  scope.session.snapshot.members.saw(
    name,
    thingGroups.flatMap(({ groupName }) => groupName ?? []),
  );
}

export async function readCertificate(scope: Scope<Device>, id: string): Promise<void> {
  const found = await ifFound(scope.call('DescribeCertificate', { certificateId: id }));
  const description = found?.certificateDescription;
  scope.session.snapshot.certificates.saw(
    id,
    description === undefined
      ? undefined
      : {
          arn: description.certificateArn ?? '',
          status: description.status ?? 'UNKNOWN',
          createdAt: description.creationDate?.getTime() ?? 0,
        },
  );
}

export async function readPolicies(scope: Scope<Device>, id: string): Promise<void> {
  const target = certificateArn(scope.session, id);
  const found = await ifFound(scope.call('ListAttachedPolicies', { target, recursive: false, pageSize: 250 }));
  scope.session.snapshot.targets.saw(
    id,
    (found?.policies ?? []).flatMap(({ policyName }) => policyName ?? []),
  );
}

/** Which certificates the thing has. The newer call is preferred; some endpoints only know the older one. */
export async function readPrincipals(scope: Scope<Device>): Promise<readonly string[]> {
  const name = thingName(scope.object);
  const ids: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await principalPage(scope, name, nextToken);
    ids.push(...page.principals.map(certificateIdOf));
    nextToken = page.next;
  } while (nextToken !== undefined);
  scope.session.snapshot.principals.saw(name, ids);
  return ids;
}

async function principalPage(scope: Scope<Device>, name: string, token: string | undefined) {
  const input = { thingName: name, maxResults: 250, ...(token === undefined ? {} : { nextToken: token }) };
  try {
    const page = await scope.call('ListThingPrincipalsV2', input);
    const principals = (page.thingPrincipalObjects ?? []).flatMap(({ principal }) => principal ?? []);
    return { principals, next: page.nextToken || undefined };
  } catch (thrown) {
    if (hasReason(thrown, 'NotFound')) return { principals: [], next: undefined };
    if (!hasReason(thrown, 'Unsupported')) throw thrown;
    const page = await scope.call('ListThingPrincipals', input);
    return { principals: page.principals ?? [], next: page.nextToken || undefined };
  }
}
