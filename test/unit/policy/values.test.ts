import { describe, expect, it } from 'vitest';
import { compileCondition } from '../../../operator/policy/conditions.ts';
import { FOLD, globOf } from '../../../operator/policy/glob.ts';
import { anyText, thingNames } from '../../../operator/policy/valid.ts';
import { cellsOf, fillings, intervalPoints, subsetsOf } from '../../../operator/policy/values.ts';

/** Sorted, since only which values are tried counts. */
function points(operator: string, values: readonly string[], texts: readonly string[] = [], asText = false): string[] {
  const entry = { operator, key: 'aws:K', values: values.map((text) => ({ text, at: undefined })), at: undefined };
  const condition = compileCondition(entry, true);
  const { family } = condition;
  if (family !== 'numeric' && family !== 'date' && family !== 'ip') throw new Error(`${operator} is no order`);
  const other = compileCondition({ ...entry, operator: 'Null' }, true);
  return [...intervalPoints([other, condition], family, { texts: texts.map(globOf), asText })].sort();
}
const cells = (...patterns: string[]) => cellsOf(patterns.map(globOf), anyText, { left: 1e5 });

describe('points in every interval', () => {
  it.each<readonly [reason: string, operator: string, values: readonly string[], found: readonly string[]]>([
    [
      'each bound, between two, below and above, whatever their order',
      'NumericLessThan',
      ['7', '5', 'x'],
      ['5', '6', '7', '8', '4'],
    ],
    ['the middle of near bounds', 'NumericEquals', ['1', '1.5'], ['1', '1.25', '1.5', '2.5', '0']],
    ['one number where none is given', 'NumericEquals', ['x'], ['0']],
    [
      'dates a second apart',
      'DateLessThan',
      ['2026-01-01T00:00:10Z', '2026-01-01T00:00:00Z'],
      [
        '2026-01-01T00:00:00.000Z',
        '2026-01-01T00:00:05.000Z',
        '2026-01-01T00:00:10.000Z',
        '2026-01-01T00:00:11.000Z',
        '2025-12-31T23:59:59.000Z',
      ],
    ],
    ['one date where none is given', 'DateLessThan', ['x'], ['1970-01-01T00:00:00.000Z']],
    [
      'no date that cannot be written',
      'DateLessThan',
      ['8640000000000'],
      ['+275760-09-13T00:00:00.000Z', '+275760-09-12T23:59:59.000Z'],
    ],
    [
      'the ends of a block and its neighbours',
      'IpAddress',
      ['10.0.0.0/8', 'x'],
      ['192.0.2.1', '2001:db8:0:0:0:0:0:1', '10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
    ],
    [
      'no neighbour beyond the first and the last address',
      'IpAddress',
      ['0.0.0.0/1', '255.255.255.255'],
      [
        '192.0.2.1',
        '2001:db8:0:0:0:0:0:1',
        '0.0.0.0',
        '127.255.255.255',
        '128.0.0.0',
        '255.255.255.255',
        '255.255.255.254',
      ],
    ],
    [
      'the same in IPv6',
      'IpAddress',
      ['::/1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
      [
        '192.0.2.1',
        '2001:db8:0:0:0:0:0:1',
        '0:0:0:0:0:0:0:0',
        '7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
        '8000:0:0:0:0:0:0:0',
        'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
        'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe',
      ],
    ],
  ])('%s: %s %j', (_reason, operator, values, found) => {
    expect(points(operator, values)).toEqual([...found].sort());
  });
});

describe('values in every interval where texts count as well', () => {
  it.each<
    readonly [
      reason: string,
      operator: string,
      values: readonly string[],
      texts: readonly string[],
      found: readonly string[],
    ]
  >([
    [
      'a writing that is none of the texts',
      'NumericEquals',
      ['5'],
      ['5', '5.0'],
      ['4', '4.0', '5', '5.00', '6', '6.0'],
    ],
    [
      'the same of dates',
      'DateEquals',
      ['1970-01-01T00:00:00Z'],
      ['1970-01-01T00:00:00.000Z'],
      [
        '1969-12-31T23:59:59.000Z',
        '1969-12-31T23:59:59.0000Z',
        '1970-01-01T00:00:00.000Z',
        '1970-01-01T00:00:00.0000Z',
        '1970-01-01T00:00:01.000Z',
        '1970-01-01T00:00:01.0000Z',
      ],
    ],
    [
      'as many addresses as there are texts, and one more',
      'IpAddress',
      ['10.0.0.0/8'],
      ['10.0.0.0', '10.0.0.1'],
      [
        '0.0.0.0',
        '0.0.0.1',
        '0.0.0.2',
        '10.0.0.0',
        '10.0.0.1',
        '10.0.0.2',
        '10.255.255.255',
        '11.0.0.0',
        '11.0.0.1',
        '11.0.0.2',
        '192.0.2.1',
        '2001:db8:0:0:0:0:0:1',
        '9.255.255.255',
      ],
    ],
  ])('%s: %s %j beside %j', (_reason, operator, values, texts, found) => {
    expect(points(operator, values, texts)).toEqual([...found].sort());
  });

  it('fills patterns so that they are numbers, dates and addresses', () => {
    expect(points('NumericLessThan', ['5'], ['1*'])).toEqual(
      expect.arrayContaining(['1', '10', '11', '15', '1.5', '05', '5.0']),
    );
    expect(points('NumericLessThan', ['5'], ['a*'])).not.toContain('a');
    expect(points('DateLessThan', ['2026-01-01'], ['2025-*'])).toEqual(
      expect.arrayContaining(['2025-01', '2025-01-01', '2025-01-01T00:00:00Z']),
    );
    expect(points('IpAddress', ['10.0.0.0/8'], ['10.?.*'])).toContain('10.0.0.0');
    expect(points('IpAddress', ['10.0.0.0/8'], ['2001:*'])).toContain('2001::1');
  });

  it.each([
    { operator: 'NumericLessThan', pattern: '7*', found: ['7', '70', '71', '75', '7.5'] },
    {
      operator: 'DateLessThan',
      pattern: '2025-03-04T05:06:07*',
      found: ['2025-03-04T05:06:07', '2025-03-04T05:06:07Z'],
    },
    { operator: 'DateLessThan', pattern: '2025-03*', found: ['2025-03'] },
    { operator: 'DateLessThan', pattern: '2025-03-04*', found: ['2025-03-04', '2025-03-04T00:00:00Z'] },
    { operator: 'DateLessThan', pattern: '2025-*', found: ['2025-01', '2025-01-01', '2025-01-01T00:00:00Z'] },
    { operator: 'IpAddress', pattern: '10.9.8.7*', found: ['10.9.8.7', '10.9.8.70'] },
    { operator: 'IpAddress', pattern: '10.9.8.*', found: ['10.9.8.0'] },
    { operator: 'IpAddress', pattern: '10.9.*', found: ['10.9.0.0'] },
    { operator: 'IpAddress', pattern: '10.*', found: ['10.0.0.0'] },
    { operator: 'IpAddress', pattern: '2001:db8:*', found: ['2001:db8::', '2001:db8::1'] },
  ])('tries each simple beginning or end of what a pattern leaves open: $operator beside $pattern', (row) => {
    const { operator, pattern, found } = row;
    const bound = operator === 'IpAddress' ? '172.16.0.0/12' : operator === 'DateLessThan' ? '2026-06-01' : '500';
    const written = points(operator, [bound], [pattern]);
    expect(written).toEqual(expect.arrayContaining(found));
  });

  it('writes one number in several ways where it stands in a name', () => {
    expect(points('NumericEquals', ['-5'], [], true)).toEqual(
      ['-4', '-4.0', '-04', '-5', '-5.0', '-05', '-6', '-6.0', '-06'].sort(),
    );
    expect(points('NumericEquals', ['1e30'], [], true)).toEqual(expect.arrayContaining(['1e+30', '1.0e+30', '01e+30']));
    expect(points('DateEquals', ['10'], [], true)).toEqual(
      expect.arrayContaining(['1970-01-01T00:00:10.000Z', '1970-01-01T00:00:10.0000Z', '10', '010']),
    );
    expect(points('DateEquals', ['1969-12-31T23:59:50Z'], [], true)).not.toContain('-10');
  });

  it('takes room before, at and behind the value of a variable', () => {
    expect(points('NumericLessThan', ['${aws:Other}'])).toEqual(['-1', '0', '2']);
    expect(points('NumericLessThan', ['5', '${aws:Other}'])).toEqual(['3', '4', '5', '6']);
  });
});

describe('fresh text for wildcards', () => {
  it.each<readonly [pattern: string, lengths: readonly number[], texts: readonly string[]]>([
    ['a*b', [0, 1], ['ab', 'aqb']],
    ['a?*', [1, 2], ['aqq', 'aqqq']],
    ['*a*', [0, 1, 2], ['a', 'qa', 'qqa', 'aq', 'qaq', 'qqaq', 'aqq', 'qaqq', 'qqaqq']],
    ['ab', [1, 2], ['ab']],
  ])('%s in lengths of %j', (pattern, lengths, texts) => {
    expect(fillings(globOf(pattern), 'q', lengths)).toEqual({ texts, complete: true });
  });

  it('comes in lower, upper and mixed case where either is taken', () => {
    const folded = Int32Array.from([FOLD - 97, FOLD - 98, 45]);
    expect(fillings(folded, 'q', [1]).texts).toEqual(['ab-', 'AB-', 'Ab-']);
    expect(fillings(Int32Array.of(45, FOLD - 97, FOLD - 98), 'q', [1]).texts).toEqual(['-ab', '-AB', '-aB']);
    // In German capitals ß is SS; a name that takes either case takes ẞ.
    expect(fillings(Int32Array.of(FOLD - 0xdf, 45), 'q', [1]).texts).toEqual(['ß-', 'ẞ-']);
  });

  it('says where there are too many combinations, and then takes one star at a time', () => {
    expect(fillings(globOf('*a*b*c*'), 'q', [0, 1, 2])).toMatchObject({ complete: true });
    expect(fillings(globOf('*a*b*c*'), 'q', [0, 1, 2]).texts).toHaveLength(81);
    const { texts, complete } = fillings(globOf('*a*b*c*d*'), 'q', [1, 2, 3]);
    expect(complete).toBe(false);
    expect(texts).toHaveLength(18);
    expect(texts).toEqual(expect.arrayContaining(['qqaqqbqqcqqdqq', 'qabcd', 'abqqqcd', 'abcdqq']));
  });
});

describe('a value for every way in which patterns can turn out', () => {
  it('tells patterns apart, in the domain of the key', () => {
    expect([...cells('a*', '*b').values].sort()).toEqual(['', 'a', 'ab', 'b']);
    expect([...cells('a*', 'ab', 'a?').values].sort()).toEqual(['', 'a', 'ab', 'ax']);
    expect([...cellsOf([globOf('a*')], thingNames, { left: 1e5 }).values].sort()).toEqual(['a', 'x']);
    expect(cellsOf([globOf('*')], anyText, { left: 1e5 })).toEqual({ values: [''], exhaustive: true });
  });

  it('takes seven patterns in all combinations, and more in pairs', () => {
    const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const begin = letters.map((letter) => `${letter}*`);
    expect(cells(...begin.slice(1)).exhaustive).toBe(true);
    const { values, exhaustive } = cells(...begin);
    expect({ values: [...values].sort(), exhaustive }).toEqual({ values: ['', ...letters], exhaustive: false });
    const contain = cells(...letters.map((letter) => `*${letter}*`)).values;
    expect(contain).toHaveLength(1 + 8 + 28);
    expect(Math.max(...contain.map((value) => value.length))).toBe(2);
  });
});

describe('lists of values', () => {
  it('are all sets of a few, and pairs of more', () => {
    expect(subsetsOf(['a', 'b'], true)).toEqual({ values: [[], ['a'], ['b'], ['a', 'b']], exhaustive: true });
    expect(subsetsOf(['a'], false).exhaustive).toBe(false);
    const six = subsetsOf(['a', 'b', 'c', 'd', 'e', 'f'], true);
    expect({ count: six.values.length, exhaustive: six.exhaustive }).toEqual({ count: 64, exhaustive: true });
    const seven = subsetsOf(['a', 'b', 'c', 'd', 'e', 'f', 'g'], true);
    expect({ count: seven.values.length, exhaustive: seven.exhaustive }).toEqual({
      count: 1 + 7 + 21 + 1,
      exhaustive: false,
    });
    expect(seven.values).toEqual(
      expect.arrayContaining([[], ['g'], ['a', 'g'], ['f', 'g'], ['a', 'b', 'c', 'd', 'e', 'f', 'g']]),
    );
  });
});
