import type { Device, DeviceStatusRolloutChange } from '../../api/device.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { CallOptions } from '../../aws/port.ts';
import { keys, type PolicySet } from '../../policy/index.ts';
import { type Classification, worse } from '../../rollout/classify.ts';
import type { Family } from '../../rollout/family.ts';
import { lifelineViolations, type Violation } from '../../rollout/lifeline.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createPauser, type Pauser } from '../../runtime/pauser.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import type { AccountSession } from '../awsaccount/accounts.ts';
import { thingName } from '../device/desired.ts';
import { declaredName, policyNamesFor } from '../iotpolicy/names.ts';
import { pinsOf } from './asset/change.ts';
import { splitSet } from './asset/documents.ts';
import { borrowedFamilies, changeIn, inheritedNames, referencedPolicies } from './asset/families.ts';
import { lifelineOf, lifelineVersion, placeOf } from './asset/lifeline.ts';
import { clientIds } from './asset/record.ts';
import type { Units } from './asset/units.ts';
import { foreignTarget } from './foreign.ts';
import { groupRefusal } from './groups/refusal.ts';
import type { GroupsView } from './groups/targets.ts';
import { alikeAmong, type Holding, type NamesBeside, namesBeside } from './holding.ts';
import { type ComparedSet, createComparer, type PassMemory } from './pass-memory.ts';
import { createReader, type Reader } from './policies/documents.ts';
import { sharedRefusal } from './shared.ts';

export interface AnalysisInput {
  readonly cache: Cache;
  readonly session: AccountSession;
  readonly options: CallOptions;
  readonly rollout: PolicyRollout;
  readonly families: readonly Family[];
  readonly devices: readonly Device[];
  /** Those among them that share certificates. */
  readonly units: Units;
  readonly groups: GroupsView;
  readonly memory: PassMemory;
  readonly clock: Clock;
  readonly now: number;
}

export interface Analysis {
  readonly classification: Classification;
  readonly brakeProblem: string | undefined;
  /** Every asset may do the same before and after. */
  readonly equal: boolean;
  /** Why the rollout must not start; undefined when it may. */
  readonly failure: { readonly reason: string; readonly why: string } | undefined;
  /**
   * By name: Devices that somebody has taken a policy from, and with it a part of their lifeline, and why. They stay where they
   * are; the others need not wait for them.
   */
  readonly aside: ReadonlyMap<string, string>;
  /** By name of the Device, for each of its certificates, as far as it was compared. */
  readonly policies: ReadonlyMap<string, readonly CertificatePolicies[]>;
}

/** All that a certificate may do before the change and after it; certificates with the same policies share the sets. */
export interface CertificatePolicies extends NamesBeside {
  readonly certificateId: string;
  readonly before: PolicySet;
  readonly after: PolicySet;
  readonly change: Classification;
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
  incomplete: [],
  assumptions: [],
};

/**
 * Everything that has to be known before anything moves: what the change does to the worst-off asset, and whether some
 * asset would lose what it must never lose. Sets of policies that are alike are compared once.
 */
