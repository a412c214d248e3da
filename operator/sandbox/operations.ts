import type * as logs from '@aws-sdk/client-cloudwatch-logs';
import type * as iot from '@aws-sdk/client-iot';
import type * as data from '@aws-sdk/client-iot-data-plane';
import type * as jobs from '@aws-sdk/client-iot-jobs-data-plane';
import type * as sqs from '@aws-sdk/client-sqs';
import type * as sts from '@aws-sdk/client-sts';
import type { CallContext } from './context.ts';
import type { Slice } from './state/scope.ts';
import type { ServiceName } from './wire/services.ts';

/** Input and output of every command class that a client package exports, by operation name. */
type CommandsOf<Package> = {
  [K in keyof Package as K extends `${infer Name}Command` ? Name : never]: Package[K] extends abstract new (
    ...args: never[]
  ) => { readonly input: infer Input; resolveMiddleware(...args: never[]): (...args: never[]) => Promise<infer Result> }
    ? { readonly input: Input; readonly output: Result extends { readonly output: infer Output } ? Output : never }
    : never;
};

interface Services {
  iot: CommandsOf<typeof iot>;
  iotdata: CommandsOf<typeof data>;
  'iot-jobs-data': CommandsOf<typeof jobs>;
  sts: CommandsOf<typeof sts>;
  sqs: CommandsOf<typeof sqs>;
  logs: CommandsOf<typeof logs>;
  IoTSecuredTunneling: Record<string, { readonly input: Record<string, unknown>; readonly output: object }>;
}

/** Required members are present once the constraint table was checked, which the SDK's types cannot know. */
export type Given<T> = {
  readonly [K in keyof T]: Record<never, never> extends Pick<T, K> ? T[K] : Exclude<T[K], undefined>;
};

export type Input<S extends keyof Services, K extends keyof Services[S]> = Services[S][K] extends { input: infer I }
  ? Given<I>
  : never;

export type Output<S extends keyof Services, K extends keyof Services[S]> = Services[S][K] extends { output: infer O }
  ? Omit<O, '$metadata'>
  : never;

/** Handlers of one family of operations of one service. */
export type Handlers<S extends keyof Services> = {
  readonly [K in keyof Services[S]]?: (
    context: CallContext,
    input: Input<S, K>,
  ) => Output<S, K> | Promise<Output<S, K>>;
};

export type AnyHandler = (context: CallContext, input: never) => unknown;

export interface Family {
  readonly service: ServiceName;
  readonly handlers: Readonly<Record<string, AnyHandler>>;
  /** State of its own that snapshots keep, besides the built-in slices. */
  readonly slices: readonly Slice<unknown>[];
}

/** Declares a family; the handlers' types are checked against the SDK's. */
export function family<S extends ServiceName & keyof Services>(
  service: S,
  handlers: Handlers<S>,
  slices: readonly Slice<unknown>[] = [],
): Family {
  return { service, handlers: handlers as Readonly<Record<string, AnyHandler>>, slices };
}
