import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SecretFiles } from '../../../operator/runtime/store/local/secret-files.ts';
import { mayMount, smallFileSystem } from '../../support/machine.ts';
import { temporaryFolder } from '../../support/store.ts';
import { runSecretConformance } from './secrets.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const secrets = new SecretFiles(folder.path);
const folderOf = (name: string) => join(folder.path, 'secrets', 'factory', name);

runSecretConformance('files', () => ({
  secrets,
  namespace: 'factory',
  writeForeign: async ({ name }) => {
    mkdirSync(folderOf(name), { recursive: true });
    writeFileSync(join(folderOf(name), 'tls.key'), 'somebody made this');
  },
}));

describe('secret files', () => {
  const secret = { mark: 'm', data: { 'tls.key': 'key' } };

  it('can be read by their owner only, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      await secrets.write({ namespace: 'factory', name: 'modes' }, secret);
    } finally {
      process.umask(umask);
    }
    expect(statSync(folderOf('modes')).mode & 0o777).toBe(0o700);
    expect(statSync(join(folderOf('modes'), 'tls.key')).mode & 0o777).toBe(0o600);
    expect(readdirSync(folderOf('modes')).sort()).toEqual(['.owner', 'tls.key']);
  });

  it('are finished after a kill that left only the folder', async () => {
    mkdirSync(folderOf('abandoned'), { recursive: true });
    writeFileSync(join(folderOf('abandoned'), '..owner.new'), 'half');
    await secrets.write({ namespace: 'factory', name: 'abandoned' }, secret);
    expect(await secrets.read({ namespace: 'factory', name: 'abandoned' })).toEqual(secret);
  });

  it.each([
    { id: { namespace: '..', name: 'x' }, data: {} },
    { id: { namespace: 'factory', name: '../x' }, data: {} },
    { id: { namespace: 'factory', name: 'keys' }, data: { '../../escape': 'x' } },
  ])('never leave their folder: %o', async ({ id, data }) => {
    await expect(secrets.write(id, { mark: 'm', data })).rejects.toMatchObject({ kind: 'terminal' });
    expect(readdirSync(folder.path)).toEqual(['secrets']);
  });

  it.skipIf(!mayMount())('on a full disk are an error that passes (needs the right to mount)', async () => {
    using small = smallFileSystem('64k');
    const full = new SecretFiles(small.path);
    const big = { mark: 'm', data: { 'tls.key': 'k'.repeat(100_000) } };
    const id = { namespace: 'factory', name: 's' };
    await expect(full.write(id, big)).rejects.toMatchObject({ kind: 'transient', reason: 'SecretNotWritten' });
    expect((await full.read(id))?.data).toEqual({});
  });
});
