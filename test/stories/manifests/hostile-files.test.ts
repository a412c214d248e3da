import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadTree } from '../../../operator/source/manifests/index.ts';
import { type Content, folderOf, group, lines, load, names } from './support.ts';

describe('hostile files', () => {
  const hostile: readonly (readonly [reason: string, name: string, content: Content, expected: RegExp])[] = [
    ['binary', 'a.yaml', Buffer.from([1, 2, 0, 3]), /a\.yaml:1:1: holds a NUL byte/],
    ['a NUL byte on line 3', 'a.yaml', 'a: 1\nb: 2\nc: \0\n', /a\.yaml:3:1: holds a NUL byte/],
    [
      'invalid UTF-8 on line 2',
      'a.yaml',
      Buffer.concat([Buffer.from('a: 1\nb: '), Buffer.from([0xff, 0x0a])]),
      /a\.yaml:2:1: is not valid UTF-8/,
    ],
    ['UTF-16', 'a.yaml', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('a: 1\n', 'utf16le')]), /is UTF-16/],
    ['a document of 50 MB', 'a.yaml', Buffer.alloc(50 * 1024 * 1024, 'a'), /has a document of more than 16 MiB/],
    ['a flow document of 1 MB', 'a.yaml', `a: [\n${'1,\n'.repeat(300_000)}]\n`, /not in plain block style/],
    [
      'an alias bomb',
      'a.yaml',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from('bcdefghi', (letter, index) => `${letter}: &${letter} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]\n`).join('')}`,
      /aliases/,
    ],
    ['endless brackets', 'a.yaml', `a: ${'['.repeat(100_000)}`, /nested more than 100 levels/],
    ['endless JSON', 'a.json', '['.repeat(400_000), /is not JSON|nested/],
  ];
  it.each(hostile)('%s: a clear error, in bounded time', async (_, name, content, expected) => {
    const before = performance.now();
    const tree = await load({ [name]: content, 'ok.yaml': group('ok') });
    expect(lines(tree).join('\n')).toMatch(expected);
    expect(names(tree)).toEqual(['ThingGroup/ok']);
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  it('a file above the limit is not opened', async () => {
    const tree = await load({ 'a.yaml': group('a') }, { limits: { fileBytes: 10 } });
    expect(tree.errors).toEqual([expect.objectContaining({ code: 'TooLarge' })]);
  });

  it('links that leave the tree are refused, links within it read once, circles ended', async () => {
    const outside = await folderOf({ 'secret.yaml': group('outside') });
    const folder = await folderOf({ 'data/a.yaml': group('a'), '.hidden/b.yaml': group('b') });
    await symlink(join(outside, 'secret.yaml'), join(folder, 'leak.yaml'));
    await symlink(outside, join(folder, 'leak-folder'));
    await symlink('../data', join(folder, 'data/circle'));
    await symlink('data/a.yaml', join(folder, 'again.yaml'));
    await symlink('.hidden/b.yaml', join(folder, 'b.yaml'));
    await symlink('nowhere.yaml', join(folder, 'dead.yaml'));
    const tree = await loadTree(folder, { base: folder });
    expect(tree.errors.map(({ file, message }) => [file, message.slice(0, 40)])).toEqual([
      ['dead.yaml', 'is a symbolic link that leads nowhere: t'],
      ['leak-folder', 'is a symbolic link that leaves the tree,'],
      ['leak.yaml', 'is a symbolic link that leaves the tree,'],
    ]);
    expect(names(tree).sort()).toEqual(['ThingGroup/a', 'ThingGroup/b']);
  });

  it('links may lead out of the path where a whole checkout is given, and never out of that', async () => {
    const checkout = await folderOf({ 'common/a.yaml': group('a'), 'fleet/b.yaml': group('b') });
    await symlink('../common/a.yaml', join(checkout, 'fleet/a.yaml'));
    await symlink('/etc/hostname', join(checkout, 'fleet/c.yaml'));
    const tree = await loadTree(join(checkout, 'fleet'), { base: checkout, linkRoot: checkout });
    expect(names(tree)).toEqual(['ThingGroup/a', 'ThingGroup/b']);
    expect(tree.errors.map(({ file }) => file)).toEqual(['fleet/c.yaml']);
  });

  it('a path that is not there is an error, not an empty fleet', async () => {
    const tree = await loadTree('/nonexistent/fleet');
    expect(tree.errors).toEqual([
      expect.objectContaining({ code: 'BadFile', message: 'cannot be read: there is no such file or folder' }),
    ]);
  });

  it('a byte order mark and Windows line ends do no harm', async () => {
    const tree = await load({
      'a.yaml': `\ufeff${group('a').replaceAll('\n', '\r\n')}---\r\n${group('b').replaceAll('\n', '\r\n')}`,
    });
    expect(tree.errors).toEqual([]);
    expect(names(tree)).toEqual(['ThingGroup/a', 'ThingGroup/b']);
  });
});
