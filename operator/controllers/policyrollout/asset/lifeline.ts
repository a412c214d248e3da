import type { AWSAccount } from '../../../api/awsaccount.gen.ts';
import type { Device, DeviceLifeline } from '../../../api/device.gen.ts';
import type { IoTPolicy } from '../../../api/iotpolicy.gen.ts';
import type { ThingType } from '../../../api/thingtype.gen.ts';
import { globOf, matches, type PolicyOptions, withDefaults } from '../../../policy/index.ts';
import { type LifelineSubject, lifelineNeeds, mergeLifelines, type Need } from '../../../rollout/lifeline.ts';
import { rememberedFor } from '../../../rollout/lifeline-memory.ts';
import type { Cache } from '../../../runtime/reconciler.ts';
import type { AccountSession } from '../../awsaccount/accounts.ts';
import { thingName } from '../../device/desired.ts';
import { partitionOf } from '../../external/arn.ts';
import { clientIds } from './record.ts';

interface LifelineInput {
  readonly cache: Cache;
  readonly session: Pick<AccountSession, 'accountId' | 'region'>;
  /** The IoTPolicies that may add to it. */
  readonly rollout: PolicyList;
}

interface PolicyList {
  /** When the rollout was made; without it what counts is what is remembered now. */
  readonly metadata?: { readonly creationTimestamp?: string };
  readonly spec: { readonly policies: readonly { readonly name: string }[] };
}

/** Changes whenever an object changes that may add to the lifelines of the Devices of this type. */
export function lifelineVersion({ cache, rollout }: LifelineInput, device: Device): string {
  return sourcesOf(cache, rollout, device)
    .map((object) => `${object?.metadata.uid}@${object?.metadata.generation}`)
    .join(' ');
}

function sourcesOf(
  cache: Cache,
  rollout: PolicyList,
  { metadata, spec }: Device,
): readonly (AWSAccount | ThingType | IoTPolicy | undefined)[] {
  const { namespace = '' } = metadata;
  const get = (kind: string, name: string | undefined) =>
    name === undefined ? undefined : cache.get({ kind, namespace, name });
  return [
    get('AWSAccount', spec.accountRef.name) as AWSAccount | undefined,
    get('ThingType', spec.thingTypeRef?.name) as ThingType | undefined,
    ...rollout.spec.policies.map(({ name }) => get('IoTPolicy', name) as IoTPolicy | undefined),
  ];
}

/** The lifeline of an asset for each of its client ids: account, type, device, and what its policies add. */
export function lifelineOf(
  { cache, session, rollout }: LifelineInput,
  device: Device,
  certificateId?: string,
): readonly Need[] {
  const others = sourcesOf(cache, rollout, device).map((object) => object?.spec.lifeline);
  const lifeline = mergeLifelines([...others, device.spec.lifeline]);
  const remembered = rememberedFor(device.status?.lifeline, rollout.metadata?.creationTimestamp);
  const declared = clientIds(device);
  // Under a pattern no thing is known; under the thing name it is, and policies may say something else.
  const ownName = declared.some((one) => matches(globOf(one), thingName(device))) ? [thingName(device)] : [];
  return [...new Set([...declared, ...ownName])].flatMap((pattern) => {
    const subject = subjectOf(cache, device, { clientId: pattern, certificateId });
    const needs = lifelineNeeds(lifeline, subject, placeOf(session));
    const known = new Set(needs.map(keyOf));
    const more = remembered.flatMap((each) => lifelineNeeds(each, subject, placeOf(session)));
    const kept = more.filter((need) => !known.has(keyOf(need)));
    return [...needs, ...kept.map((need): Need => ({ ...need, remembered: true }))];
  });
}

function keyOf({ request, requirement }: Need): string {
  return JSON.stringify([request, requirement]);
}

/** What the specs ask for at this moment: account, type, device, and all policies that it refers to. */
export function lifelineNow({ cache }: Pick<LifelineInput, 'cache'>, device: Device): DeviceLifeline {
  const { namespace = '' } = device.metadata;
  const account = cache.get({ kind: 'AWSAccount', namespace, name: device.spec.accountRef.name }) as
    | AWSAccount
    | undefined;
  const policies = [...(device.spec.policyRefs ?? []), ...(account?.spec.defaultPolicyRefs ?? [])];
  const sources = sourcesOf(cache, { spec: { policies } }, device);
  return mergeLifelines([...sources.map((object) => object?.spec.lifeline), device.spec.lifeline]);
}

/** What AWS knows of the asset when it connects under this client id. */
export function subjectOf(
  cache: Cache,
  device: Device,
  { clientId, certificateId }: { readonly clientId: string; readonly certificateId?: string | undefined },
): LifelineSubject {
  const { namespace = '' } = device.metadata;
  const name = device.spec.thingTypeRef?.name;
  const type =
    name === undefined ? undefined : (cache.get({ kind: 'ThingType', namespace, name }) as ThingType | undefined);
  return {
    thingName: thingName(device),
    clientId,
    thingTypeName: type === undefined ? undefined : (type.spec.thingTypeName ?? type.metadata.name),
    attributes: device.spec.attributes ?? {},
    exclusive: false,
    certificateId,
  };
}

/** Where ARNs of the account point to. */
export function placeOf({ accountId, region }: LifelineInput['session']): PolicyOptions {
  return withDefaults({ account: accountId, region, partition: partitionOf(region) });
}
