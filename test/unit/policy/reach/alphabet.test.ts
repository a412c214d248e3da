import { describe, expect, it } from 'vitest';
import { FOLD, globOf } from '../../../../operator/policy/glob.ts';
import { type Alphabet, alphabetOf, spend } from '../../../../operator/policy/reach/alphabet.ts';
import { globMachine } from '../../../../operator/policy/reach/globs.ts';
import { accepts } from '../../../../operator/policy/reach/machine.ts';

describe('alphabets', () => {
  const letters = ({ codes }: Alphabet) => [...codes].map((code) => String.fromCodePoint(code)).join('');

  it('hold what MQTT gives a meaning, the letters in use and one that stands for all others', () => {
    expect(letters(alphabetOf([]))).toBe('x#$+/:aelrsuw');
    expect(letters(alphabetOf([globOf('b*?')], ['q']))).toBe('x#$+/:abelqrsuw');
    expect(alphabetOf([]).size).toBe(13);
  });

  it('choose a letter that reads well and occurs nowhere', () => {
    expect(letters(alphabetOf([globOf('x')])).at(0)).toBe('y');
    expect(letters(alphabetOf([], ['xyzwv'])).at(0)).toBe('t');
    const all = 'xyzwvutsrqponmkjihgfedcbaXYZWVUTSRQ0123456789';
    expect(letters(alphabetOf([], [all])).at(0)).toBe('α');
    expect(letters(alphabetOf([], [`${all}αβ`])).at(0)).toBe('γ');
  });

  it('hold both cases of a letter whose case is ignored', () => {
    const folded = new Int32Array([FOLD - 'q'.charCodeAt(0)]);
    expect(letters(alphabetOf([folded]))).toBe('x#$+/:Qaelqrsuw');
    const own = alphabetOf([folded]);
    const machine = globMachine([folded], own);
    expect(['q', 'Q', 'a', 'x'].map((text) => accepts(machine, own, text))).toEqual([true, true, false, false]);
  });

  it('write words as text, and take foreign letters for the one that stands for all others', () => {
    const own = alphabetOf([globOf('\u{1f600}')]);
    const face = own.index(0x1f600);
    expect(own.text([0, face])).toBe('x\u{1f600}');
    expect([own.index('x'.charCodeAt(0)), own.index(0x3b1)]).toEqual([0, 0]);
    expect(accepts(globMachine([globOf('?\u{1f600}')], own), own, 'α\u{1f600}')).toBe(true);
  });

  it('let no more be spent than there is', () => {
    const budget = { left: 2 };
    spend(budget, 2);
    expect(budget.left).toBe(0);
    expect(() => spend(budget, 1)).toThrow('used up its budget');
  });
});
