import type { Device, DeviceStatusCertificate, DeviceStatusLifeline } from '../../api/device.gen.ts';
import { type CertificateFacts, groupKey, type ThingFacts } from '../../aws/snapshot/facts.ts';
import { sleep } from '../../runtime/clock.ts';
import { throttled } from '../../runtime/errors.ts';
import { sameJson } from '../external/equal.ts';
import type { Scope } from '../external/types.ts';
import { lineOf } from '../policyrollout/policies/documents.ts';
import type { DesiredCertificate, DesiredDevice } from './desired.ts';
import { fieldsRead } from './fields-read.ts';
import { type SecretState, secretState } from './issued.ts';
import { type Lent, lentPolicies } from './lent.ts';
import { lifelineMemory } from './lifeline-memory.ts';
import { readThing } from './reads.ts';
import { recoverCertificates } from './recover.ts';

export interface ObservedCertificate {
  readonly name: string;
  readonly id: string | undefined;
  /** Undefined when AWS does not list it. */
  readonly facts: CertificateFacts | undefined;
  readonly policies: readonly string[];
  /** Undefined when the thing's certificates were not read since start and nothing tells. */
  readonly attached: boolean | undefined;
  /** What the status says; by it an interrupted creation is told from a change in AWS. */
  readonly record: DeviceStatusCertificate | undefined;
  /** Only of certificates whose key was made here. */
  readonly secret: SecretState | undefined;
}

export interface ObservedDevice {
  readonly thing: ThingFacts | undefined;
  readonly thingId: string | undefined;
  readonly certificates: readonly ObservedCertificate[];
  /** In status, no longer in the spec. */
  readonly leftovers: readonly ObservedCertificate[];
  readonly groups: readonly string[];
  /** Of all groups concerned, those that carry policies: leaving one takes rights away. */
  readonly powerfulGroups: ReadonlySet<string>;
  /** `thingType` and `attributes.<name>` where a policy of the asset reads them; asked only when one of them differs. */
  readonly fieldsRead: ReadonlySet<string>;
  /** Certificates on the thing that are none of ours; empty when not known. */
  readonly strangers: readonly string[];
  /** What a rollout put on the certificates for the sake of a thing group that changes. */
  readonly lent: Lent;
  /** What is remembered of the lifeline. */
  readonly lifeline: DeviceStatusLifeline | undefined;
}

const LOAD_WAIT_MS = 5_000;

/** Everything but interrupted and lost certificates comes from the snapshot: no call per device. */
export async function observeDevice(scope: Scope<Device>, desired: DesiredDevice): Promise<ObservedDevice> {
  await snapshotLoaded(scope);
  const { snapshot } = scope.session;
  if (snapshot.things.get(desired.thingName) !== undefined) await knowThing(scope, desired);
  const thing = snapshot.things.get(desired.thingName);
  const records = scope.object.status?.certificates ?? [];
  const secrets = await secretState(scope, desired);
  const certificates = desired.certificates.map((wanted) =>
    certificateView(scope, desired.thingName, {
      record: records.find(({ name }) => name === wanted.name),
      wanted,
      secret: secrets.get(wanted.name),
    }),
  );
  const names = new Set(desired.certificates.map(({ name }) => name));
  const leftovers = records
    .filter(({ name }) => !names.has(name))
    .map((record) => certificateView(scope, desired.thingName, { record, wanted: undefined, secret: undefined }));
  const groups = snapshot.members.at(desired.thingName);
  const known = new Set([...certificates, ...leftovers].map(({ id }) => id));
  return {
    thing,
    thingId: scope.notes.get('thingId') ?? scope.object.status?.thingId,
    certificates,
    leftovers,
    groups,
    powerfulGroups: new Set([...groups, ...desired.groups].filter((group) => isPowerful(scope, group))),
    fieldsRead: differs(desired, thing) ? await fieldsRead(scope, [...certificates, ...leftovers], groups) : NOTHING,
    lent: lentPolicies(scope, groups),
    lifeline: lifelineMemory(scope),
    strangers: (snapshot.principals.of(desired.thingName) ?? []).filter((id) => !known.has(id)),
  };
}

const NOTHING: ReadonlySet<string> = new Set();

/** Members have the policies of the group and of all groups above it. */
function isPowerful({ deps, session }: Scope<Device>, group: string): boolean {
  return lineOf(deps.cache, group).some((each) => session.snapshot.targets.at(groupKey(each)).length > 0);
}

function differs({ typeName, attributes }: DesiredDevice, thing: ThingFacts | undefined): boolean {
  if (thing === undefined) return false;
  return typeName !== thing.typeName || !sameJson(attributes, thing.attributes);
}

/** A large account takes minutes to read; a worker is not held for that. */
async function snapshotLoaded({ session, deps, options }: Scope<Device>): Promise<void> {
  if (session.snapshot.loaded) return;
  const loading = session.snapshot.load();
  // Whoever shares this read hears of its failure; without waiting for it here, nobody else would.
  loading.catch(() => undefined);
  await Promise.race([loading, sleep(deps.clock, LOAD_WAIT_MS, options.signal)]);
  if (!session.snapshot.loaded) throw throttled('The account is being read for the first time', LOAD_WAIT_MS);
}

/** A thing we have no record of: read it once, and find its certificates again. */
async function knowThing(scope: Scope<Device>, desired: DesiredDevice): Promise<void> {
  if (scope.object.status?.thingId !== undefined || scope.notes.has('created')) return;
  if (!scope.notes.has('thingId')) await readThing(scope);
  await recoverCertificates(scope, desired);
}

interface CertificateQuestion {
  readonly record: DeviceStatusCertificate | undefined;
  readonly wanted: DesiredCertificate | undefined;
  readonly secret: SecretState | undefined;
}

function certificateView(scope: Scope<Device>, thing: string, question: CertificateQuestion): ObservedCertificate {
  const { record, wanted, secret } = question;
  const { snapshot } = scope.session;
  const source = wanted?.source;
  const id =
    source?.kind === 'id' ? source.id : (record?.certificateId ?? (source?.kind === 'pem' ? source.id : undefined));
  const principals = snapshot.principals.of(thing);
  const known = scope.object.status?.thingId;
  const same = known !== undefined && (scope.notes.get('thingId') ?? known) === known;
  const name = wanted?.name ?? record?.name ?? '';
  return {
    name,
    id,
    facts: id === undefined ? undefined : snapshot.certificates.get(id),
    policies: id === undefined ? [] : snapshot.targets.at(id),
    // Activation comes last, so an activated certificate was attached; the rolling check finds out if it no longer is.
    attached:
      id !== undefined && principals !== undefined
        ? principals.includes(id)
        : (record?.activated === true && same) || undefined,
    record,
    secret,
  };
}
