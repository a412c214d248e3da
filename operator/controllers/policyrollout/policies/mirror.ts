import type { Device } from '../../../api/device.gen.ts';
import type { PolicyRolloutChange } from '../../../api/policyrollout.gen.ts';
import { hasReason, ifFound } from '../../../aws/classify.ts';
import { standsFor } from '../../../rollout/names.ts';
import { arnOf } from '../../external/arn.ts';
import { carriedNames, changeIn } from '../asset/families.ts';
import { policiesIn } from '../revision.ts';
import type { Start } from '../start.ts';
import type { Candidates } from './candidates.ts';
import { RETRY_ANNOTATION, STATE_TAG } from './tags.ts';

/** On the declared policy: eight digits of each document that was tried and went back, newest last. */
const REJECTED_TAG = 'fleetward.dev/rejected';
/** The same of changes of Devices, on the policies and thing groups that they are about. */
const REJECTED_CHANGES_TAG = 'fleetward.dev/rejected-changes';
/** A tag's value holds 256 characters. */
const KEPT = 20;

type Tags = readonly Partial<Record<'Key' | 'Value', string | undefined>>[];
export type Mirrored = 'proven' | 'rejected';

/** What the tags of a policy say of documents that went back. */
export function rejectedIn(tags: Tags): readonly string[] {
  return digestsIn(tags, REJECTED_TAG);
}

function digestsIn(tags: Tags, key: string): readonly string[] {
  const value = tags.find(({ Key }) => Key === key)?.Value ?? '';
  return value.split('.').filter((digest) => digest !== '');
}

export interface Mirror {
  readonly start: Start;
  readonly candidates: Candidates;
  readonly devices: readonly Device[];
}

/**
 * Beside our own status, which a restore may lose: what went back is not tried again because nobody remembers, and what was
 * proven since is. Written when an abort begins, too, so that one that is interrupted goes on. An endpoint without tags
 * keeps none.
 */
export async function mirrorVerdict(mirror: Mirror, verdict: Mirrored): Promise<void> {
  const { start, candidates } = mirror;
  const { spec } = start.rollout;
  for (const { policyName, candidateName, digest } of spec.policies) {
    const declared = await policyArn(candidates, policyName);
    if (declared !== undefined) await remember(candidates, declared, { key: REJECTED_TAG, digest, verdict });
    const candidate = await policyArn(candidates, candidateName);
    if (candidate !== undefined) await retag(candidates, candidate, () => ({ Key: STATE_TAG, Value: verdict }));
  }
  for (const change of spec.changes ?? []) {
    for (const resourceArn of anchorsOf(mirror, change)) {
      await remember(candidates, resourceArn, { key: REJECTED_CHANGES_TAG, digest: change.digest, verdict });
    }
  }
}

/**
 * What AWS remembers of a rollout that nobody here has begun: its candidate tells of this very try, the other tags of the
 * document or the change, which is why they count for a first try alone.
 */
export async function mirroredVerdict(mirror: Mirror): Promise<Mirrored | undefined> {
  const { start, candidates } = mirror;
  const { spec } = start.rollout;
  const isFirst = (spec.attempt ?? 1) === 1;
  const states: (string | undefined)[] = [];
  for (const { name, policyName, candidateName, digest } of spec.policies) {
    const state = (await tagsOf(candidates, await policyArn(candidates, candidateName))).find(
      ({ Key }) => Key === STATE_TAG,
    )?.Value;
    if (state === 'rejected') return 'rejected';
    states.push(state);
    if (!isFirst || state !== undefined || isAskedAgain(start, name, digest)) continue;
    const rejected = rejectedIn(await tagsOf(candidates, await policyArn(candidates, policyName)));
    if (rejected.includes(digest.slice(0, 8))) return 'rejected';
  }
  for (const change of isFirst ? (spec.changes ?? []) : []) {
    for (const resourceArn of anchorsOf(mirror, change)) {
      const rejected = digestsIn(await tagsOf(candidates, resourceArn), REJECTED_CHANGES_TAG);
      if (rejected.includes(change.digest.slice(0, 8))) return 'rejected';
    }
  }
  return states.length > 0 && states.every((state) => state === 'proven') ? 'proven' : undefined;
}

/** A person who has nothing left to retry but the document says so on the IoTPolicy. */
function isAskedAgain({ deps, rollout }: Start, name: string, digest: string): boolean {
  const policy = policiesIn(deps.cache, rollout).find(({ metadata }) => metadata.name === name);
  return policy?.metadata.annotations?.[RETRY_ANNOTATION] === digest.slice(0, 8);
}

/**
 * Things and certificates take no tags. A change is remembered on what it is about: its policies and groups, or, where it
 * names none, on the policies that the first of its devices carries.
 */
function anchorsOf(
  { start, devices }: Mirror,
  { digest, attach = [], detach = [], join = [], leave = [] }: PolicyRolloutChange,
): readonly string[] {
  const { session, rollout } = start;
  const groups = [...join, ...leave].map((group) => arnOf(session, `thinggroup/${group}`));
  const named = [...attach, ...detach];
  const first = devices.find((device) => changeIn(rollout, device)?.digest === digest);
  const carried = groups.length + named.length > 0 || first === undefined ? [] : [...carriedNames(session, first)];
  const policies = new Set([...named, ...carried].map(standsFor));
  return [...[...policies].sort().map((name) => arnOf(session, `policy/${name}`)), ...groups];
}

interface Remembered {
  readonly key: string;
  readonly digest: string;
  readonly verdict: Mirrored;
}

async function remember(
  candidates: Candidates,
  resourceArn: string,
  { key, digest, verdict }: Remembered,
): Promise<void> {
  await retag(candidates, resourceArn, (tags) => {
    const others = digestsIn(tags, key).filter((each) => each !== digest.slice(0, 8));
    const after = verdict === 'rejected' ? [...others, digest.slice(0, 8)].slice(-KEPT) : others;
    return { Key: key, Value: after.join('.') };
  });
}

async function retag(
  candidates: Candidates,
  resourceArn: string,
  make: (tags: Tags) => { readonly Key: string; readonly Value: string },
): Promise<void> {
  const { port, options } = candidates;
  try {
    const { tags = [] } = (await ifFound(port.call('ListTagsForResource', { resourceArn }, options))) ?? {};
    const tag = make(tags);
    if ((tags.find(({ Key }) => Key === tag.Key)?.Value ?? '') === tag.Value) return;
    await ifFound(port.call('TagResource', { resourceArn, tags: [tag] }, options));
  } catch (thrown) {
    if (!hasReason(thrown, 'Unsupported')) throw thrown;
  }
}

async function tagsOf({ port, options }: Candidates, resourceArn: string | undefined): Promise<Tags> {
  if (resourceArn === undefined) return [];
  try {
    return (await ifFound(port.call('ListTagsForResource', { resourceArn }, options)))?.tags ?? [];
  } catch (thrown) {
    if (hasReason(thrown, 'Unsupported')) return [];
    throw thrown;
  }
}

async function policyArn({ port, options }: Candidates, policyName: string): Promise<string | undefined> {
  return (await ifFound(port.call('GetPolicy', { policyName }, options)))?.policyArn;
}
