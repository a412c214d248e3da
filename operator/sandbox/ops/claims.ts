import type { CallContext } from '../context.ts';
import { invalid } from '../errors.ts';
import { family } from '../operations.ts';
import { createKeys, signed } from './certificates.ts';
import { identityOf } from './support.ts';
import { templateNamed } from './templates.ts';

/** A claim of a trusted user is good for five minutes (provision-wo-cert). */
const CLAIM_MS = 300_000;

/** Lets the claim's certificate go when its time is over, with the connections that were made by it. */
function endLater(context: CallContext, certificateId: string): void {
  context.world.clock.after(CLAIM_MS, () => {
    identityOf(context).claims.delete(certificateId);
    context.scope.announce({ kind: 'certificate', operation: 'DELETED', certificateId, status: 'INACTIVE' });
  });
}

export const provisioningClaims = family('iot', {
  async CreateProvisioningClaim(context, input) {
    const template = templateNamed(context, input.templateName);
    if (!template.enabled) throw invalid(`Provisioning template ${template.name} is not enabled`);
    const { keyPair, publicKeyInfo } = await createKeys();
    const { id, pem } = signed(context, { subject: { commonName: 'AWS IoT Certificate' }, publicKeyInfo });
    identityOf(context).claims.set(id, { status: 'ACTIVE', templateName: template.name });
    endLater(context, id);
    context.changed({ kind: 'other', resource: context.arn(`provisioningtemplate/${template.name}`) });
    const expiration = new Date(context.now() + CLAIM_MS);
    return { certificateId: id, certificatePem: pem, keyPair, expiration };
  },
});
