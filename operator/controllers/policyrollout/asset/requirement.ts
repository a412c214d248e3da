import type { Device } from '../../../api/device.gen.ts';
import type { Classification } from '../../../rollout/classify.ts';
import type { SessionsMode } from '../../../rollout/sessions.ts';
import type { Requirement } from '../../../rollout/verdict.ts';
import type { Analysis, CertificatePolicies } from '../analysis.ts';

/** What the change takes away from this asset decides what has to be seen again. */
export function requirementOf(
  analysis: Analysis,
  device: Device,
  { retires, sessions }: { readonly retires: boolean; readonly sessions: SessionsMode },
): Requirement {
  const policies: readonly CertificatePolicies[] = analysis.policies.get(device.metadata.name) ?? [];
  const changes = policies.length > 0 ? policies.map(({ change }) => change) : [analysis.classification];
  const mayLose = ({ lost, incomplete }: (typeof changes)[number]) => [
    ...lost.map(({ action }) => action),
    ...incomplete,
  ];
  const lost = new Set(changes.flatMap(mayLose).map((action) => action.toLowerCase()));
  return {
    // A session of before says nothing about the certificate that stays, and one that was ended has to come back.
    newConnect: lost.has('iot:connect') || retires || analysis.classification.uncertain || sessions !== 'Wait',
    freshSubscribe: lost.has('iot:subscribe'),
    delivery: lost.has('iot:receive') || lost.has('iot:subscribe'),
    masked: !retires && changes.every(isHidden),
    errorsOnly:
      !retires && changes.every((change) => change.class === 'widens' && !change.uncertain && !change.addsDeny),
  };
}

/** Other policies hide from every certificate of it what the change does to others. */
export function isMasked({ policies }: Analysis, { metadata }: Device): boolean {
  return policies.get(metadata.name)?.every(({ change }) => isHidden(change)) === true;
}

function isHidden({ masked, class: found }: Classification): boolean {
  return masked && found === 'equivalent';
}

/** Whether sessions of before outlive anything: a change that takes nothing is in force for them as it is for others. */
export function takes({ masked, errorsOnly }: Requirement): boolean {
  return masked !== true && errorsOnly !== true;
}
