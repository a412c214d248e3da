import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type EvidenceEntry,
  type EvidenceHead,
  genesis,
  nextEntry,
  parseEntry,
} from '../../../operator/report/evidence/chain.ts';
import { verifyEvidence } from '../../../operator/report/evidence/verify.ts';

const UID = 'u-1';

function chainOf(count: number, from: EvidenceHead = genesis(UID), word = 'call'): EvidenceEntry[] {
  const entries: EvidenceEntry[] = [];
  let head = from;
  for (let i = 0; i < count; i += 1) {
    const content = {
      rollout: 'factory/base-1',
      uid: UID,
      at: '2026-01-01T00:00:00.000Z',
      kind: word,
      data: { i, word },
    };
    const entry = nextEntry(head, content);
    entries.push(entry);
    head = { entries: entry.seq, head: entry.hash };
  }
  return entries;
}

const headOf = (entries: readonly EvidenceEntry[]): EvidenceHead => {
  const last = entries.at(-1);
  return last === undefined ? genesis(UID) : { entries: last.seq, head: last.hash };
};

describe('the chain of an evidence log', () => {
  test('is complete from the first entry to the head', () => {
    const entries = chainOf(5);
    expect(verifyEvidence(UID, entries, headOf(entries))).toMatchObject({
      result: 'complete',
      problems: [],
      strays: [],
    });
  });

  test('no entry can be dropped, changed, moved or put in without it showing', () => {
    const act = fc.record({ at: fc.nat(9), what: fc.constantFrom('drop', 'change', 'swap', 'insert', 'rehash') });
    fc.assert(
      fc.property(act, ({ at, what }) => {
        const entries = chainOf(10);
        const head = headOf(entries);
        const one = entries[at];
        if (one === undefined) return;
        const forged = { ...one, data: { i: 'forged' } };
        if (what === 'drop') entries.splice(at, 1);
        if (what === 'change') entries[at] = forged;
        if (what === 'swap') entries[at] = { ...one, seq: one.seq + 1 };
        // A forger who knows the algorithm: the entry is sound by itself, and nothing after it points to it.
        if (what === 'insert' || what === 'rehash') {
          const made = nextEntry({ entries: one.seq - 1, head: one.prev }, { ...forged });
          entries.splice(at, what === 'rehash' ? 1 : 0, made);
        }
        const { result, strays } = verifyEvidence(UID, entries, head);
        expect(result !== 'complete' || (what === 'insert' && strays.length === 1)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('a lost tail is told from a broken chain', () => {
    const entries = chainOf(6);
    const head = headOf(entries);
    const lost = verifyEvidence(UID, entries.slice(0, 4), head);
    expect(lost).toMatchObject({
      result: 'tailLost',
      problems: ['the last 2 of 6 entries are missing: the log ends at 4'],
    });
    expect(lost.chain).toHaveLength(4);
    const broken = verifyEvidence(UID, [...entries.slice(0, 2), ...entries.slice(3)], head);
    expect(broken).toMatchObject({
      result: 'broken',
      problems: ['entry 3 is missing, or was changed: nothing before it is proven'],
    });
  });

  test('what a dead process wrote and nobody went on from is shown, and breaks nothing', () => {
    const entries = chainOf(3);
    const stray = chainOf(2, headOf(entries), 'dead');
    const after = chainOf(2, headOf(entries), 'alive');
    const all = [...entries, ...stray, ...after];
    expect(verifyEvidence(UID, all, headOf(after))).toMatchObject({ result: 'complete', strays: stray });
  });

  test('without a head the longest unbroken chain counts', () => {
    const entries = chainOf(4);
    expect(verifyEvidence(UID, entries).chain).toHaveLength(4);
    expect(verifyEvidence(UID, entries.slice(1)).chain, 'nothing reaches back to the beginning').toHaveLength(0);
  });

  test('lines of a log are found behind the time that a container runtime puts in front, half lines are not', () => {
    const [entry] = chainOf(1);
    const line = JSON.stringify(entry);
    expect(parseEntry(`2026-01-01T00:00:00Z stdout F ${line}`)).toEqual(entry);
    expect(parseEntry(line.slice(0, -10))).toBeUndefined();
    expect(parseEntry('{"level":"info","msg":"Attached a policy"}')).toBeUndefined();
  });
});
