import type { World } from '../../context.ts';
import type { Scope } from '../../state/scope.ts';
import type { Connection } from '../connection.ts';
import { serveDefender } from './defender.ts';
import { serveJobs } from './jobs.ts';
import type { Format } from './payload.ts';
import { serveProvisioning } from './provisioning.ts';
import { serveShadow } from './shadow.ts';

/** One message on a reserved topic. */
export interface ReservedContext {
  readonly world: World;
  readonly scope: Scope;
  readonly connection: Connection;
  readonly topic: string;
  readonly payload: Buffer;
  now(): number;
  /** Publishes an answer to everyone who subscribed to it; as JSON unless told otherwise. */
  say(topic: string, body: unknown, format?: Format): void;
  /** Answers the sender alone, whether or not it subscribed; its iot:Receive decides. */
  reply(topic: string, body: unknown, format?: Format): void;
  changed(resource: string): void;
  /** Something that ends later; the broker is not at rest before. */
  work(task: Promise<unknown>): void;
  log(eventType: string, ok: boolean, fields: Readonly<Record<string, unknown>>): void;
}

const SERVICES: readonly ((context: ReservedContext) => boolean)[] = [
  serveShadow,
  serveJobs,
  serveProvisioning,
  serveDefender,
];

/** Hands the message to the service that its topic belongs to. */
export function serveReserved(context: ReservedContext): void {
  for (const serve of SERVICES) if (serve(context)) return;
}
