import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import {
  type OperationInput,
  type OperationName,
  type OperationOutput,
  operations,
  type Service,
} from './operations.ts';

export interface StaticCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsClientOptions {
  readonly region: string;
  /** Replaces the addresses of all services alike. */
  readonly endpoint?: string;
  /** Addresses of single services, which beat `endpoint`. */
  readonly endpoints?: { readonly [S in Service]?: string | undefined };
  /** Assumed with these before every other call; without it the credentials themselves act. */
  readonly role?: { readonly arn: string; readonly externalId: string; readonly sessionName: string };
  /** Default: the SDK's chain (environment, shared files, web identity, container, instance). */
  readonly credentials?: StaticCredentials;
  /** Throws when this process may not write; called in the request handler, as the last act before the network. */
  readonly fence: () => void;
  /** Milliseconds until a request is given up. Default 30 000. */
  readonly timeoutMs?: number;
  /** Carries requests instead of sockets: a sandbox in the same process. */
  readonly transport?: Transport;
}

/** The part of a request handler that the SDK calls. */
export interface Transport {
  handle(request: HttpRequest, options?: HandlerOptions): Promise<{ response: unknown }>;
}

export interface AwsClient {
  send<K extends OperationName>(
    operation: K,
    input: OperationInput<K>,
    signal?: AbortSignal,
  ): Promise<OperationOutput<K>>;
  callerIdentity(signal?: AbortSignal): Promise<{ readonly accountId: string; readonly arn: string }>;
  close(): void;
}

/** Handler options as `send` passes them on, with our own mark beside the SDK's. */
interface HandlerOptions {
  readonly abortSignal?: AbortSignal;
  readonly fleetwardWrite?: boolean;
}

type HttpRequest = Parameters<NodeHttpHandler['handle']>[0];

function sockets(timeoutMs: number): Transport & { destroy(): void } {
  const agent = { keepAlive: true, maxSockets: 1_024 };
  return new NodeHttpHandler({
    connectionTimeout: 5_000,
    requestTimeout: timeoutMs,
    throwOnRequestTimeout: true,
    httpAgent: agent,
    httpsAgent: agent,
  }) as Transport & { destroy(): void };
}

/**
 * A check before `client.send` would leave signing and credential renewal between it and the network; leadership can be
 * lost in that time. Here nothing is awaited any more. Sockets are plenty, so that no checked request waits in a line.
 */
function fenced(inner: Transport & { destroy?(): void }, fence: () => void): NodeHttpHandler {
  const handler = {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request: HttpRequest, options?: HandlerOptions) {
      // Whoever asked has gone on without it, see `unlessAborted`: the same object may be in other hands by now.
      if (options?.abortSignal?.aborted === true) throw aborted(options.abortSignal);
      if (options?.fleetwardWrite === true) fence();
      return inner.handle(request, options);
    },
    destroy: () => inner.destroy?.(),
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
  return handler as unknown as NodeHttpHandler;
}

/** Under the SDK's own name for it. */
function aborted({ reason }: AbortSignal): Error {
  const error = new Error(reason instanceof Error ? reason.message : String(reason), { cause: reason });
  error.name = 'AbortError';
  return error;
}

/**
 * The SDK hears the signal in the handler only: whoever was told to end must not wait for credentials that do not come. What
 * is given up here goes no further than the handler.
 */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(aborted(signal));
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

interface Sender {
  send(command: never, options: HandlerOptions): Promise<unknown>;
  destroy(): void;
}

/** The unmodified SDK clients for one account and region. Retries are ours alone, hence one attempt each. */
export function createAwsClient(options: AwsClientOptions): AwsClient {
  const { region } = options;
  const address = options.endpoint === undefined ? {} : { endpoint: options.endpoint };
  const base = options.credentials ?? fromNodeProviderChain();
  const credentials =
    options.role === undefined
      ? base
      : fromTemporaryCredentials({
          masterCredentials: base,
          params: {
            RoleArn: options.role.arn,
            RoleSessionName: options.role.sessionName,
            ExternalId: options.role.externalId,
          },
          clientConfig: { region, ...address },
        });
  const requestHandler = fenced(options.transport ?? sockets(options.timeoutMs ?? 30_000), options.fence);
  const shared = { region, ...address, credentials, requestHandler, maxAttempts: 1 };
  const at = (service: Service) => {
    const own = options.endpoints?.[service];
    return own === undefined ? shared : { ...shared, endpoint: own };
  };
  // Made at the first call: an account that listens to nothing needs one client.
  const makers: Readonly<Record<Service, () => Sender>> = {
    iot: () => new IoTClient(at('iot')),
    data: () => new IoTDataPlaneClient(at('data')),
    // A queue's URL comes from an answer, and an answer must not say where credentials are shown.
    sqs: () => new SQSClient({ ...at('sqs'), useQueueUrlAsEndpoint: false }),
    logs: () => new CloudWatchLogsClient(at('logs')),
  };
  const clients = new Map<Service, Sender>();
  const clientFor = (service: Service): Sender => {
    const client = clients.get(service) ?? makers[service]();
    clients.set(service, client);
    return client;
  };
  const sts = new STSClient(shared);

  return {
    async send(operation, input, signal) {
      const entry = operations[operation];
      const Command = entry.command as new (input: unknown) => unknown;
      const handler = { fleetwardWrite: entry.write, ...(signal === undefined ? {} : { abortSignal: signal }) };
      // The table proves input and output per operation; TypeScript cannot follow that through a union of all commands.
      const answer = clientFor(entry.service).send(new Command(input) as never, handler);
      return (await unlessAborted(answer, signal)) as OperationOutput<typeof operation>;
    },
    async callerIdentity(signal) {
      const asking = sts.send(new GetCallerIdentityCommand({}), signal === undefined ? {} : { abortSignal: signal });
      const answer = await unlessAborted(asking, signal);
      return { accountId: answer.Account ?? '', arn: answer.Arn ?? '' };
    },
    close() {
      for (const client of clients.values()) client.destroy();
      sts.destroy();
      requestHandler.destroy();
    },
  };
}
