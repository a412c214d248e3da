import type { Slice } from '../../state/scope.ts';

/** When something was seen last, and when it was at fault. */
interface Sighting {
  at: number;
  faults: number[];
}

/** Faults of one certificate or client id that are kept; an audit only asks whether there was one. */
const MAX_FAULTS = 50;

interface Session {
  readonly clientId: string;
  readonly certificateId: string;
}

/** What audits need to know of connections: shared certificates and client ids that end each other's connections. */
export class Evidence {
  readonly certificates = new Map<string, Sighting>();
  readonly clients = new Map<string, Sighting>();
  /** Clients that are connected with a certificate. */
  readonly #open = new Map<string, Set<string>>();

  connected({ clientId, certificateId }: Session, now: number): void {
    const open = this.#open.get(certificateId) ?? new Set<string>();
    this.#open.set(certificateId, open.add(clientId));
    note(this.clients, clientId, now, false);
    note(this.certificates, certificateId, now, open.size > 1);
  }

  disconnected({ clientId, certificateId }: Session, reason: string, now: number): void {
    note(this.clients, clientId, now, reason === 'DUPLICATE_CLIENTID');
    note(this.certificates, certificateId, now, false);
    const open = this.#open.get(certificateId);
    open?.delete(clientId);
    if (open?.size === 0) this.#open.delete(certificateId);
  }
}

function note(all: Map<string, Sighting>, name: string, now: number, isFault: boolean): void {
  const known = all.get(name) ?? { at: now, faults: [] };
  known.at = now;
  if (isFault) known.faults = [...known.faults.slice(1 - MAX_FAULTS), now];
  all.set(name, known);
}

/** Nobody is connected to a sandbox that was restored. */
export const EVIDENCE: Slice<Evidence> = {
  name: 'connection-evidence',
  create: () => new Evidence(),
  save: ({ certificates, clients }) => ({ certificates: [...certificates], clients: [...clients] }),
  load(evidence, saved) {
    const from = saved as { certificates: [string, Sighting][]; clients: [string, Sighting][] };
    for (const [id, sighting] of from.certificates) evidence.certificates.set(id, sighting);
    for (const [id, sighting] of from.clients) evidence.clients.set(id, sighting);
  },
};
