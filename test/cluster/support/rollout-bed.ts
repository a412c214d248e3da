/** A fleet of two devices on a wide policy, heard of all the time, and an operator whose clock can be made to run. */
import { IoTClient, ListAttachedPoliciesCommand } from '@aws-sdk/client-iot';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { PolicyRollout } from '../../../operator/api/policyrollout.gen.ts';
import { AcceleratedClock } from '../../../operator/runtime/accelerated-clock.ts';
import { grants } from '../../stories/rollout/support.ts';
import { must, until } from './cluster.ts';
import { startFastOperator } from './fast-operator.ts';
import { account, documents, issued, manifest, REGION } from './objects.ts';
import { openStory, type Story } from './story.ts';

/** Ten minutes of AWS in two and a half seconds. */
export const RATE = 240;
export const NAMES = ['press-1', 'press-2'];
export const WIDE = grants('telemetry/*', 'debug/*');
export const NARROW = grants('telemetry/*');
const PLACE = `${REGION.accountId}/${REGION.region}`;
const STRATEGY = { type: 'Waves', waves: [{ count: 1, bake: '1m' }], usedActions: 'Judge' };
export const base = (document: object, strategy: object = {}) =>
  manifest('IoTPolicy', 'base', { document, strategy: { ...STRATEGY, ...strategy } });

export interface RolloutBed extends AsyncDisposable {
  readonly story: Story;
  readonly clock: AcceleratedClock;
  readonly iot: IoTClient;
  /** The newest rollout, once it is as wanted. */
  becomes(what: string, holds: (rollout: PolicyRollout) => boolean): Promise<PolicyRollout>;
  /** Names of the policies on the certificate of a device. */
  attached(device: string): Promise<readonly string[]>;
  /** The operator ends; the rest stays. */
  stopOperator(): Promise<void>;
}

/** `more` goes into the fleet beside account, policy and devices; `devices` into the spec of each device. */
export async function openRolloutBed(
  name: string,
  { more = [], devices = {} }: { readonly more?: readonly string[]; readonly devices?: object } = {},
): Promise<RolloutBed> {
  const clock = new AcceleratedClock(1);
  const story = await openStory(name, { sandbox: { clock } });
  const operator = startFastOperator({ namespace: story.namespace, endpoint: story.endpoint, clock });
  const iot = new IoTClient({
    endpoint: story.endpoint,
    region: REGION.region,
    credentials: { accessKeyId: 'somebody', secretAccessKey: 'else' },
  });
  const fleet = NAMES.map((device) => issued(device, { policyRefs: [{ name: 'base' }], ...devices }));
  await story.apply(documents(account(), base(WIDE), ...more, ...fleet));
  await must(story.kubectl('wait', '--for=condition=Ready', 'fleet', '--all', '--timeout=120s'));

  /** The device is connected, and publishes. */
  function hear(clientId: string): void {
    const at = clock.now();
    const resource = `arn:aws:iot:${REGION.region}:${REGION.accountId}:topic/telemetry/${clientId}`;
    operator.signals.record(PLACE, { kind: 'connected', at, clientId });
    operator.signals.record(PLACE, { kind: 'request', at, clientId, action: 'iot:Publish', resource, allowed: true });
  }
  const telling = setInterval(() => NAMES.forEach(hear), 100);
  const newest = async () => {
    const { items } = await story.json<{ items: PolicyRollout[] }>('get', 'policyrollouts');
    const made = ({ metadata, spec }: PolicyRollout) => `${metadata.creationTimestamp} ${spec.attempt ?? 1}`;
    return items.sort((a, b) => (made(a) < made(b) ? 1 : -1))[0];
  };

  return {
    story,
    clock,
    iot,
    becomes: (what, holds) =>
      until(async () => {
        const rollout = await newest();
        return rollout !== undefined && holds(rollout) ? rollout : undefined;
      }, what).catch(async (error: unknown) => {
        throw new Error(`${String(error)}:\n${(await story.kubectl('describe', 'policyrollouts,devices')).stdout}`);
      }),
    async attached(device) {
      const { status } = await story.json<Device>('get', 'device', device);
      const target = status?.certificates?.[0]?.arn;
      const { policies = [] } = await iot.send(new ListAttachedPoliciesCommand({ target }));
      return policies.map(({ policyName = '' }) => policyName).sort();
    },
    async stopOperator() {
      await operator[Symbol.asyncDispose]();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(telling);
      iot.destroy();
      await operator[Symbol.asyncDispose]();
      await story[Symbol.asyncDispose]();
    },
  };
}
