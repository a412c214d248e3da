import { afterAll, beforeAll, describe } from 'vitest';
import { applyConformance } from './conformance/apply.ts';
import { lifecycleConformance } from './conformance/lifecycle.ts';
import { readingConformance } from './conformance/reading.ts';
import type { ConformanceTarget, OpenStore } from './conformance/target.ts';
import { freshNames } from './conformance/target.ts';

/** The contract of `Store`, whatever is behind it: the same tests for the local store and for a real API server. */
export function runStoreConformance(target: ConformanceTarget): void {
  describe(`the store contract on ${target.name}`, () => {
    let opened: OpenStore | undefined;
    const fresh = freshNames();
    const subjectOf = () => {
      if (!opened) throw new Error('the store is not open');
      return { store: opened.store, namespace: opened.namespace, fresh };
    };
    beforeAll(async () => {
      opened = await target.open();
    });
    afterAll(async () => {
      await opened?.[Symbol.asyncDispose]();
    });
    applyConformance(subjectOf);
    lifecycleConformance(subjectOf);
    readingConformance(subjectOf);
  });
}