export async function analyse(input: AnalysisInput): Promise<Analysis> {
  const reader = createReader(input);
  const pauser = createPauser(input.clock, input.options.signal);
  const holdings = await holdingsOf(input, reader, pauser);
  const refused = await refusal(input, holdings, pauser);
  const policies = new Map<string, CertificatePolicies[]>();
  const aside = new Map<string, string>();
  const found = { classification: NOTHING, brakeProblem: undefined, equal: false, aside, policies };
  if (refused !== undefined) return { ...found, failure: refused };
  const compared = createComparer(input.memory, placeOf(input.session));
  let worst = NOTHING;
  let brake: string | undefined;
  const sets = await alikeAmong(holdings, pauser);
  for (const alike of sets) {
    const [first] = alike;
    if (first === undefined) continue;
    if (pauser.isDue()) await pauser.pause();
    const split = await splitSet({ ...input, reader }, first);
    if (split === undefined) {
      const why = `a policy beside it on ${first.device.metadata.name} cannot be read; make its document readable or detach it`;
      return { ...found, classification: worst, brakeProblem: brake, failure: { reason: 'InvalidDocument', why } };
    }
    const set = compared(split);
    const change = withFields(set.change, first.change);
    worst = worse(worst, change);
    // It lasts for a while and is consented to; what the asset ends with is compared by the other lines.
    if (first.applies === 'spread') continue;
    brake ??= first.change === undefined ? set.brakeProblem : CHANGES_BESIDE;
    const shared = { before: set.before, after: set.after, change, ...namesBeside(input.families, first) };
    for (const { device, certificateId } of alike) {
      if (pauser.isDue()) await pauser.pause();
      const { name } = device.metadata;
      policies.set(name, [...(policies.get(name) ?? []), { certificateId, ...shared }]);
    }
    const failure = await lifelineFailure(input, set, { alike, aside, pauser });
    if (failure !== undefined) return { ...found, classification: worst, brakeProblem: brake, failure };
  }
  const equal = isEqual(input, worst, sets.length);
  const [first] = aside.size === input.devices.length ? aside.values() : [];
  const failure = first === undefined ? undefined : { reason: 'LifelineViolation', why: first };
  return { classification: worst, brakeProblem: brake, equal, failure, aside, policies };
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

async function holdingsOf(
  { cache, session, devices, rollout, families, groups: { targets: carrying } }: AnalysisInput,
  reader: Reader,
  pauser: Pauser,
): Promise<readonly Holding[]> {
  const { targets, members } = session.snapshot;
  const holdings: Holding[] = [];
  for (const device of devices) {
    if (pauser.isDue()) await pauser.pause();
    const change = changeIn(rollout, device);
    const { attach = [], detach = [], join = [], leave = [], pins = [] } = change ?? {};
    const groups = members.at(thingName(device));
    const earlier = reader.inherited([...groups.filter((group) => !join.includes(group)), ...leave]);
    const later = reader.inherited([...groups.filter((group) => !leave.includes(group)), ...join]);
    // What groups give counts only under the thing's name; what certificates give always does.
    const named = { earlier, later, applies: 'thing' } as const;
    const bare = { earlier: [], later: [], applies: 'others' } as const;
    const foreign = carrying.length === 0 ? [] : borrowedFamilies({ cache, session }, device, families);
    const borrowed = foreign.map(({ declared }) => declared);
    const spreads = { earlier: [], later: borrowed, applies: 'spread' } as const;
    const others = borrowed.length === 0 ? [bare] : [bare, spreads];
    const lines = hasOtherIds(device) ? [named, ...others] : [{ ...named, applies: 'all' } as const];
    const lent = new Set(foreign.flatMap(({ names }) => names));
    for (const line of lines) {
      for (const { certificateId } of device.status?.certificates ?? []) {
        if (certificateId === undefined) continue;
        const own = targets.at(certificateId);
        if (change === undefined && foreign.length === 0 && line.earlier.length + line.later.length === 0) {
          // Most of a large fleet: what counts is what is attached, which the lists have sorted and share.
          const direct = { before: own, after: own };
          const { applies } = line;
          holdings.push({ device, certificateId, own, before: own, after: own, direct, change, applies, borrowed });
          continue;
        }
        // What a rollout lent to the certificates is no right of their own, before, meanwhile and afterwards.
        const ours = own.filter((name) => !lent.has(name));
        const but = (out: readonly string[]) => ours.filter((name) => !out.includes(name) && !pins.includes(name));
        const sorted = (names: readonly string[]) => [...new Set(names)].sort();
        // Under the declared client ids a policy that the group gives already is nothing new on the certificate.
        const given: readonly string[] = line.earlier;
        const fannedOut = attach.filter((name) => given.includes(name));
        const direct = {
          before: sorted([...but(attach), ...detach, ...fannedOut]),
          after: sorted([...but(detach), ...attach, ...(line.applies === 'spread' ? borrowed : [])]),
        };
        const before = sorted([...direct.before, ...line.earlier]);
        const after = sorted([...direct.after, ...line.later]);
        const { applies } = line;
        holdings.push({ device, certificateId, own, before, after, direct, change, applies, borrowed });
      }
    }
  }
  return holdings;
}

function hasOtherIds(device: Device): boolean {
  return clientIds(device).some((id) => id !== thingName(device));
}

/** What no strategy can get around. */
async function refusal(
  input: AnalysisInput,
  holdings: readonly Holding[],
  pauser: Pauser,
): Promise<Analysis['failure']> {
  const { cache, session, families } = input;
  const ofGroups = groupRefusal(input);
  if (ofGroups !== undefined) return ofGroups;
  const ours = new Set<string>();
  for (const { certificateId } of holdings) {
    if (pauser.isDue()) await pauser.pause();
    ours.add(certificateId);
  }
  const foreign = await foreignTarget(input, ours, pauser);
  if (foreign !== undefined) return foreign;
  const shared = sharedRefusal(input);
  if (shared !== undefined) return shared;
  for (const { device, own, change, borrowed } of holdings) {
    if (pauser.isDue()) await pauser.pause();
    const needed = new Set([
      ...borrowed,
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
  }
  return undefined;
}

function keepsOne({ status }: Device, retire: readonly string[]): boolean {
  return (status?.certificates ?? []).some(
    (c) => !retire.includes(c.name) && c.activated === true && c.status === 'ACTIVE',
  );
}

function violationText({ metadata, status }: Device, { need, allowedBefore, unproven }: Violation): string {
  const { purpose, request, remembered } = need;
  const had = allowedBefore ? 'would lose' : 'does not have, and would not get,';
  const what =
    unproven === true
      ? `nothing proves that ${metadata.name} would keep all of what it must never lose (${purpose}: ${request.action} on names like ${request.resource}); name exact topics and client ids in the lifeline, or write the documents with fewer variables and patterns`
      : `${metadata.name} ${had} what it must never lose (${purpose}: ${request.action} on ${request.resource})`;
  if (remembered !== true)
    return unproven === true ? what : `${what}; allow it in the document, nobody can override this`;
  const digest = status?.lifeline?.digest;
  const approval =
    digest === undefined
      ? 'its removal was approved after this rollout was made: retry it'
      : `approve its removal (shrink-lifeline of ${digest} on the Device, or in Git its spec.approvedLifelineRemoval: ${digest}), then retry`;
  return `${what}; the specs no longer ask for it, which counts for revisions that come after its approval. Allow it in the document, or ${approval}`;
}

/** Each asset is compared under its own names, once: until its object, its lifeline or a document changes. */
async function lifelineFailure(
  input: AnalysisInput,
  { before, after, digest }: ComparedSet,
  {
    alike,
    aside,
    pauser,
  }: { readonly alike: readonly Holding[]; readonly aside: Map<string, string>; readonly pauser: Pauser },
): Promise<Analysis['failure']> {
  const { lifelines } = input.memory;
  const sources = new Map<string, string>();
  for (const { device, certificateId, applies, own } of alike) {
    if (pauser.isDue()) await pauser.pause();
    const type = device.spec.thingTypeRef?.name ?? '';
    const source = sources.get(type) ?? lifelineVersion(input, device);
    sources.set(type, source);
    const id = `${device.metadata.uid}/${certificateId}/${applies}`;
    const { kept, before: earlier, since } = device.status?.lifeline ?? {};
    const version = [digest, source, device.metadata.generation, kept, earlier, since].join(' ');
    if (lifelines.get(id) === version) continue;
    // Who contains a device takes its lifeline on purpose; it does not move, and stops nobody else.
    if (device.status?.held !== undefined) continue;
    const needs = lifelineOf(input, device, certificateId).filter(({ request }) => {
      const underThing = request.context[keys.clientId] === thingName(device);
      return applies === 'all' || underThing === (applies === 'thing');
    });
    const [violation] = lifelineViolations(needs, before, after);
    if (violation === undefined) {
      lifelines.set(id, version);
      continue;
    }
    const taken = violation.allowedBefore ? undefined : takenFrom(input, device, own);
    if (taken === undefined || aside.size >= MOST_ASIDE)
      return { reason: 'LifelineViolation', why: violationText(device, violation) };
    aside.set(device.metadata.name, takenText(device, violation, taken));
  }
  return undefined;
}

/** More than this are no single acts of others: somebody should look before anything moves. */
const MOST_ASIDE = 100;

/** A policy that the Device refers to and that no name of is on its certificate, nor comes through a group of its. */
function takenFrom({ cache, session }: AnalysisInput, device: Device, own: readonly string[]): string | undefined {
  const has = new Set([...own, ...inheritedNames({ cache, session }, device)]);
  const missing = referencedPolicies(cache, device).find(
    (policy) => !policyNamesFor(policy).satisfiedBy.some((name) => has.has(name)),
  );
  return missing === undefined ? undefined : declaredName(missing);
}

function takenText({ metadata }: Device, { need: { purpose, request } }: Violation, policy: string): string {
  const what = `${purpose}: ${request.action} on ${request.resource}`;
  return `${metadata.name} stands aside: policy ${policy}, which it refers to, is not on its certificate, so that it does not have what it must never lose (${what}). Put the policy back, as driftPolicy Correct does, or skip the device`;
}
