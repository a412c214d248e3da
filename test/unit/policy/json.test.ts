import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapePointer, parseJson, unescapePointer } from '../../../operator/policy/json.ts';

const positionsIn = (source: string): Readonly<Record<string, string>> => {
  const result = parseJson(source);
  if (result.kind === 'error') throw new Error(result.error.message);
  return Object.fromEntries([...result.json.positions].map(([pointer, at]) => [pointer, `${at.line}:${at.column}`]));
};
/** Message and place of what is wrong, or the value. */
const read = (source: string): unknown => {
  const result = parseJson(source);
  return result.kind === 'json'
    ? result.json.value
    : `${result.error.at.line}:${result.error.at.column} ${result.error.message}`;
};
const nested = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);

describe('JSON with places', () => {
  it('reads the values that the platform reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
        // Through the platform once, which has no -0 either.
        const source = JSON.stringify(value, undefined, indent);
        expect(JSON.stringify(read(source))).toBe(JSON.stringify(JSON.parse(source)));
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it.each([
    ['-0.5e+10', -0.5e10],
    ['1E-2', 0.01],
    ['10', 10],
    ['0', 0],
    ['-0.25', -0.25],
    ['12e3', 12e3],
    ['true', true],
    ['false', false],
    ['null', null],
    [`0.${'0'.repeat(500)}`, 0],
    ['"a\\"b\\\\\\u00e9"', 'a"b\\é'],
    ['""', ''],
    ['"\u007f\u2028 "', '\u007f\u2028 '],
    [' [ ] ', []],
    ['[\t1 ,\r\n2 ]', [1, 2]],
    ['[[],{}]', [[], {}]],
    ['{ }', {}],
    ['{ "a" : 1 , "b" : [ ] }', { a: 1, b: [] }],
  ])('%s', (source, value) => {
    expect(JSON.stringify(read(source))).toBe(JSON.stringify(value));
  });

  it.each([
    ['-', '1:1 expected a value, found "-"'],
    ['01', '1:1 expected a value, found "0"'],
    ['1.', '1:1 expected a value, found "1"'],
    ['.5', '1:1 expected a value, found "."'],
    ['1e', '1:1 expected a value, found "1"'],
    ['1e+', '1:1 expected a value, found "1"'],
    ['1-2', '1:1 expected a value, found "1"'],
    ['1+2', '1:1 expected a value, found "1"'],
    ['1x', '1:1 expected a value, found "1"'],
    ['-01', '1:1 expected a value, found "-"'],
    ['truex', '1:1 expected a value, found "t"'],
    ['True', '1:1 expected a value, found "T"'],
    ['x true', '1:1 expected a value, found "x"'],
    ["'a'", '1:1 expected a value, found "\'"'],
    ['[1', '1:3 expected "]", the text ends'],
    ['[1,', '1:4 expected a value, the text ends'],
    ['[1}', '1:3 expected "]", found "}"'],
    ['[,1]', '1:2 expected a value, found ","'],
    ['{"a":1]', '1:7 expected "}", found "]"'],
    ['{"a":1', '1:7 expected "}", the text ends'],
    ['{"a"', '1:5 expected ":", the text ends'],
    ['{"a" 1}', '1:6 expected ":", found "1"'],
    ['{"a":}', '1:6 expected a value, found "}"'],
    ['{,}', '1:2 expected a key in double quotes'],
    ['{"a":1,}', '1:8 expected a key in double quotes'],
    ['{1:1}', '1:2 expected a key in double quotes'],
    ['"a', '1:1 string without an end'],
    ['"a\\"', '1:1 string without an end'],
    ['"a\\', '1:1 string without an end'],
    ['["b","a\u001f"]', '1:8 control character in a string'],
    ['["b", "\\u12"]', '1:7 invalid escape in a string'],
    ['"a"\n"b"', '2:1 unexpected text after the end of the document'],
    ['1 \u00a0', '1:3 unexpected text after the end of the document'],
    ['\ufeff\ufeff1', '1:2 expected a value, found "\ufeff"'],
    ['[1,\n\n  x]', '3:3 expected a value, found "x"'],
    ['\nx', '2:1 expected a value, found "x"'],
    ['1\n\nx', '3:1 unexpected text after the end of the document'],
  ])('%s is refused: %s', (source, said) => {
    expect(read(source)).toBe(said);
  });

  it('gives each value its line and column, by pointer', () => {
    expect(positionsIn('{\n "a/b": [1,\n  {"c~": "x"}],\n\n"": null }')).toEqual({
      '': '1:1',
      '/a~1b': '2:9',
      '/a~1b/0': '2:10',
      '/a~1b/1': '3:3',
      '/a~1b/1/c~0': '3:10',
      '/': '5:5',
    });
    expect(positionsIn('\ufeff 1')).toEqual({ '': '1:3' });
    expect(positionsIn('[0,1,2,3,4,5,6,7,8,9,10]')['/10']).toBe('1:22');
  });

  it('names keys that occur twice, in whichever object', () => {
    const duplicates = (source: string): readonly string[] => {
      const result = parseJson(source);
      return result.kind === 'json' ? result.json.duplicates : [];
    };
    expect(duplicates('{"a":1,"b":{"a":1,"a":2,"a":3},"b":2}')).toEqual(['/b/a', '/b/a', '/b']);
    expect(duplicates('{"a":{"a":1},"b":[{"a":1},{"a":1}]}')).toEqual([]);
    expect(duplicates('{"toString":1,"__proto__":1,"constructor":1}')).toEqual([]);
    expect(duplicates('{"__proto__":1,"__proto__":1}')).toEqual(['/__proto__']);
  });

  it('reads values inside 64 lists or objects and no deeper', () => {
    expect(read(nested(64, '[', ']'))).toBeInstanceOf(Array);
    expect(read(nested(65, '[', ']'))).toBeInstanceOf(Array);
    expect(read(nested(66, '[', ']'))).toBe('1:66 nested deeper than 64 levels');
    expect(read(`${'{"a":'.repeat(65)}1${'}'.repeat(65)}`)).toBe('1:326 nested deeper than 64 levels');
    expect(read(`${'{"a":'.repeat(64)}1${'}'.repeat(64)}`)).toMatchObject({ a: { a: {} } });
  });

  it('keeps the places of a hundred thousand values, more than any policy has', () => {
    const result = parseJson(`[${'1,'.repeat(100_000)}1]`);
    expect(result.kind === 'json' ? result.json.positions.size : 0).toBe(100_000);
    expect(result.kind === 'json' ? result.json.value : []).toHaveLength(100_001);
  });

  it.each([
    ['a/b', 'a~1b'],
    ['a~b', 'a~0b'],
    ['~1', '~01'],
    ['//~~', '~1~1~0~0'],
  ])('%s stands in a pointer as %s', (key, part) => {
    expect(escapePointer(key)).toBe(part);
    expect(unescapePointer(part)).toBe(key);
  });
});
