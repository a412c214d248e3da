import type { AWSAccount } from '../../api/awsaccount.gen.ts';
import type { Device, DeviceStatusRolloutChange } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { ThingType } from '../../api/thingtype.gen.ts';
import type { CallOptions } from '../../aws/port.ts';
import {
  compilePolicies,
  type PolicyDocument,
  type PolicyOptions,
  parsePolicy,
  withDefaults,
} from '../../policy/index.ts';
import {
  type AssetPolicies,
  brakeProblem,
  type Classification,
  classify,
  type DocumentChange,
  setsOf,
} from '../../rollout/classify.ts';
import type { Family } from '../../rollout/family.ts';
import { lifelineNeeds, lifelineViolations, mergeLifelines, type Need } from '../../rollout/lifeline.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import type { AccountSession } from '../awsaccount/accounts.ts';
import { thingName } from '../device/desired.ts';
import { CERTIFICATE_ID } from '../device/recover.ts';
import { partitionOf } from '../external/arn.ts';
import { pinsOf } from './asset-change.ts';
import { changeIn } from './asset-families.ts';
import { clientIds } from './asset-record.ts';
import { createReader, type Reader } from './documents.ts';

export interface AnalysisInput {
  readonly cache: Cache;
  readonly session: AccountSession;
  readonly options: CallOptions;
  readonly rollout: PolicyRollout;
  readonly families: readonly Family[];
  readonly devices: readonly Device[];
}

export interface Analysis {
  readonly classification: Classification;
  readonly brakeProblem: string | undefined;
  /** Every asset may do the same before and after. */
  readonly equal: boolean;
  /** Why the rollout must not start; undefined when it may. */
  readonly failure: { readonly reason: string; readonly why: string } | undefined;
}

/** AWS attaches this many policies to a certificate: https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const SLOTS = 10;

const NOTHING: Classification = {
  class: 'equivalent',
  addsDeny: false,
  uncertain: false,
  masked: false,
  gained: [],
  lost: [],
  assumptions: [],
};

/** The certificates of one asset, each with the names it carries itself, and what counts for it before and after. */
interface Holding {
  readonly device: Device;
  readonly certificateId: string;
  readonly own: readonly string[];
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly change: DeviceStatusRolloutChange | undefined;
}

/**
 * Everything that has to be known before anything moves: what the change does to the worst-off asset, and whether some
 * asset would lose what it must never lose. Sets of policies that are alike are compared once.
 */
export async function analyse(input: AnalysisInput): Promise<Analysis> {
  const reader = createReader(input.cache, input.session, input.options);
  const holdings = holdingsOf(input, reader);
  const refused = refusal(input, holdings);
  if (refused !== undefined)
    return { classification: NOTHING, brakeProblem: undefined, equal: false, failure: refused };
  const options = placeOf(input.session);
  const sets = new Map<string, Holding[]>();
  for (const holding of holdings) {
    const key = [holding.before.join(','), holding.after.join(','), holding.change?.digest ?? ''].join('|');
    sets.set(key, [...(sets.get(key) ?? []), holding]);
  }
  let worst = NOTHING;
  let brake: string | undefined;
  for (const alike of sets.values()) {
    const [first] = alike;
    if (first === undefined) continue;
    const split = await splitSet(input, reader, first);
    if (split === undefined) {
      const why = `a policy beside it on ${first.device.metadata.name} cannot be read; make its document readable or detach it`;
      return { classification: worst, brakeProblem: brake, equal: false, failure: { reason: 'InvalidDocument', why } };
    }
    worst = worse(worst, withFields(classify(split, options), first.change));
    brake ??= first.change === undefined ? brakeProblem(split, options) : CHANGES_BESIDE;
    const failure = lifelineFailure(input, split, alike, options);
    if (failure !== undefined) return { classification: worst, brakeProblem: brake, equal: false, failure };
  }
  const equal = isEqual(input, worst, sets.size);
  return { classification: worst, brakeProblem: brake, equal, failure: undefined };
}

const CHANGES_BESIDE = 'attachments, groups or the thing itself change too, which no default version can take back';

/** What a policy reads of the thing is no part of its document: what such a change does is not compared but assumed. */
function withFields(classification: Classification, change: DeviceStatusRolloutChange | undefined): Classification {
  const fields = change?.set ?? [];
  if (fields.length === 0) {
    const retires = change?.retire !== undefined && classification.class === 'equivalent';
    return retires ? { ...classification, class: 'tightens' } : classification;
  }
  const assumption = `policies read ${fields.join(', ')} of the thing, which changes`;
  const assumptions = [...classification.assumptions, assumption];
  return { ...classification, class: 'mixed', uncertain: true, addsDeny: true, assumptions };
}

