import { StateFolderError } from '../../runtime/store/local/errors.ts';
import { openLocalReader } from '../../runtime/store/local/reader.ts';
import { isOwned, putRequest, takeRefusal } from '../../runtime/store/local/requests.ts';
import { CommandError, Exit } from '../exit.ts';
import type { ShownEvent } from '../output/describe.ts';
import type { FleetAccess } from './access.ts';

/** Reads beside the operator that owns the folder, and reaches it by requests laid into the folder. */
export function openLocalAccess(folder: string, namespace: string | undefined): FleetAccess {
  const place = `the state folder ${folder}`;
  const reader = inWords(() => openLocalReader(folder));
  return {
    mode: 'standalone',
    place,
    namespace,
    list: async (kind) => reader.list(kind, namespace),
    get: async (kind, within, name) => reader.get({ kind, namespace: within, name }),
    async eventsOf({ metadata }) {
      const all = reader.list('Event', metadata.namespace) as unknown as readonly ShownEvent[];
      return all
        .filter(({ regarding }) => regarding.uid === metadata.uid)
        .sort((a, b) => (a.eventTime < b.eventTime ? -1 : 1));
    },
    async send(token, verb, leave) {
      if (!leave && !inWords(() => isOwned(folder))) {
        throw new CommandError(
          `No operator runs on ${place}, so nobody would carry this out; nothing was asked. Start it (fleetward run --standalone), or leave the request for when it starts, with --no-wait`,
        );
      }
      inWords(() => putRequest(folder, token, verb));
    },
    refusal: (token) => takeRefusal(folder, token),
    [Symbol.asyncDispose]: async () => reader.close(),
  };
}

function inWords<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof StateFolderError) throw new CommandError(error.message, Exit.failed, error);
    throw error;
  }
}
