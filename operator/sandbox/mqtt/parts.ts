import type { Clock } from '../../runtime/clock.ts';
import type { BrokerCache } from '../propagation.ts';
import type { Retained } from '../state/retained.ts';
import type { Switches } from '../switches.ts';
import type { Authorizer } from './authorizer.ts';
import type { Connection } from './connection.ts';
import type { DoorContext } from './door.ts';
import type { Presence } from './presence.ts';
import type { Telemetry } from './telemetry.ts';

/** What the broker of one account and region is put together from. */
export interface RealmParts extends DoorContext {
  readonly clock: Clock;
  readonly authorizer: Authorizer;
  readonly telemetry: Telemetry;
  readonly retained: Retained;
  readonly presence: Presence;
  readonly sessionExpiryMs: number;
  readonly unauthorizedSubscribe: 'close' | 'suback';
  readonly switches: Switches;
  /** Takes from the quota of connects; false when it is used up. */
  readonly mayConnect: (clientId: string) => boolean;
  readonly cache: BrokerCache;
  /** Serves a message on a reserved topic. */
  readonly reserved: (connection: Connection, topic: string, payload: Buffer) => void;
  /** Something moved; the broker is not at rest. */
  readonly touch: () => void;
}
