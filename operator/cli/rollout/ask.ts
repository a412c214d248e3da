import { randomBytes } from 'node:crypto';
import type { Device } from '../../api/device.gen.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { VERB_PREFIX } from '../../rollout/verbs.ts';
import { sleep, systemClock } from '../../runtime/clock.ts';
import { CommandError, Exit } from '../exit.ts';
import type { CliIo } from '../io.ts';
import type { AskedVerb } from '../operator/requests.ts';
import type { FleetAccess } from './access.ts';

export interface Ask {
  readonly object: KubeObject;
  readonly verb: string;
  readonly subject?: string | undefined;
  readonly remark?: string | undefined;
  readonly lift?: boolean;
  readonly token: string;
  /** How long to wait for the answer; 0 for not at all. */
  readonly waitMs: number;
}

export type Answer =
  | { readonly kind: 'done'; readonly object: KubeObject }
  | { readonly kind: 'refused'; readonly why: string }
  /** Asked, and not answered in time. */
  | { readonly kind: 'open' };

const POLL_MS = 200;

/** A token that no earlier request had: when, and four digits of chance. */
export function newToken(now: number): string {
  return `${new Date(now).toISOString().replace(/[-:.]/g, '')}-${randomBytes(2).toString('hex')}`;
}

/** Sends a verb and waits until the operator has answered it in the object's status. */
export async function ask(access: FleetAccess, request: Ask): Promise<Answer> {
  const { object, verb, subject, remark, lift, token, waitMs } = request;
  const { namespace = '', name, uid = '' } = object.metadata;
  const asked: AskedVerb = {
    kind: object.kind,
    namespace,
    name,
    uid,
    verb,
    ...(subject === undefined ? {} : { subject }),
    ...(remark === undefined ? {} : { remark }),
    ...(lift === true ? { lift } : {}),
  };
  await access.send(token, asked, waitMs === 0);
  const end = systemClock.monotonic() + waitMs;
  while (systemClock.monotonic() < end) {
    const refusal = access.refusal(token);
    if (refusal !== undefined) return { kind: 'refused', why: refusal };
    const now = await access.get(object.kind, namespace, name);
    if (now === undefined) return { kind: 'refused', why: `${object.kind} ${name} is gone` };
    const answer = answerIn(now, request);
    if (answer !== undefined) return answer;
    await sleep(systemClock, POLL_MS);
  }
  return { kind: 'open' };
}

function answerIn(object: KubeObject, { verb, token, lift }: Ask): Answer | undefined {
  const annotation = VERB_PREFIX + verb;
  if (object.kind === 'PolicyRollout') {
    const { status } = object as PolicyRollout;
    const refused = status?.refused?.find((entry) => entry.annotation === annotation && entry.token === token);
    if (refused !== undefined) return { kind: 'refused', why: `${refused.reason}: ${refused.message}` };
    return status?.verbs?.handled?.[verb] === token ? { kind: 'done', object } : undefined;
  }
  const contained = (object as Device).status?.contained;
  if (verb === 'contain') {
    if (contained?.token !== token) return undefined;
    return contained.problem === undefined ? { kind: 'done', object } : { kind: 'refused', why: contained.problem };
  }
  const value = object.metadata.annotations?.[annotation];
  if (lift === true) return value === undefined ? { kind: 'done', object } : undefined;
  return value?.startsWith(token) === true ? { kind: 'done', object } : undefined;
}

/** Says what became of it, and with what exit status. */
export function report(answer: Answer, what: string, { waitMs }: Ask, io: CliIo): number {
  switch (answer.kind) {
    case 'done':
      return Exit.ok;
    case 'refused':
      throw new CommandError(`${what} was refused. ${answer.why}`, Exit.bad);
    case 'open':
      if (waitMs === 0) {
        io.stdout(`${what} is asked for; its status will have the answer.\n`);
        return Exit.ok;
      }
      io.stderr(
        `${what} is asked for and not answered yet; the request stays and is carried out when its turn comes.\n`,
      );
      return Exit.timeout;
    default:
      return answer satisfies never;
  }
}
