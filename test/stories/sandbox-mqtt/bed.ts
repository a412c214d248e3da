import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import { IoT } from '@aws-sdk/client-iot';
import { IoTDataPlane } from '@aws-sdk/client-iot-data-plane';
import { SQS } from '@aws-sdk/client-sqs';
import { VirtualClock } from '../../../operator/runtime/clock.ts';
import { createSandbox, type SandboxOptions } from '../../../operator/sandbox/index.ts';
import { type BrokerOptions, createBroker } from '../../../operator/sandbox/mqtt/broker.ts';
import { V2_LOGS } from '../../../operator/sandbox/signals/v2-logs.ts';
import { newKeyAndRequest } from './csr.ts';

export const MINUTE = 60_000;
const REGION = 'us-east-1';
const ARN = 'arn:aws:iot:us-east-1:123456789012:';

export const arn = (resource: string): string => ARN + resource;

export interface Allowance {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
}

/** A policy document; resources are what follows the account. */
export function documentOf(...statements: readonly Allowance[]): string {
  const list = (value: string | readonly string[]) => (typeof value === 'string' ? [value] : value);
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(({ Effect = 'Allow', Action, Resource, ...rest }) => ({
      Effect,
      Action: list(Action).map((a) => (a.includes(':') ? a : `iot:${a}`)),
      Resource: list(Resource).map((r) => (r === '*' ? r : arn(r))),
      ...rest,
    })),
  });
}

export const EVERYTHING = documentOf({ Action: '*', Resource: '*' });

/** A sandbox with a broker under a virtual clock, SDK clients in process, and a quick way to register devices. */
export function startBed(options: SandboxOptions = {}, brokerOptions: BrokerOptions = {}) {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1));
  const sandbox = createSandbox({ clock, quotas: 'off', ...options });
  const broker = createBroker(sandbox, brokerOptions);
  const client = {
    region: REGION,
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    requestHandler: sandbox.requestHandler() as never,
    maxAttempts: 1,
  };
  const iot = new IoT(client);
  const bed = {
    clock,
    sandbox,
    broker,
    iot,
    data: new IoTDataPlane({ ...client, endpoint: 'http://sandbox' }),
    logs: new CloudWatchLogs(client),
    sqs: new SQS(client),
    /** A thing of this name with one active certificate that has the policy `<name>`. */
    async device(name: string, document: string = EVERYTHING): Promise<Registered> {
      await iot.createThing({ thingName: name });
      const { key, csr } = newKeyAndRequest(name);
      const made = await iot.createCertificateFromCsr({ certificateSigningRequest: csr, setAsActive: true });
      await iot.createPolicy({ policyName: name, policyDocument: document });
      await iot.attachPolicy({ policyName: name, target: made.certificateArn ?? '' });
      await iot.attachThingPrincipal({ thingName: name, principal: made.certificateArn ?? '' });
      return {
        name,
        certificateId: made.certificateId ?? '',
        certificateArn: made.certificateArn ?? '',
        cert: made.certificatePem ?? '',
        key,
      };
    },
    /** Gives a policy a new default version. */
    async edit(policyName: string, policyDocument: string): Promise<void> {
      await iot.createPolicyVersion({ policyName, policyDocument, setAsDefault: true });
    },
    /** Moves time, with everything delivered before and after. */
    async pass(ms: number): Promise<void> {
      await broker.settle();
      await clock.advance(ms);
      await broker.settle();
    },
    /** V2 log entries so far: `<eventType> <status>` with the fields. */
    logged: (eventType?: string) =>
      sandbox
        .scope()
        .slice(V2_LOGS)
        .from(0)
        .map((entry) => entry.fields)
        .filter((fields) => eventType === undefined || fields.eventType === eventType),
    logEverything: () =>
      iot.setV2LoggingOptions({ roleArn: 'arn:aws:iam::123456789012:role/logs', defaultLogLevel: 'INFO' }),
  };
  return bed;
}

export interface Registered {
  readonly name: string;
  readonly certificateId: string;
  readonly certificateArn: string;
  readonly cert: string;
  readonly key: string;
}

export type Bed = ReturnType<typeof startBed>;

/** A client that hears everything, for looking at what the broker publishes. */
export async function listener(bed: Bed, filters: readonly string[], name = 'listener') {
  const registered = await bed.device(name);
  const device = bed.broker.device({ certificateId: registered.certificateId, clientId: name });
  device.subscribe(filters);
  await bed.broker.settle();
  return {
    device,
    heard: () =>
      device.received.map(({ topic, payload }) => ({ topic, body: JSON.parse(payload.toString() || 'null') })),
  };
}
