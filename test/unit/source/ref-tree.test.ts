import { describe, expect, test } from 'vitest';
import { chooseRef, commitOf, parseRefWord, revisionOf } from '../../../operator/source/git/ref.ts';
import { checkSymlink, checkTree, cleanPath, defaultLimits, parseTree } from '../../../operator/source/git/tree.ts';

const commit = '4be1c7a3d5e6f7081920a1b2c3d4e5f60718293a';

describe('the ref of a source', () => {
  test.each([
    [{ branch: 'main', tag: 'v1', commit }, { kind: 'commit', commit }, 'a commit beats all'],
    [{ branch: 'main', tag: 'v1' }, { kind: 'tag', name: 'v1', ref: 'refs/tags/v1' }, 'a tag beats a branch'],
    [{ branch: 'release/1' }, { kind: 'branch', name: 'release/1', ref: 'refs/heads/release/1' }, 'slashes are fine'],
    [undefined, { kind: 'head', ref: 'HEAD' }, 'nothing named follows the default branch'],
  ])('%o is %o: %s', (spec, expected, _reason) => {
    expect(chooseRef(spec)).toEqual(expected);
  });

  test.each([
    [{ branch: '--upload-pack=x' }, 'an option'],
    [{ branch: 'a..b' }, 'a range'],
    [{ branch: 'a b' }, 'a space'],
    [{ branch: 'refs/*' }, 'a wildcard'],
    [{ branch: 'a:b' }, 'a refspec'],
    [{ branch: 'x.lock' }, 'a lock file'],
    [{ branch: '.hidden' }, 'a hidden component'],
    [{ branch: '@{-1}' }, 'a reflog expression'],
    [{ tag: 'v1^{}' }, 'a peeled name'],
    [{ tag: '/v1' }, 'an absolute name'],
    [{ commit: '4be1' }, 'a short commit is ambiguous'],
    [{ commit: 'main' }, 'not a commit id'],
  ])('%o is refused: %s', (spec, _reason) => {
    expect(() => chooseRef(spec)).toThrow(expect.objectContaining({ reason: 'InvalidRef' }));
  });

  test.each([
    ['main', { branch: 'main' }],
    ['refs/heads/main', { branch: 'main' }],
    ['refs/tags/v1', { tag: 'v1' }],
    ['tags/v1', { tag: 'v1' }],
    [commit.toUpperCase(), { commit }],
  ])('--ref %s is %o', (word, expected) => {
    expect(parseRefWord(word)).toEqual(expected);
  });

  test('a revision names what is followed and gives its commit back', () => {
    const revision = revisionOf(chooseRef({ branch: 'main' }), commit);
    expect(revision).toBe(`main@sha1:${commit}`);
    expect(commitOf(revision)).toBe(commit);
    expect(commitOf(revisionOf(chooseRef({ commit }), commit))).toBe(commit);
  });
});

describe('the files of a commit', () => {
  const line = (mode: string, size: number, path: string) =>
    `${mode} blob ${commit} ${String(size).padStart(7)}\t${path}\0`;

  test('names with spaces, tabs and line breaks survive', () => {
    const entries = parseTree(line('100644', 12, 'a b/c\td\n.yaml'));
    expect(entries).toEqual([{ mode: '100644', sha: commit, size: 12, path: 'a b/c\td\n.yaml' }]);
  });

  test('too many bytes or files are refused before one is written', () => {
    const entries = parseTree(line('100644', 10, 'a.yaml') + line('100644', 10, 'b.yaml'));
    const tooLarge = expect.objectContaining({ reason: 'RepositoryTooLarge' });
    expect(() => checkTree(entries, '', { ...defaultLimits, maxTreeBytes: 19 })).toThrow(tooLarge);
    expect(() => checkTree(entries, '', { ...defaultLimits, maxFiles: 1 })).toThrow(tooLarge);
    expect(checkTree(entries, '', { ...defaultLimits, maxTreeBytes: 20, maxFiles: 2 })).toEqual([]);
  });

  test('a submodule below the path is refused by name; one beside it does not matter', () => {
    const entries = parseTree(`${line('100644', 1, 'fleet/a.yaml')}160000 commit ${commit}       -\tvendor/lib\0`);
    expect(() => checkTree(entries, '', defaultLimits)).toThrow(/vendor\/lib is a submodule/);
    expect(() => checkTree(entries, 'fleet', defaultLimits)).not.toThrow();
  });

  test('a path that the commit does not have is an error, not an empty fleet', () => {
    expect(() => checkTree(parseTree(line('100644', 1, 'a.yaml')), 'fleet', defaultLimits)).toThrow(/nothing at/);
  });

  test.each([
    ['./', ''],
    ['.', ''],
    [undefined, ''],
    ['./fleet/', 'fleet'],
    ['fleet//site-a/../site-b', 'fleet/site-b'],
  ])('the path %s is %s', (path, expected) => {
    expect(cleanPath(path)).toBe(expected);
  });

  test.each(['..', '../x', '/etc', 'a/../../b', '..\\x'])('the path %s leaves the tree', (path) => {
    expect(() => cleanPath(path)).toThrow(/leaves the repository/);
  });

  test.each([
    ['a/b.yaml', '../c.yaml', true],
    ['a/b.yaml', '../../etc/passwd', false],
    ['b.yaml', '/etc/passwd', false],
    ['b.yaml', '..', false],
  ])('a link at %s to %s is inside: %s', (path, target, good) => {
    if (good) expect(() => checkSymlink(path, target)).not.toThrow();
    else expect(() => checkSymlink(path, target)).toThrow(/out of the repository/);
  });
});
