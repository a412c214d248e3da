import type { Behavior, CreateSecurityProfileCommandInput, MetricToRetain } from '@aws-sdk/client-iot';
import type { SecurityProfile } from '../../api/securityprofile.gen.ts';
import { ownerTags, writeMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';
import type { DesiredProfile, ProfileAction } from './diff.ts';
import { type ObservedProfile, profileName } from './observe.ts';

export interface ProfilePlan {
  readonly desired: DesiredProfile;
  readonly observed: ObservedProfile | undefined;
  readonly actions: readonly ProfileAction[];
}

export async function applyProfile(scope: Scope<SecurityProfile>, plan: ProfilePlan): Promise<void> {
  const { observed, actions } = plan;
  const securityProfileName = profileName(scope.object);
  const has = (kind: ProfileAction['kind']) => actions.some((action) => action.kind === kind);
  if (has('create')) {
    await scope.call('CreateSecurityProfile', {
      securityProfileName,
      ...valuesOf(scope.object),
      tags: ownerTags(scope.mark),
    });
  }
  if (has('update') && observed !== undefined) await update(scope, observed);
  if (has('mark') && observed !== undefined) await writeMark(scope, observed.arn);
  for (const action of actions) {
    if (action.kind === 'attach') {
      await scope.call('AttachSecurityProfile', { securityProfileName, securityProfileTargetArn: action.target });
    }
  }
  for (const action of actions) {
    if (action.kind === 'detach') {
      await scope.call('DetachSecurityProfile', { securityProfileName, securityProfileTargetArn: action.target });
    }
  }
}

type Values = Omit<CreateSecurityProfileCommandInput, 'securityProfileName' | 'tags'>;

/** The SDK's types are mutable and closed; what the schema let in has their form. */
function valuesOf({ spec }: SecurityProfile): Values {
  return {
    ...(spec.description === undefined ? {} : { securityProfileDescription: spec.description }),
    ...(spec.behaviors === undefined ? {} : { behaviors: spec.behaviors as unknown as Behavior[] }),
    ...(spec.alertTargets === undefined ? {} : { alertTargets: { ...spec.alertTargets } }),
    ...(spec.additionalMetricsToRetain === undefined
      ? {}
      : { additionalMetricsToRetainV2: spec.additionalMetricsToRetain as unknown as MetricToRetain[] }),
    ...(spec.metricsExportConfig === undefined ? {} : { metricsExportConfig: { ...spec.metricsExportConfig } }),
  };
}

/** AWS takes an empty list for "unchanged": clearing one has a flag of its own, refused together with values. */
async function update(scope: Scope<SecurityProfile>, observed: ObservedProfile): Promise<void> {
  const { spec } = scope.object;
  const { behaviors, additionalMetricsToRetainV2, ...rest } = valuesOf(scope.object);
  const empty = (list: readonly unknown[] | undefined) => list === undefined || list.length === 0;
  await scope.call('UpdateSecurityProfile', {
    securityProfileName: profileName(scope.object),
    ...rest,
    securityProfileDescription: spec.description ?? '',
    ...(empty(behaviors) ? { deleteBehaviors: true } : { behaviors }),
    ...(empty(additionalMetricsToRetainV2)
      ? { deleteAdditionalMetricsToRetain: true }
      : { additionalMetricsToRetainV2 }),
    ...(spec.alertTargets === undefined ? { deleteAlertTargets: true } : {}),
    ...(spec.metricsExportConfig === undefined ? { deleteMetricsExportConfig: true } : {}),
    expectedVersion: observed.version,
  });
}
