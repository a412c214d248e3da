import { type Context, evaluate, keys } from '../../operator/policy/index.ts';
import { PolicySets } from '../../operator/sandbox/authorization.ts';
import type { Scope } from '../../operator/sandbox/state/scope.ts';

const REGION = 'us-east-1';
export const ACCOUNT_ID = '123456789012';
const ARN = `arn:aws:iot:${REGION}:${ACCOUNT_ID}`;
const THING = '${iot:Connection.Thing.ThingName}';

/** What a simulated device may want to do. `connect` and `telemetry` are its lifeline. */
export const RIGHTS = ['connect', 'telemetry', 'debug', 'status', 'extra', 'subscribe', 'receive'] as const;
export type Right = (typeof RIGHTS)[number];
export const LIFELINE: readonly Right[] = ['connect', 'telemetry'];

const REQUESTS: Readonly<Record<Right, readonly [action: string, resource: string]>> = {
  connect: ['iot:Connect', 'client/'],
  telemetry: ['iot:Publish', 'topic/telemetry/'],
  debug: ['iot:Publish', 'topic/debug/'],
  status: ['iot:Publish', 'topic/status/'],
  extra: ['iot:Publish', 'topic/extra/'],
  subscribe: ['iot:Subscribe', 'topicfilter/cmd/'],
  receive: ['iot:Receive', 'topic/cmd/'],
};

/** Which right a request of this device is about; undefined for anything a simulated device never does. */
export function rightOf(action: string, resource: string, device: string): Right | undefined {
  return RIGHTS.find((right) => {
    const [wanted, prefix] = REQUESTS[right];
    return wanted.toLowerCase() === action.toLowerCase() && resource === `${ARN}:${prefix}${device}`;
  });
}

/** Action and resource of what a device does under a right. */
export function requestOf(right: Right, device: string): readonly [action: string, resource: string] {
  const [action, prefix] = REQUESTS[right];
  return [action, `${ARN}:${prefix}${device}`];
}

/** A document in the words of the simulation. */
export interface Grant {
  readonly allow: readonly Right[];
  readonly deny: readonly Right[];
}

export function documentOf({ allow, deny }: Grant): object {
  const statement = (effect: string, rights: readonly Right[]) =>
    rights.map((right) => {
      const [action, prefix] = REQUESTS[right];
      return { Effect: effect, Action: [action], Resource: [`${ARN}:${prefix}${THING}`] };
    });
  return { Version: '2012-10-17', Statement: [...statement('Allow', allow), ...statement('Deny', deny)] };
}

export function grantText({ allow, deny }: Grant): string {
  return `allows ${allow.join(', ') || 'nothing'}${deny.length === 0 ? '' : `, denies ${deny.join(', ')}`}`;
}

export type Answer = 'allows' | 'denies' | 'silent';

/** What one document says to each right of one device; asked once per document and device. */
export class Answers {
  readonly #sets: PolicySets;
  readonly #known = new Map<string, readonly Answer[]>();

  constructor(scope: Scope) {
    this.#sets = new PolicySets(scope);
  }

  of(text: string, device: string): readonly Answer[] {
    const key = `${device} ${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const set = this.#sets.of([text]);
    const context: Context = { [keys.clientId]: device, [keys.thingName]: device };
    const answers = RIGHTS.map((right): Answer => {
      const [action, prefix] = REQUESTS[right];
      const { decision } = evaluate(set, { action, resource: `${ARN}:${prefix}${device}`, context });
      return decision === 'allowed' ? 'allows' : decision === 'explicitDeny' ? 'denies' : 'silent';
    });
    this.#known.set(key, answers);
    return answers;
  }

  /** What the documents allow together. */
  together(texts: readonly string[], device: string): ReadonlySet<Right> {
    const all = texts.map((text) => this.of(text, device));
    return new Set(RIGHTS.filter((_, i) => all.some((a) => a[i] === 'allows') && !all.some((a) => a[i] === 'denies')));
  }
}
