import { userInfo } from 'node:os';
import { KINDS } from '../../api/kinds.gen.ts';
import type { KubeObject } from '../../api/meta.ts';
import { formatVerbValue, VERB_PREFIX } from '../../rollout/verbs.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { Runnable } from '../../runtime/manager/runnable.ts';
import { type Requested, type RequestInbox, requestInbox } from '../../runtime/store/local/requests.ts';
import { type Store, StoreError } from '../../runtime/store.ts';

/** What a verb asks for, as the command line lays it into the state folder. Without a user: the file's owner is the user. */
export interface AskedVerb {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The part of the annotation behind the prefix, for example `pause`. */
  readonly verb: string;
  /** Revision, act or policy that the verb is about. */
  readonly subject?: string;
  readonly remark?: string;
  /** Takes the annotation away instead of setting it. */
  readonly lift?: boolean;
}

export interface RequestRunnerOptions {
  readonly folder: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

const LOOK_EVERY_MS = 300;
const OWNER = 'fleetward-verbs';

/** Carries requests of the state folder into the store, as annotations: the rest is what a cluster does as well. */
export function requestRunner(options: RequestRunnerOptions): Runnable {
  return {
    name: 'requests',
    async run(stop) {
      const inbox = requestInbox(options.folder);
      while (!stop.aborted) {
        for (const request of waiting(inbox, options.log)) await answer(inbox, request, options);
        await sleep(options.clock, LOOK_EVERY_MS, stop).catch(() => undefined);
      }
    },
  };
}

function waiting(inbox: RequestInbox, log: Logger): readonly Requested[] {
  try {
    return inbox.waiting();
  } catch (err) {
    log.warn('Failing to read the requests of the state folder', { err });
    return [];
  }
}

async function answer(inbox: RequestInbox, request: Requested, { store, log }: RequestRunnerOptions): Promise<void> {
  const user = userOf(request.uid);
  const asked = readVerb(request.content);
  if (asked === undefined) return inbox.refuse(request.token, 'the request is not one of this version of Fleetward');
  if (user === undefined) {
    return inbox.refuse(request.token, `user ${request.uid} is neither the operator’s own nor root`);
  }
  const key = { kind: asked.kind, namespace: asked.namespace, name: asked.name };
  try {
    const object = await store.get(key);
    if (object === undefined || object.metadata.uid !== asked.uid) {
      return inbox.refuse(request.token, `${asked.kind} ${asked.name} is gone, or another one has its name now`);
    }
    const value = formatVerbValue({ token: request.token, subject: asked.subject, remark: asked.remark, user });
    await store.apply(annotated(object, asked, value), { owner: OWNER });
    log.info('Taking a verb', { object: key, verb: asked.verb, user, token: request.token });
  } catch (error) {
    if (error instanceof RangeError) return inbox.refuse(request.token, error.message);
    if (error instanceof StoreError && error.code === 'invalid') return inbox.refuse(request.token, error.message);
    // A full disk, for example: the request stays and is tried again.
    log.warn('Failing to take a verb', { object: key, verb: asked.verb, err: error });
    return;
  }
  inbox.done(request.token);
}

/** Every annotation of ours is named, or the store would take the others away. */
function annotated(object: KubeObject, { verb, lift }: AskedVerb, value: string): KubeObject {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace = '', uid = '', annotations = {} } = metadata;
  const verbs = Object.fromEntries(Object.entries(annotations).filter(([key]) => key.startsWith(VERB_PREFIX)));
  const { [VERB_PREFIX + verb]: _before, ...others } = verbs;
  const wanted = lift === true ? others : { ...others, [VERB_PREFIX + verb]: value };
  return { apiVersion, kind, metadata: { name, namespace, uid, annotations: wanted } } as KubeObject;
}

/** The operating system says who wrote the file; a name inside it would be anybody's. */
function userOf(uid: number): string | undefined {
  if (uid === process.getuid?.()) return ownName(uid);
  return uid === 0 ? 'root' : undefined;
}

function ownName(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    // A container's user need not be in its passwd file.
    return `uid-${uid}`;
  }
}

function readVerb(content: unknown): AskedVerb | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const { kind, namespace, name, uid, verb, subject, remark, lift } = content as Partial<Record<string, unknown>>;
  const texts = [kind, namespace, name, uid, verb];
  if (!texts.every((text) => typeof text === 'string') || !(KINDS as readonly unknown[]).includes(kind))
    return undefined;
  if (!/^[a-z-]{1,32}$/.test(String(verb))) return undefined;
  const optional = (value: unknown) => value === undefined || typeof value === 'string';
  if (!optional(subject) || !optional(remark) || (lift !== undefined && typeof lift !== 'boolean')) return undefined;
  return content as AskedVerb;
}
