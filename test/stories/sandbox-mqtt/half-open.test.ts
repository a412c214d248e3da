import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { startBed } from './bed.ts';
import { connackOf, next } from './mqtt-client.ts';

test('ten thousand half-open connections leave room and memory for a device', async () => {
  const bed = startBed();
  const served = await bed.broker.listen();
  const lamp = await bed.device('lamp');
  const before = process.memoryUsage().rss;
  const script = new URL('half-open.ts', import.meta.url).pathname;
  const crowd = spawn(process.execPath, [script, String(served.port), '10000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await next(crowd.stdout, 'data');
  expect(await connackOf(bed, served, lamp, 'lamp')).toBe('connack');
  expect((process.memoryUsage().rss - before) / 10_000).toBeLessThan(60_000);
  crowd.kill();
  await next(crowd, 'close');
  expect(await connackOf(bed, served, lamp, 'lamp')).toBe('connack');
  await bed.broker.close();
});
