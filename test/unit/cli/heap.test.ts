import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { keepHeapSmall } from '../../../operator/cli/operator/heap.ts';

function chosen(given: readonly string[]): readonly string[] {
  const flags: string[] = [];
  keepHeapSmall(given, (flag) => flags.push(flag));
  return flags;
}

describe('the heap of a running operator', () => {
  test('grows by a fifth of what is in use before it is collected', () => {
    expect(chosen(['--enable-source-maps'])).toEqual(['--heap-growing-percent=20']);
  });

  test.each([
    ['--heap-growing-percent=50', 'chosen on the command line'],
    ['--heap_growing_percent=50', 'V8 takes underscores for hyphens'],
  ])('stays as %s says (%s)', (argument) => {
    expect(chosen([argument])).toEqual([]);
  });

  test('is set by a flag that this Node knows: it would only grumble about one that went away', () => {
    const [flag = ''] = chosen([]);
    expect(spawnSync(process.execPath, [flag, '--version']).status).toBe(0);
    expect(spawnSync(process.execPath, [`${flag}x-no-such`, '--version']).status).not.toBe(0);
  });
});
