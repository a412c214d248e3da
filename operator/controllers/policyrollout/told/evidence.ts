import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { type EvidenceEntry, type EvidenceHead, genesis, nextEntry } from '../../../report/evidence/chain.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { redactValue } from '../../../runtime/log.ts';

/** Where finished lines go, and where they can be read again after a restart. */
export interface EvidenceSink {
  /** Takes an entry; must not throw. */
  write(entry: EvidenceEntry, line: string): void;
  /** Whole entries that are kept, so that a chain goes on behind what a dead process wrote. */
  kept?(rollout: { readonly namespace: string; readonly name: string; readonly uid: string }): readonly EvidenceEntry[];
}

/** The evidence logs of all rollouts of this process. */
export interface EvidenceBook {
  note(rollout: PolicyRollout, kind: string, data: Readonly<Record<string, unknown>>): void;
  /** What the status of the rollout is to keep; undefined before the first entry. */
  head(rollout: PolicyRollout): EvidenceHead | undefined;
}

/** Along the entries that go on from what the status knows: others, whoever wrote them, belong to nothing. */
function onwards(stored: EvidenceHead, kept: readonly EvidenceEntry[]): EvidenceHead {
  let head = stored;
  for (let found = true; found; ) {
    const next = kept.find(({ prev, seq }) => prev === head.head && seq === head.entries + 1);
    found = next !== undefined;
    if (next !== undefined) head = { entries: next.seq, head: next.hash };
  }
  return head;
}

/**
 * An entry is written before its hash is kept in the status: what a crash leaves behind are entries that the status does
 * not know, never a status that knows what was not written.
 */
export function createEvidenceBook(clock: Pick<Clock, 'now'>, sinks: readonly EvidenceSink[]): EvidenceBook {
  const heads = new Map<string, EvidenceHead>();

  function headOf(rollout: PolicyRollout): EvidenceHead {
    const { uid = '', namespace = '', name } = rollout.metadata;
    const known = heads.get(uid);
    if (known !== undefined) return known;
    const { entries, head } = rollout.status?.evidence ?? {};
    const stored = entries === undefined || head === undefined ? genesis(uid) : { entries, head };
    const kept = sinks.flatMap((sink) => sink.kept?.({ namespace, name, uid }) ?? []);
    return onwards(stored, kept);
  }

  return {
    note(rollout, kind, data) {
      const { uid = '', namespace = '', name } = rollout.metadata;
      const entry = nextEntry(headOf(rollout), {
        rollout: `${namespace}/${name}`,
        uid,
        at: new Date(clock.now()).toISOString(),
        kind,
        // As JSON has it: what is hashed is what is written.
        data: JSON.parse(JSON.stringify(redactValue(data))) as Record<string, unknown>,
      });
      const line = `${JSON.stringify(entry)}\n`;
      for (const sink of sinks) sink.write(entry, line);
      heads.set(uid, { entries: entry.seq, head: entry.hash });
    },
    head(rollout) {
      const head = headOf(rollout);
      return head.entries === 0 ? undefined : head;
    },
  };
}
