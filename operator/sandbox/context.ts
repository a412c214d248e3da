import type { Clock } from '../runtime/clock.ts';
import type { Accounts, Caller } from './accounts.ts';
import type { BrokerPort } from './broker-port.ts';
import type { Delays } from './delays.ts';
import type { DetectPort } from './ops/defender/detect/port.ts';
import type { AuditPort } from './signals/audit-trail.ts';
import type { Change } from './state/changes.ts';
import type { Paging } from './state/paging.ts';
import type { Scope, Slice } from './state/scope.ts';
import type { Switches } from './switches.ts';
import type { CertificateAuthority } from './x509/authority.ts';

/** What the operations share beyond one scope's state. */
export interface World {
  readonly clock: Clock;
  readonly random: () => number;
  readonly paging: Paging;
  readonly delays: Delays;
  readonly switches: Switches;
  readonly accounts: Accounts;
  readonly authority: CertificateAuthority;
  /** Where devices and callers are told to connect; set when the sandbox is served. */
  readonly endpoints: Endpoints;
  /** Parts that exist only while something is served. */
  readonly ports: {
    broker: BrokerPort | undefined;
    audit: AuditPort | undefined;
    detect: DetectPort | undefined;
  };
  /** State of one account in one region, created on first use. */
  scope(accountId: string, region: string): Scope;
}

export interface Endpoints {
  /** Host and port of the HTTP data plane, as DescribeEndpoint answers for `iot:Data-ATS`. */
  data: string | undefined;
  mqtt: string | undefined;
}

/** Given to each handler. One call runs to its end before the next starts unless the handler awaits. */
export interface CallContext {
  readonly world: World;
  readonly scope: Scope;
  readonly caller: Caller;
  readonly operation: string;
  readonly requestId: string;
  /** Milliseconds since the epoch on the sandbox's clock. */
  now(): number;
  slice<T>(key: Slice<T>): T;
  arn(resource: string): string;
  /** Tells the listeners what changed and marks the call as one that wrote. */
  changed(change: Change): void;
}
