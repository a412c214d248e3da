import type { Device, DeviceStatusContained } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { hasReason } from '../../aws/classify.ts';
import { parseVerbValue, VERB_PREFIX } from '../../rollout/verbs.ts';
import { Priority } from '../../runtime/reconciler.ts';
import { certificateArn } from '../external/arn.ts';
import type { Scope } from '../external/types.ts';
import { declaredName } from '../iotpolicy/names.ts';

/** `<token>@<IoTPolicy> [(<why>)] by <user>`. */
const CONTAIN_ANNOTATION = `${VERB_PREFIX}contain`;

/** Index of IoTPolicies for containment, by namespace. */
export const CONTAINMENT = 'containment';

/**
 * Puts a prepared denial on every certificate of a device at once: outside of every rollout, before anything else of it is
 * looked at, with the priority of security acts. Afterwards the denial speaks for itself: whoever attached it, a policy for
 * containment on a certificate holds the device until a person acknowledges that (`diff-certificates.ts`). Asked once by
 * one token; a crash in between does it again, which changes nothing.
 */
export async function containDevice(scope: Scope<Device>): Promise<void> {
  const asked = parseVerbValue(scope.object.metadata.annotations?.[CONTAIN_ANNOTATION] ?? '');
  if (asked === undefined || scope.object.status?.contained?.token === asked.token) return;
  const { token, user, remark, subject = '' } = asked;
  const answer = { token, policy: subject, by: user, ...(remark === undefined ? {} : { remark }) };
  const at = new Date(scope.deps.clock.now()).toISOString();
  const problem = await attachEverywhere(scope, subject);
  const contained: DeviceStatusContained = { ...answer, at, ...(problem === undefined ? {} : { problem }) };
  await scope.save({ contained });
  const message =
    problem === undefined
      ? `contained with policy ${subject} by ${user}${remark === undefined ? '' : `: ${remark}`}; it stays until somebody acknowledges it`
      : `not contained: ${problem}`;
  scope.log.warn('Containing a device', { policy: subject, user, problem });
  const reason = problem === undefined ? 'DeviceContained' : 'ContainmentFailed';
  scope.deps.events.record(scope.object, { type: 'Warning', reason, message, action: 'Contain' });
}

/** Why it could not be done, in words; undefined when every certificate carries the denial. */
async function attachEverywhere(scope: Scope<Device>, name: string): Promise<string | undefined> {
  const { object, deps, session } = scope;
  const { namespace = '' } = object.metadata;
  const policy = deps.cache.get({ kind: 'IoTPolicy', namespace, name }) as IoTPolicy | undefined;
  if (policy === undefined) return `there is no IoTPolicy ${name} in namespace ${namespace}`;
  if (policy.spec.containment !== true) return `IoTPolicy ${name} is not one for containment (spec.containment)`;
  if (policy.status?.arn === undefined) return `IoTPolicy ${name} is not in AWS yet`;
  if (object.spec.managementPolicy !== 'Manage')
    return `nothing is written under managementPolicy ${object.spec.managementPolicy}`;
  const ids = (object.status?.certificates ?? []).flatMap(({ certificateId }) => certificateId ?? []);
  if (ids.length === 0) return 'the device has no certificate in AWS';
  const policyName = declaredName(policy);
  for (const id of ids) {
    const target = certificateArn(session, id);
    try {
      await session.port.call(
        'AttachPolicy',
        { policyName, target },
        { ...scope.options, priority: Priority.security },
      );
    } catch (thrown) {
      if (!hasReason(thrown, 'LimitExceeded')) throw thrown;
      return `certificate ${id.slice(0, 12)} carries as many policies as AWS allows; put the thing into a quarantine group or make the certificate inactive`;
    }
    scope.wrote = true;
    session.snapshot.targets.wrote(policyName, id, true);
  }
  return undefined;
}