/**
 * Nobody gains or loses anything, and that is certain. Of documents it is never said: what one policy gives up another may
 * keep today and lose tomorrow.
 */
function isEqual({ rollout }: AnalysisInput, found: Classification, compared: number): boolean {
  const alone = rollout.spec.policies.length === 0 && compared > 0;
  return alone && found.class === 'equivalent' && !found.uncertain && !found.addsDeny;
}

function holdingsOf({ session, devices, rollout }: AnalysisInput, reader: Reader): readonly Holding[] {
  const { targets, members } = session.snapshot;
  return devices.flatMap((device) => {
    const change = changeIn(rollout, device);
    const { attach = [], detach = [], join = [], leave = [], pins = [] } = change ?? {};
    const groups = members.at(thingName(device));
    const earlier = reader.inherited([...groups.filter((group) => !join.includes(group)), ...leave]);
    const later = reader.inherited([...groups.filter((group) => !leave.includes(group)), ...join]);
    return (device.status?.certificates ?? []).flatMap(({ certificateId }): readonly Holding[] => {
      if (certificateId === undefined) return [];
      const own = targets.at(certificateId);
      const but = (out: readonly string[]) => own.filter((name) => !out.includes(name) && !pins.includes(name));
      const sorted = (names: readonly string[]) => [...new Set(names)].sort();
      const before = sorted([...but(attach), ...detach, ...earlier]);
      const after = sorted([...but(detach), ...attach, ...later]);
      return [{ device, certificateId, own, before, after, change }];
    });
  });
}

/** What no strategy can get around. */
function refusal(
  { cache, session, families, devices }: AnalysisInput,
  holdings: readonly Holding[],
): Analysis['failure'] {
  const ours = new Set(holdings.map(({ certificateId }) => certificateId));
  for (const { declared, names } of families) {
    const targets = names.flatMap((name) => session.snapshot.targets.from(name));
    const group = targets.find((target) => target.startsWith('group:'));
    if (group !== undefined) {
      const why = `policy ${declared} is attached to thing group ${group.slice('group:'.length)}, whose members would all change at once; reference it from the Devices (policyRefs) instead, then detach it from the group`;
      return { reason: 'GroupTargets', why };
    }
    const foreign = targets.find((target) => !ours.has(target));
    if (foreign !== undefined) {
      const why = `policy ${declared} is attached to ${foreign.slice(0, 64)}, which no Device of this account manages; make a Device for it or detach it there`;
      return { reason: 'ForeignTargets', why };
    }
  }
  for (const { device, certificateId, own, change } of holdings) {
    const needed = new Set([
      ...families.map(({ candidate }) => candidate),
      ...(change?.attach ?? []),
      ...pinsOf({ cache, session }, device, change),
    ]);
    const more = [...needed].filter((name) => !own.includes(name)).length;
    if (own.length + more > SLOTS) {
      const why = `a certificate of ${device.metadata.name} carries ${own.length} of ${SLOTS} policies and needs ${more} more for a while; take one off`;
      return { reason: 'NoPolicySlot', why };
    }
    if (change?.retire !== undefined && !keepsOne(device, change.retire)) {
      const why = `${device.metadata.name} would be left without a certificate in use; give it another one and wait until it is active, or delete the Device`;
      return { reason: 'LastCertificate', why };
    }
    const sharing = cache.byIndex('Device', CERTIFICATE_ID, certificateId);
    if (sharing.length > 1 && devices.length > 1) {
      const why = `devices ${sharing
        .map(({ metadata }) => metadata.name)
        .slice(0, 5)
        .join(', ')} share one certificate, so they cannot move one by one; give each its own`;
      return { reason: 'SharedCertificate', why };
    }
  }
  return undefined;
}

function keepsOne({ status }: Device, retire: readonly string[]): boolean {
  return (status?.certificates ?? []).some(
    (c) => !retire.includes(c.name) && c.activated === true && c.status === 'ACTIVE',
  );
}

type Split = AssetPolicies;

