import { describe, expect, it } from 'vitest';
import type { MarkedSecret, SecretName } from '../../../operator/runtime/kube/secrets.ts';
import { freshNames } from './conformance/target.ts';

export interface Secrets {
  read(id: SecretName): Promise<MarkedSecret | undefined>;
  write(id: SecretName, secret: MarkedSecret): Promise<void>;
}

export interface SecretsTarget {
  readonly secrets: Secrets;
  readonly namespace: string;
  /** Puts something there that is not ours. */
  readonly writeForeign: (id: SecretName) => Promise<void>;
}

/** What keeps the keys that are made here: Secrets of a cluster, or files of the state folder. */
export function runSecretConformance(name: string, target: () => SecretsTarget): void {
  const fresh = freshNames();
  const mine = { mark: 'installation/factory/Device/press-1', data: { 'tls.key': 'key ✓\n', 'tls.csr': 'csr' } };
  describe(`secrets on ${name}`, () => {
    const idOf = (t: SecretsTarget) => ({ namespace: t.namespace, name: fresh('secret') });

    it('that are missing read as nothing', async () => {
      const t = target();
      expect(await t.secrets.read(idOf(t))).toBeUndefined();
    });

    it('come back as they were written, and can be completed under the same mark', async () => {
      const t = target();
      const id = idOf(t);
      await t.secrets.write(id, mine);
      expect(await t.secrets.read(id)).toEqual(mine);
      const complete = { ...mine, data: { ...mine.data, 'tls.crt': 'certificate' } };
      await t.secrets.write(id, complete);
      await t.secrets.write(id, complete);
      expect(await t.secrets.read(id)).toEqual(complete);
    });

    it('of another object are never overwritten', async () => {
      const t = target();
      const id = idOf(t);
      await t.secrets.write(id, mine);
      const theirs = t.secrets.write(id, { ...mine, mark: 'installation/factory/Device/press-2' });
      await expect(theirs).rejects.toMatchObject({ kind: 'terminal', reason: 'SecretExists' });
      expect(await t.secrets.read(id)).toEqual(mine);
    });

    it('of somebody else are never overwritten', async () => {
      const t = target();
      const id = idOf(t);
      await t.writeForeign(id);
      const before = await t.secrets.read(id);
      expect(before?.mark).toBe('');
      await expect(t.secrets.write(id, mine)).rejects.toMatchObject({ kind: 'terminal', reason: 'SecretExists' });
      expect(await t.secrets.read(id)).toEqual(before);
    });
  });
}
