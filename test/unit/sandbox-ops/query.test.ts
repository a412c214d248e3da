import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AwsError } from '../../../operator/sandbox/errors.ts';
import { matches } from '../../../operator/sandbox/ops/indexing/match.ts';
import { parseQuery } from '../../../operator/sandbox/ops/indexing/query.ts';

const THING: Readonly<Record<string, readonly string[]>> = {
  thingName: ['Pump-1'],
  thingGroupNames: ['north', 'pumps'],
  'attributes.model': ['X-200'],
  'attributes.weight': ['45'],
  'attributes.site': ['Hall A:2'],
  'attributes.below': ['-3'],
};
const lookup = (field: string | undefined) =>
  field === undefined ? Object.values(THING).flat() : (THING[field] ?? []);
const finds = (query: string) => matches(parseQuery(query).query, lookup);

const cases: readonly { query: string; found: boolean; reason: string }[] = [
  { query: 'thingName:pump-1', found: true, reason: 'values compare without case' },
  { query: 'thingname:pump-1', found: false, reason: 'field names compare with case' },
  { query: 'thingName:pump', found: false, reason: 'a term is the whole value' },
  { query: 'thingName:pump*', found: true, reason: 'prefix' },
  { query: 'thingName:p?mp-1', found: true, reason: 'one character' },
  { query: 'thingName:"pump*"', found: false, reason: 'in quotes a star is a star' },
  { query: 'thingName:pump\\*', found: false, reason: 'escaped, a star is a star' },
  { query: 'attributes.site:"hall a:2"', found: true, reason: 'quotes keep spaces and colons' },
  { query: 'attributes.site:hall\\ a\\:2', found: true, reason: 'escapes keep spaces and colons' },
  { query: 'pumps', found: true, reason: 'a bare term is looked for everywhere' },
  { query: 'thingName:pump-1 thingGroupNames:south', found: false, reason: 'nothing between terms is AND' },
  { query: 'thingGroupNames:south OR thingGroupNames:north', found: true, reason: 'OR' },
  { query: 'a AND b OR pumps', found: true, reason: 'AND binds closer than OR' },
  { query: 'a AND (b OR pumps)', found: false, reason: 'parentheses' },
  { query: 'NOT thingGroupNames:north', found: false, reason: 'NOT' },
  { query: 'pumps -thingGroupNames:south', found: true, reason: 'minus is NOT' },
  { query: 'thingGroupNames:(south OR north)', found: true, reason: 'a field for a group of terms' },
  { query: 'attributes.weight:[40 TO 45]', found: true, reason: 'square brackets include the end' },
  { query: 'attributes.weight:[40 TO 45}', found: false, reason: 'braces exclude the end' },
  { query: 'attributes.weight:{9 TO 100]', found: true, reason: 'numbers compare by value, not as text' },
  { query: 'attributes.weight:[9 TO *]', found: true, reason: 'an open end' },
  { query: 'attributes.weight>44', found: true, reason: 'comparison' },
  { query: 'attributes.weight:<=44', found: false, reason: 'comparison after a colon' },
  { query: 'attributes.below:-3', found: true, reason: 'after a colon a minus belongs to the number' },
  { query: 'attributes.model>1', found: false, reason: 'a text is not in a range of numbers' },
  { query: 'attributes.absent:*', found: false, reason: 'a star asks for a value' },
  { query: 'attributes.model:*', found: true, reason: 'a star asks for a value' },
  { query: '*', found: true, reason: 'everything' },
];

describe('the query language', () => {
  it.each(cases)('$query: $reason', ({ query, found }) => expect(finds(query)).toBe(found));

  it.each(['thingName:*ump', '?x', 'a AND', '(a', 'a)', 'thingName:', 'x:[1 TO', '"open', ''])(
    'refuses %s',
    (query) => {
      expect(() => parseQuery(query)).toThrow(expect.objectContaining({ name: 'InvalidQueryException' }));
    },
  );

  it('counts the terms', () => {
    expect(parseQuery('a b:(c OR d) NOT e:[1 TO 2]').terms).toBe(4);
  });

  it('answers any text with a query or an InvalidQueryException, soon', () => {
    const piece = fc.constantFrom(
      'a',
      'b:',
      '(',
      ')',
      '[',
      ']',
      ' TO ',
      '*',
      '?',
      '-',
      ' AND ',
      ' OR ',
      'NOT ',
      '"',
      '\\',
      '>',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          finds(pieces.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(AwsError);
        }
      }),
    );
    const started = performance.now();
    matches(parseQuery('thingName:a*a*b').query, () => ['a'.repeat(100_000)]);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
