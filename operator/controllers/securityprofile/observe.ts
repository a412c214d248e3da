import type { DescribeSecurityProfileCommandOutput } from '@aws-sdk/client-iot';
import type { SecurityProfile } from '../../api/securityprofile.gen.ts';
import { ifFound } from '../../aws/classify.ts';
import { readMark } from '../external/tags.ts';
import type { Scope } from '../external/types.ts';
import { type ProfileShape, shapeOf } from './shape.ts';

export interface ObservedProfile extends ProfileShape {
  readonly arn: string;
  readonly mark: string | undefined;
  readonly version: number;
  readonly targets: readonly string[];
}

export function profileName({ spec, metadata }: SecurityProfile): string {
  return spec.securityProfileName ?? metadata.name;
}

export async function observeProfile(scope: Scope<SecurityProfile>): Promise<ObservedProfile | undefined> {
  const securityProfileName = profileName(scope.object);
  const found = await ifFound(scope.call('DescribeSecurityProfile', { securityProfileName }));
  if (found?.securityProfileArn === undefined) return undefined;
  return {
    ...shapeOf(fromAws(found)),
    arn: found.securityProfileArn,
    mark: await readMark(scope, found.securityProfileArn),
    version: found.version ?? 0,
    targets: await targetsOf(scope, securityProfileName),
  };
}

function fromAws(found: DescribeSecurityProfileCommandOutput) {
  return {
    description: found.securityProfileDescription,
    behaviors: found.behaviors,
    alertTargets: found.alertTargets,
    additionalMetricsToRetain: found.additionalMetricsToRetainV2,
    metricsExportConfig: found.metricsExportConfig,
  };
}

async function targetsOf(scope: Scope<SecurityProfile>, name: string): Promise<readonly string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const input = { securityProfileName: name, maxResults: 250, ...(nextToken === undefined ? {} : { nextToken }) };
    const page = await scope.call('ListTargetsForSecurityProfile', input);
    for (const { arn } of page.securityProfileTargets ?? []) if (arn !== undefined) arns.push(arn);
    nextToken = page.nextToken || undefined;
  } while (nextToken !== undefined);
  return arns.sort();
}
