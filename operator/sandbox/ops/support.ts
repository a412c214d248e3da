import type { CallContext } from '../context.ts';
import { awsError, invalid } from '../errors.ts';
import { IDENTITY, type Identity } from '../state/identity.ts';
import { REGISTRY, type Registry } from '../state/registry.ts';
import { TAGS } from '../state/tags.ts';

export const registryOf = (context: CallContext): Registry => context.slice(REGISTRY);
export const identityOf = (context: CallContext): Identity => context.slice(IDENTITY);

/** Optimistic locking as AWS does it: checked only when the caller gave a version. */
export function checkVersion(expected: number | undefined, actual: number, what: string): void {
  if (expected !== undefined && expected !== actual) {
    throw awsError('VersionConflictException', `The version for ${what} does not match the expected version.`);
  }
}

type GivenTag = { readonly Key?: string | undefined; readonly Value?: string | undefined };

export function tagPairs(tags: readonly GivenTag[] | undefined): [string, string][] {
  return (tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']);
}

/** Whether a repeated create names the tags that are there; they count only by the switch. */
export function sameTags(context: CallContext, arn: string, tags: readonly GivenTag[] | undefined): boolean {
  if (!context.world.switches.tagsInIdempotence) return true;
  return sameRecord(Object.fromEntries(context.slice(TAGS).of(arn)), Object.fromEntries(tagPairs(tags)));
}

/** Refuses tags before anything is made. */
export function checkNewTags(tags: readonly GivenTag[] | undefined): void {
  if (tags?.length) checkTags(tagPairs(tags), 0);
}

export function tagAtCreate(context: CallContext, arn: string, tags: readonly GivenTag[] | undefined): void {
  if (!tags?.length) return;
  checkTags(tagPairs(tags), 0);
  context.slice(TAGS).put(arn, tagPairs(tags));
}

/** At most 50 tags; keys of AWS itself are reserved. */
export function checkTags(pairs: readonly (readonly [string, string])[], existing: number): void {
  const keys = new Set(pairs.map(([key]) => key));
  if (keys.size < pairs.length) throw invalid('Tag keys must be unique.');
  if (pairs.some(([key]) => key.toLowerCase().startsWith('aws:'))) {
    throw invalid('Tag keys that start with aws: are reserved.');
  }
  if (existing + keys.size > 50) throw invalid('A resource can have at most 50 tags.');
}

/** Equal maps of text, whatever their order. */
export function sameRecord(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

/** Members that are undefined are left out, as the output types and AWS have it. */
export function compact<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
