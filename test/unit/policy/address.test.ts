import { describe, expect, it } from 'vitest';
import { cidrContains, parseAddress, parseCidr, showAddress } from '../../../operator/policy/address.ts';

const read = (text: string): string | undefined => {
  const address = parseAddress(text);
  return address === undefined ? undefined : showAddress(address.family, address.value);
};

describe('addresses', () => {
  it.each<readonly [text: string, shown: string | undefined]>([
    ['10.0.0.1', '10.0.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['256.0.0.1', undefined],
    ['1.2.3', undefined],
    ['1.2.3.4.5', undefined],
    [' 1.2.3.4', undefined],
    ['1.2.3.4 ', undefined],
    ['1.2.3.0004', undefined],
    ['a.2.3.4', undefined],
    ['', undefined],
    ['::', '0:0:0:0:0:0:0:0'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['1::', '1:0:0:0:0:0:0:0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['abcd:EF01::', 'abcd:ef01:0:0:0:0:0:0'],
    ['1:2:3:4:5:6:7', undefined],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['1:2:3:4::5:6:7:8', undefined],
    ['1:2:3:4:5:6:7:8:9', undefined],
    ['1::2::3', undefined],
    ['1:2:3:4:5:6:7::8::9', undefined],
    ['::1.2.3.4:5', undefined],
    ['1.2.3.4:1:2:3:4:5:6', undefined],
    ['::ffff:1.2.3.4', '0:0:0:0:0:ffff:102:304'],
    ['::1.2.3.400', undefined],
    ['1.2.3.4::1', undefined],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['1.2.3.4:1::', undefined],
    ['::12345', undefined],
    ['::g', undefined],
    [':1', undefined],
    ['1:', undefined],
    [':::', undefined],
    ['g::1', undefined],
    ['::1x', undefined],
    ['x1::', undefined],
  ])('%j is %s', (text, shown) => {
    expect(read(text)).toBe(shown);
  });

  it.each<readonly [text: string, first: string | undefined, last: string | undefined]>([
    ['10.0.0.0/8', '10.0.0.0', '10.255.255.255'],
    ['10.1.2.3/8', '10.0.0.0', '10.255.255.255'],
    ['10.1.2.3', '10.1.2.3', '10.1.2.3'],
    ['10.1.2.3/32', '10.1.2.3', '10.1.2.3'],
    ['10.1.2.3/0', '0.0.0.0', '255.255.255.255'],
    ['10.1.2.3/33', undefined, undefined],
    ['10.1.2.3/', undefined, undefined],
    ['10.1.2.3/x', undefined, undefined],
    ['10.1.2.3/x8', undefined, undefined],
    ['10.1.2.3/8x', undefined, undefined],
    ['10.1.2.3/0008', undefined, undefined],
    ['10.1.2.3/8/8', undefined, undefined],
    ['/8', undefined, undefined],
    ['::/128', '0:0:0:0:0:0:0:0', '0:0:0:0:0:0:0:0'],
    ['::/129', undefined, undefined],
    ['2001:db8::/32', '2001:db8:0:0:0:0:0:0', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('the block %j begins with %s', (text, first, last) => {
    const block = parseCidr(text);
    expect(block === undefined ? undefined : showAddress(block.family, block.low)).toBe(first);
    expect(block === undefined ? undefined : showAddress(block.family, block.high)).toBe(last);
  });

  it('lie in a block from its first to its last, in their own family', () => {
    const block = parseCidr('10.0.0.4/30');
    if (block === undefined) throw new Error('no block');
    const inside = ['10.0.0.3', '10.0.0.4', '10.0.0.7', '10.0.0.8', '::a00:4', 'x'].filter((text) =>
      cidrContains(block, text),
    );
    expect(inside).toEqual(['10.0.0.4', '10.0.0.7']);
  });
});
