import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing, must, why } from './support/cluster.ts';
import { type OperatorProcess, openStory, type Story, untilReady } from './support/story.ts';

const FACTORY = join(import.meta.dirname, '../../manifests/examples/factory');

describe.skipIf(missing)(`kubectl apply of the factory${why}`, () => {
  let story: Story;
  let operator: OperatorProcess;

  beforeAll(async () => {
    story = await openStory('converge');
    operator = await story.operator();
    await untilReady(operator);
    await must(story.kubectl('apply', '-R', '-f', FACTORY));
  });
  afterAll(() => story?.[Symbol.asyncDispose]());

  test('every object becomes Ready, and kubectl wait says so', async () => {
    const waited = await story.kubectl('wait', '--for=condition=Ready', 'fleet', '--all', '--timeout=90s');
    expect(waited.stderr + (await story.kubectl('get', 'fleet')).stdout, operator.child.tail()).toBe('');
  });
});
