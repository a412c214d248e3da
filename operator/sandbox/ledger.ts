/** One call as the sandbox saw it. */
export interface LedgerEntry {
  readonly at: number;
  readonly service: string;
  readonly operation: string;
  readonly accountId: string;
  readonly region: string;
  readonly accessKeyId: string;
  /** Session name of an assumed role, empty otherwise. */
  readonly sessionName: string;
  /** `ok` or the error's name. */
  readonly outcome: string;
  readonly status: number;
  /** The operation is one that writes. */
  readonly mutating: boolean;
  /** This call changed the account's state. */
  readonly changed: boolean;
  /** The name in the input that best tells what the call was about; never a document or a key. */
  readonly resource: string;
}

export type LedgerFilter = Partial<
  Pick<
    LedgerEntry,
    'operation' | 'service' | 'accountId' | 'region' | 'accessKeyId' | 'outcome' | 'mutating' | 'changed'
  >
> & { readonly since?: number };

/** The record of every call; the oldest entries are dropped beyond `limit`, the counts are kept. */
export class Ledger {
  readonly #limit: number;
  #entries: LedgerEntry[] = [];
  #counts = new Map<string, number>();
  #total = 0;
  readonly #listeners = new Set<(entry: LedgerEntry) => void>();

  constructor(limit = 200_000) {
    this.#limit = limit;
  }

  record(entry: LedgerEntry): void {
    this.#entries.push(entry);
    this.#total++;
    this.#counts.set(entry.operation, (this.#counts.get(entry.operation) ?? 0) + 1);
    if (this.#entries.length > this.#limit * 1.25) this.#entries = this.#entries.slice(-this.#limit);
    for (const listener of this.#listeners) listener(entry);
  }

  /** Calls `listener` for each later entry; returns how to stop. */
  subscribe(listener: (entry: LedgerEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  entries(filter: LedgerFilter = {}): LedgerEntry[] {
    const { since, ...equal } = filter;
    const wanted = Object.entries(equal);
    return this.#entries.filter(
      (entry) =>
        (since === undefined || entry.at >= since) &&
        wanted.every(([key, value]) => value === undefined || entry[key as keyof LedgerEntry] === value),
    );
  }

  count(filter: LedgerFilter = {}): number {
    return this.entries(filter).length;
  }

  /** Calls per operation since the start or the last `clear`, also those whose entries were dropped. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get total(): number {
    return this.#total;
  }

  clear(): void {
    this.#entries = [];
    this.#counts = new Map();
    this.#total = 0;
  }
}
