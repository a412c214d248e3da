import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../operator/runtime/clock.ts';
import { admitEverything } from '../../../operator/runtime/store/admission.ts';
import { openLocalStore } from '../../../operator/runtime/store/local/open.ts';
import { temporaryFolder } from '../../support/store.ts';

const WRITER = fileURLToPath(new URL('../../support/store-crash-writer.ts', import.meta.url));

/** Lets the writer run for `ms` after its first promise, then kills it. Returns the last promise per object. */
async function writeAndKill(folder: string, ms: number): Promise<Map<string, number>> {
  const writer = spawn(process.execPath, [WRITER, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  let errors = '';
  writer.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  writer.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    errors += chunk;
  });
  const closed = once(writer, 'close');
  await Promise.race([once(writer.stdout, 'data'), closed]);
  await setTimeout(ms);
  writer.kill('SIGKILL');
  await closed;
  expect(errors).toBe('');
  const promised = new Map<string, number>();
  // A line cut off by the kill was never said.
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const [name, round] = line.split(' ');
    if (name) promised.set(name, Number(round));
  }
  return promised;
}

describe('a process that is killed while it writes', () => {
  it('loses nothing that was confirmed and leaves nothing half-written, however often', async () => {
    using folder = temporaryFolder();
    let versions = 0;
    for (let kill = 0; kill < 8; kill++) {
      const promised = await writeAndKill(folder.path, 5 + kill * 13);
      expect(promised.size).toBeGreaterThan(0);
      const store = await openLocalStore({ folder: folder.path, admission: admitEverything, clock: systemClock });
      for (const [name, round] of promised) {
        const object = await store.get({ kind: 'Device', namespace: 'factory', name });
        const spec = object?.spec as { round: number; twice: number } | undefined;
        // The write under way when the kill came may or may not be there: one step ahead is right too, and after a
        // confirmed deletion (0) so is the object that was about to follow it.
        if (round > 0 && round % 7 !== 0) {
          expect([round, round + 1], `${name} after kill ${kill}`).toContain(spec?.round);
        }
        if (spec) expect(spec.twice).toBe(spec.round * 2);
        const status = object?.status as { seen: number } | undefined;
        if (status && spec) expect(status.seen).toBeLessThanOrEqual(spec.round);
      }
      const { resourceVersion } = await store.list({ kind: 'Device' });
      expect(Number(resourceVersion)).toBeGreaterThan(versions);
      versions = Number(resourceVersion);
      await store.close();
    }
    const database = new DatabaseSync(`${folder.path}/objects.db`, { readOnly: true });
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    database.close();
  });
});
