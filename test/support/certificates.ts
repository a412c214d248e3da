import { createAuthorityMaterial } from '../../operator/sandbox/x509/authority.ts';

/** A certificate that its own key signed, as a maker of devices brings it. */
export function selfSigned(): string {
  return createAuthorityMaterial(Date.now()).certificatePem;
}
