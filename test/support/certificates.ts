import { createPrivateKey } from 'node:crypto';
import { type AuthorityMaterial, createAuthorityMaterial } from '../../operator/sandbox/x509/authority.ts';

/** A certificate that its own key signed, as a maker of devices brings it. */
export function selfSigned(): string {
  return createAuthorityMaterial(Date.now()).certificatePem;
}

/** RFC 8410: what stands before the 32 bytes of an Ed25519 key. */
const ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * An authority that issues the same certificates each time it is asked the same: their ids, by which much is sorted, are
 * digests of what it signed.
 */
export function repeatableAuthority(seed: number, now: number): AuthorityMaterial {
  const der = Buffer.concat([ED25519, Buffer.alloc(32, `authority ${seed} `)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  let issued = 0;
  const serial = () => {
    const number = Buffer.alloc(20);
    number.writeUInt32BE(seed >>> 0, 12);
    issued += 1;
    number.writeUInt32BE(issued, 16);
    return number;
  };
  return createAuthorityMaterial(now, key, serial);
}
