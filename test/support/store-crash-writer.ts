import { writeSync } from 'node:fs';
import { systemClock } from '../../operator/runtime/clock.ts';
import { admitEverything } from '../../operator/runtime/store/admission.ts';
import { openLocalStore } from '../../operator/runtime/store/local/open.ts';
import { document } from './store.ts';

// Run as a process of its own and killed at any moment: writes as fast as it can and says what it was promised.
// Each line on stdout is `<object> <round>`: the store has confirmed that round of that object.
const [folder = ''] = process.argv.slice(2);
const store = await openLocalStore({ folder, admission: admitEverything, clock: systemClock });

const OBJECTS = 40;

async function write(index: number): Promise<void> {
  const name = `object-${index}`;
  const key = { kind: 'Device', namespace: 'factory', name };
  const before = (await store.get(key))?.spec as { readonly round: number } | undefined;
  for (let round = (before?.round ?? 0) + 1; ; round++) {
    // Two parts that must always agree, in one write.
    const spec = { round, twice: round * 2, padding: 'x'.repeat(900) };
    const object = await store.apply(document('Device', name, { spec }), { owner: 'crash' });
    writeSync(1, `${name} ${round}\n`);
    await store.applyStatus({ ...key, uid: object.metadata.uid ?? '' }, { seen: round }, { owner: 'crash' });
    if (round % 7 === 0) {
      await store.delete(key);
      writeSync(1, `${name} 0\n`);
      await store.apply(document('Device', name, { spec }), { owner: 'crash' });
      writeSync(1, `${name} ${round}\n`);
    }
  }
}

await Promise.all(Array.from({ length: OBJECTS }, (_, index) => write(index)));
