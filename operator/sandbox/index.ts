/** The AWS IoT sandbox: an in-memory AWS for the calls that this project uses, in process or served on loopback. */
export type { Credential, Role } from './accounts.ts';
export type { DelayOption, Delays } from './delays.ts';
export type { FaultEffect, FaultRule } from './faults.ts';
export type { LedgerEntry, LedgerFilter } from './ledger.ts';
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';
export type { Served, ServeOptions } from './server.ts';
export type { WireRequest, WireResponse } from './wire/http.ts';
