import type { Device } from '../../api/device.gen.ts';
import { hasReason } from '../../aws/classify.ts';
import { certificateArn } from '../external/arn.ts';
import type { Scope } from '../external/types.ts';

export interface PolicyEdge {
  readonly id: string;
  readonly policy: string;
  readonly present: boolean;
}

export async function setPolicy(scope: Scope<Device>, { id, policy, present }: PolicyEdge): Promise<void> {
  const { targets } = scope.session.snapshot;
  const target = certificateArn(scope.session, id);
  await scope.call(present ? 'AttachPolicy' : 'DetachPolicy', { policyName: policy, target });
  targets.wrote(policy, id, present);
}

export async function setStatus(scope: Scope<Device>, id: string, newStatus: 'ACTIVE' | 'INACTIVE'): Promise<void> {
  const { certificates } = scope.session.snapshot;
  try {
    await scope.call('UpdateCertificate', { certificateId: id, newStatus });
  } catch (thrown) {
    // Revoked certificates cannot become inactive, and need not.
    if (newStatus === 'ACTIVE' || !hasReason(thrown, 'CertificateState')) throw thrown;
  }
  const facts = certificates.get(id);
  if (facts !== undefined) certificates.wrote(id, { ...facts, status: newStatus });
}
