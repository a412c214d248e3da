import type { CallContext } from '../context.ts';
import { invalid } from '../errors.ts';
import { family } from '../operations.ts';
import { createKeys, signed } from './certificates.ts';
import { identityOf } from './support.ts';
import { templateNamed } from './templates.ts';

/** A claim of a trusted user is good for five minutes (provision-wo-cert). */
const CLAIM_MS = 300_000;

/** Lets the claim's certificate go when its time is over, with the connections that were made by it. */
function endAt(context: CallContext, certificateId: string, at: number): void {
  context.world.clock.after(at - context.now(), () => {
    identityOf(context).claims.delete(certificateId);
    context.scope.announce({ kind: 'certificate', operation: 'DELETED', certificateId, status: 'INACTIVE' });
  });
}

/** After a restore. */
export function resumeClaims(context: CallContext): void {
  for (const [id, { endsAt }] of identityOf(context).claims) endAt(context, id, endsAt);
}

export const provisioningClaims = family('iot', {
  async CreateProvisioningClaim(context, input) {
    const template = templateNamed(context, input.templateName);
    if (!template.enabled) throw invalid(`Provisioning template ${template.name} is not enabled`);
    const { keyPair, publicKeyInfo } = await createKeys();
    const endsAt = context.now() + CLAIM_MS;
    const { id, pem } = signed(context, { subject: { commonName: 'AWS IoT Certificate' }, publicKeyInfo });
    identityOf(context).claims.set(id, { status: 'ACTIVE', templateName: template.name, endsAt });
    endAt(context, id, endsAt);
    context.changed({ kind: 'other', resource: context.arn(`provisioningtemplate/${template.name}`) });
    return { certificateId: id, certificatePem: pem, keyPair, expiration: new Date(endsAt) };
  },
});
