import type { KubeObject } from '../../api/meta.ts';
import type { AskedVerb } from '../operator/requests.ts';
import type { ShownEvent } from '../output/describe.ts';

/** A fleet as a person at a terminal reaches it: through the API server, or beside a standalone operator. */
export interface FleetAccess extends AsyncDisposable {
  readonly mode: 'cluster' | 'standalone';
  /** In words, for messages: `the state folder .fleetward`. */
  readonly place: string;
  /** Of the command line or the context; undefined for all namespaces of a state folder. */
  readonly namespace: string | undefined;
  list(kind: string): Promise<readonly KubeObject[]>;
  get(kind: string, namespace: string, name: string): Promise<KubeObject | undefined>;
  /** Oldest first. */
  eventsOf(object: KubeObject): Promise<readonly ShownEvent[]>;
  /**
   * Hands a verb to the operator. Throws CommandError when nobody would carry it out, unless `leave` says that it may wait
   * for an operator to come.
   */
  send(token: string, verb: AskedVerb, leave: boolean): Promise<void>;
  /** Why the operator could not take the verb at all; undefined while it has not said so. */
  refusal(token: string): string | undefined;
}
