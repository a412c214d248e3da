import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literalGlob } from '../../../../operator/policy/glob.ts';
import { Heads } from '../../../../operator/policy/reach/heads.ts';
import { nothing } from '../../../../operator/policy/reach/machine.ts';

describe('beginnings of languages', () => {
  const language = (...texts: readonly string[]) => ({ key: '', machine: nothing, heads: texts.map(literalGlob) });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 4 });
  const texts = fc.array(text, { maxLength: 3 });

  it('name every language one of whose beginnings goes on with another, or the other way round', () => {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 6 }), texts, (owned, asked) => {
        const meets = (heads: readonly string[]) =>
          heads.some((one) => asked.some((other) => one.startsWith(other) || other.startsWith(one)));
        const heads = new Heads(owned.map((one) => language(...one)));
        expect([...heads.meeting(language(...asked))].sort()).toEqual(
          owned.flatMap((one, at) => (meets(one) ? [at] : [])),
        );
      }),
      { numRuns: 500 },
    );
  });
});
