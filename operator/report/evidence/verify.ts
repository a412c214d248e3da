import { type EvidenceEntry, type EvidenceHead, genesis, hashOf } from './chain.ts';

export interface Verification {
  /** The chain, first entry first, as far as it could be followed back from the head. */
  readonly chain: readonly EvidenceEntry[];
  /**
   * complete: from the first entry to the head. tailLost: the last entries are missing, as after a crash of a disk.
   * broken: an entry in between is missing, changed, or not where it says.
   */
  readonly result: 'complete' | 'tailLost' | 'broken';
  /** What is wrong, in words, worst first. */
  readonly problems: readonly string[];
  /** Entries that a process wrote and died before their hash was kept; what they say was done again. */
  readonly strays: readonly EvidenceEntry[];
}

/**
 * Follows the chain of one rollout. With a head (from the status of the rollout) also what is missing at the end is
 * found; without one only what is missing in between.
 */
export function verifyEvidence(uid: string, entries: readonly EvidenceEntry[], head?: EvidenceHead): Verification {
  const own = entries.filter((entry) => entry.uid === uid);
  const problems = own
    .filter((entry) => hashOf(entry) !== entry.hash)
    .map(({ seq }) => `entry ${seq} was changed: its hash is not that of its content`);
  const sound = new Map(own.filter((entry) => hashOf(entry) === entry.hash).map((entry) => [entry.hash, entry]));
  const start = head?.head ?? longest(uid, [...sound.values()])?.hash ?? genesis(uid).head;
  const missingTail = head !== undefined && head.entries > 0 && !sound.has(head.head);
  const from = missingTail ? longest(uid, [...sound.values()])?.hash : start;
  const { chain, gap } = follow(uid, sound, from);
  if (gap !== undefined) problems.push(gap);
  if (head !== undefined && missingTail) {
    const lost = head.entries - chain.length;
    problems.push(`the last ${lost} of ${head.entries} entries are missing: the log ends at ${chain.length}`);
  }
  if (head !== undefined && !missingTail && chain.length !== head.entries && gap === undefined) {
    problems.push(`the status counts ${head.entries} entries and the chain has ${chain.length}`);
  }
  const inChain = new Set(chain.map(({ hash }) => hash));
  const strays = [...sound.values()].filter(({ hash }) => !inChain.has(hash));
  const broken = problems.length > (missingTail ? 1 : 0);
  return { chain, problems, strays, result: broken ? 'broken' : missingTail ? 'tailLost' : 'complete' };
}

/** Back from a hash to the first entry. */
function follow(
  uid: string,
  sound: ReadonlyMap<string, EvidenceEntry>,
  from: string | undefined,
): { readonly chain: readonly EvidenceEntry[]; readonly gap: string | undefined } {
  const chain: EvidenceEntry[] = [];
  const first = genesis(uid).head;
  let at = from ?? first;
  while (at !== first) {
    const entry = sound.get(at);
    const before = chain.at(-1);
    if (entry === undefined || (before !== undefined && entry.seq !== before.seq - 1)) {
      const missing = (before?.seq ?? 1) - 1;
      return {
        chain: chain.reverse(),
        gap: `entry ${missing} is missing, or was changed: nothing before it is proven`,
      };
    }
    chain.push(entry);
    at = entry.prev;
  }
  const gap = chain.length > 0 && chain.at(-1)?.seq !== 1 ? 'the first entry is not number 1' : undefined;
  return { chain: chain.reverse(), gap };
}

/** Of several ends the one that reaches furthest along an unbroken chain. */
function longest(uid: string, entries: readonly EvidenceEntry[]): EvidenceEntry | undefined {
  const byHash = new Map(entries.map((entry) => [entry.hash, entry]));
  let best: EvidenceEntry | undefined;
  for (const entry of entries) {
    if (best !== undefined && entry.seq <= best.seq) continue;
    if (follow(uid, byHash, entry.hash).gap === undefined) best = entry;
  }
  return best;
}