async function splitSet(
  { rollout, families }: AnalysisInput,
  reader: Reader,
  holding: Holding,
): Promise<Split | undefined> {
  const ofFamily = new Map(families.flatMap((family) => family.names.map((name) => [name, family] as const)));
  const others: PolicyDocument[] = [];
  const changes: DocumentChange[] = [];
  const moving = new Map<Family, { before: boolean; after: boolean }>();
  for (const name of new Set([...holding.before, ...holding.after])) {
    const side = { before: holding.before.includes(name), after: holding.after.includes(name) };
    const family = ofFamily.get(name);
    if (family !== undefined) {
      const known = moving.get(family);
      moving.set(family, { before: side.before || known?.before === true, after: side.after || known?.after === true });
      continue;
    }
    const document = await reader.document(name);
    if (document === undefined) return undefined;
    if (side.before && side.after) others.push(document);
    else changes.push(side.before ? { before: document } : { after: document });
  }
  for (const [{ declared }, side] of moving) {
    const policy = rollout.spec.policies.find(({ policyName }) => policyName === declared);
    const before = policy === undefined ? undefined : parsePolicy(policy.baseline).document;
    const after = policy === undefined ? undefined : parsePolicy(policy.document).document;
    if (before === undefined || after === undefined) continue;
    changes.push({ ...(side.before ? { before } : {}), ...(side.after ? { after } : {}) });
  }
  return { changes, others };
}

const RANK = { equivalent: 0, widens: 1, tightens: 1, mixed: 2 } as const;

/** The worst of two: what one set wins and another loses is a mixed change of the whole. */
function worse(a: Classification, b: Classification): Classification {
  const both = RANK[a.class] === 1 && RANK[b.class] === 1 && a.class !== b.class;
  return {
    class: both ? 'mixed' : RANK[a.class] >= RANK[b.class] ? a.class : b.class,
    addsDeny: a.addsDeny || b.addsDeny,
    uncertain: a.uncertain || b.uncertain,
    masked: a.masked || b.masked,
    gained: [...a.gained, ...b.gained].slice(0, 5),
    lost: [...a.lost, ...b.lost].slice(0, 20),
    assumptions: [...new Set([...a.assumptions, ...b.assumptions])],
  };
}

function lifelineFailure(
  input: AnalysisInput,
  split: Split,
  alike: readonly Holding[],
  options: PolicyOptions,
): Analysis['failure'] {
  const sets = setsOf(split);
  const before = compilePolicies(sets.before, options);
  const after = compilePolicies(sets.after, options);
  for (const { device } of alike) {
    const [violation] = lifelineViolations(lifelineOf(input, device), before, after);
    if (violation === undefined) continue;
    const { purpose, request } = violation.need;
    const had = violation.allowedBefore ? 'would lose' : 'does not have, and would not get,';
    const why = `${device.metadata.name} ${had} what it must never lose (${purpose}: ${request.action} on ${request.resource}); allow it in the document, nobody can override this`;
    return { reason: 'LifelineViolation', why };
  }
  return undefined;
}

/** The lifeline of an asset for each of its client ids: account, type, device, and what its policies add. */
export function lifelineOf(
  { cache, session, rollout }: Pick<AnalysisInput, 'cache' | 'session' | 'rollout'>,
  device: Device,
): readonly Need[] {
  const { namespace = '' } = device.metadata;
  const get = (kind: string, name: string | undefined) =>
    name === undefined ? undefined : cache.get({ kind, namespace, name });
  const account = get('AWSAccount', device.spec.accountRef.name) as AWSAccount | undefined;
  const type = get('ThingType', device.spec.thingTypeRef?.name) as ThingType | undefined;
  const policies = rollout.spec.policies.map(({ name }) => get('IoTPolicy', name) as IoTPolicy | undefined);
  const lifeline = mergeLifelines([
    account?.spec.lifeline,
    type?.spec.lifeline,
    device.spec.lifeline,
    ...policies.map((policy) => policy?.spec.lifeline),
  ]);
  return clientIds(device).flatMap((pattern) => {
    const thing = thingName(device);
    const subject = {
      thingName: thing,
      clientId: exampleOf(pattern, thing),
      thingTypeName: type === undefined ? undefined : (type.spec.thingTypeName ?? type.metadata.name),
      attributes: device.spec.attributes ?? {},
      exclusive: false,
    };
    return lifelineNeeds(lifeline, subject, placeOf(session));
  });
}

/** A client id that the pattern stands for. */
function exampleOf(pattern: string, thing: string): string {
  return pattern
    .replaceAll(/\$\{iot:Connection\.Thing\.ThingName\}/gi, thing)
    .replaceAll('*', 'any')
    .replaceAll('?', 'x');
}

function placeOf({ accountId, region }: AccountSession): PolicyOptions {
  return withDefaults({ account: accountId, region, partition: partitionOf(region) });
}
