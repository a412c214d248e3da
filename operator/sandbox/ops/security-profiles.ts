import type { CallContext } from '../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { pageOf, pageOfList } from '../state/paging.ts';
import { SequencedMap } from '../state/sequenced.ts';
import { SETTINGS, type SecurityProfile, type Settings } from '../state/settings.ts';
import { TAGS } from '../state/tags.ts';
import { checkBehaviors, checkRetained, problemsOf } from './behaviors.ts';
import { checkVersion, compact, registryOf, tagAtCreate } from './support.ts';

const MAX_PER_TARGET = 5;
const SCOPES = ['all/things', 'all/registered-things', 'all/unregistered-things'];

const settingsOf = (context: CallContext): Settings => context.slice(SETTINGS);
const arnOf = (context: CallContext, name: string) => context.arn(`securityprofile/${name}`);

function profileNamed(context: CallContext, name: string): SecurityProfile {
  const profile = settingsOf(context).securityProfiles.get(name);
  if (!profile) throw notFound(`Security profile ${name} not found`);
  return profile;
}

function describe(context: CallContext, profile: SecurityProfile) {
  return compact({
    securityProfileName: profile.name,
    securityProfileArn: arnOf(context, profile.name),
    securityProfileDescription: profile.description,
    behaviors: profile.behaviors,
    alertTargets: profile.alertTargets,
    additionalMetricsToRetain: profile.metrics,
    additionalMetricsToRetainV2: profile.metricsV2,
    metricsExportConfig: profile.exportConfig,
    version: profile.version,
    creationDate: new Date(profile.createdAt),
    lastModifiedDate: new Date(profile.modifiedAt),
  });
}

/** A list cannot be cleared by passing it empty: a flag of its own does that, and not together with values. */
function replaced<T>(
  current: T | undefined,
  given: T | undefined,
  clear: boolean | undefined,
  name: string,
): T | undefined {
  if (clear && given !== undefined) throw invalid(`${name} cannot be given and deleted in one call`);
  if (clear) return undefined;
  const isEmpty = Array.isArray(given) && given.length === 0;
  return given === undefined || isEmpty ? current : given;
}

function checkTarget(context: CallContext, target: string): void {
  const resource = context.scope.resourceOf(target);
  if (resource?.startsWith('thinggroup/')) {
    const name = resource.slice('thinggroup/'.length);
    if (!registryOf(context).groups.has(name)) throw notFound(`Thing group ${name} not found`);
    return;
  }
  if (resource === undefined || !SCOPES.includes(resource)) {
    throw invalid(`${target.slice(0, 200)} is not a thing group or one of ${SCOPES.join(', ')}`);
  }
}

function detach(settings: Settings, profile: SecurityProfile, target: string): boolean {
  if (!profile.targets.delete(target)) return false;
  const left = (settings.profilesByTarget.get(target) ?? []).filter((name) => name !== profile.name);
  if (left.length > 0) settings.profilesByTarget.set(target, left);
  else settings.profilesByTarget.delete(target);
  return true;
}

const changed = (context: CallContext, name: string) =>
  context.changed({ kind: 'other', resource: `securityprofile/${name}` });

export const securityProfiles = family('iot', {
  CreateSecurityProfile(context, input) {
    const settings = settingsOf(context);
    const name = input.securityProfileName;
    const arn = arnOf(context, name);
    if (settings.securityProfiles.has(name)) {
      throw alreadyExists(`Security profile ${name} already exists`, name, arn);
    }
    checkBehaviors(context, input.behaviors ?? []);
    checkRetained(context, input.additionalMetricsToRetainV2 ?? []);
    tagAtCreate(context, arn, input.tags);
    settings.securityProfiles.set(name, {
      name,
      createdAt: context.now(),
      modifiedAt: context.now(),
      description: input.securityProfileDescription,
      behaviors: input.behaviors ?? [],
      alertTargets: input.alertTargets,
      metrics: input.additionalMetricsToRetain,
      metricsV2: input.additionalMetricsToRetainV2,
      exportConfig: input.metricsExportConfig,
      version: 1,
      targets: new SequencedMap(),
    });
    changed(context, name);
    return { securityProfileName: name, securityProfileArn: arn };
  },

  DescribeSecurityProfile: (context, input) => describe(context, profileNamed(context, input.securityProfileName)),

  UpdateSecurityProfile(context, input) {
    const profile = profileNamed(context, input.securityProfileName);
    checkVersion(input.expectedVersion, profile.version, `security profile ${profile.name}`);
    if (input.behaviors) checkBehaviors(context, input.behaviors);
    checkRetained(context, input.additionalMetricsToRetainV2 ?? []);
    const behaviors = replaced(profile.behaviors, input.behaviors, input.deleteBehaviors, 'behaviors') ?? [];
    const alerts = replaced(profile.alertTargets, input.alertTargets, input.deleteAlertTargets, 'alertTargets');
    const clear = input.deleteAdditionalMetricsToRetain;
    const metrics = replaced(profile.metrics, input.additionalMetricsToRetain, clear, 'additionalMetricsToRetain');
    const v2 = replaced(profile.metricsV2, input.additionalMetricsToRetainV2, clear, 'additionalMetricsToRetainV2');
    const given = input.metricsExportConfig;
    const exported = replaced(profile.exportConfig, given, input.deleteMetricsExportConfig, 'metricsExportConfig');
    const description = input.securityProfileDescription ?? profile.description;
    const next = { behaviors, alertTargets: alerts, metrics, metricsV2: v2, exportConfig: exported, description };
    Object.assign(profile, next, { version: profile.version + 1, modifiedAt: context.now() });
    changed(context, profile.name);
    return describe(context, profile);
  },

  DeleteSecurityProfile(context, input) {
    const settings = settingsOf(context);
    const profile = settings.securityProfiles.get(input.securityProfileName);
    if (!profile) return {};
    checkVersion(input.expectedVersion, profile.version, `security profile ${profile.name}`);
    if (profile.targets.size > 0 && context.world.switches.attachedProfileBlocksDelete) {
      throw invalid(`Security profile ${profile.name} is still attached to targets`);
    }
    for (const target of [...profile.targets.keys()]) detach(settings, profile, target);
    settings.securityProfiles.delete(profile.name);
    context.slice(TAGS).drop(arnOf(context, profile.name));
    changed(context, profile.name);
    return {};
  },

  ListSecurityProfiles(context, input) {
    const uses = (profile: SecurityProfile, key: string, value: string) =>
      JSON.stringify([profile.behaviors, profile.metricsV2 ?? []]).includes(`"${key}":${JSON.stringify(value)}`);
    const page = pageOf(
      settingsOf(context).securityProfiles,
      { token: input.nextToken, limit: input.maxResults ?? 25 },
      context.world.paging,
      (profile) =>
        (input.dimensionName === undefined || uses(profile, 'dimensionName', input.dimensionName)) &&
        (input.metricName === undefined || uses(profile, 'metric', input.metricName))
          ? { name: profile.name, arn: arnOf(context, profile.name) }
          : undefined,
    );
    return compact({ securityProfileIdentifiers: page.items, nextToken: page.next });
  },

  AttachSecurityProfile(context, input) {
    const settings = settingsOf(context);
    const profile = profileNamed(context, input.securityProfileName);
    const target = input.securityProfileTargetArn;
    checkTarget(context, target);
    if (profile.targets.has(target)) return {};
    const attached = settings.profilesByTarget.get(target) ?? [];
    if (attached.length >= MAX_PER_TARGET) {
      throw awsError('LimitExceededException', `A target can have at most ${MAX_PER_TARGET} security profiles`);
    }
    profile.targets.set(target, true);
    settings.profilesByTarget.set(target, [...attached, profile.name]);
    changed(context, profile.name);
    return {};
  },

  DetachSecurityProfile(context, input) {
    const profile = profileNamed(context, input.securityProfileName);
    if (detach(settingsOf(context), profile, input.securityProfileTargetArn)) changed(context, profile.name);
    return {};
  },

  ListTargetsForSecurityProfile(context, input) {
    const { targets } = profileNamed(context, input.securityProfileName);
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOf(targets, request, context.world.paging, (_, arn) => ({ arn }));
    return compact({ securityProfileTargets: page.items, nextToken: page.next });
  },

  ListSecurityProfilesForTarget(context, input) {
    const target = input.securityProfileTargetArn;
    checkTarget(context, target);
    const names = settingsOf(context).profilesByTarget.get(target) ?? [];
    const page = pageOfList(names, { token: input.nextToken, limit: input.maxResults ?? 25 }, context.world.paging);
    const mappings = page.items.map((name) => ({
      securityProfileIdentifier: { name, arn: arnOf(context, name) },
      target: { arn: target },
    }));
    return compact({ securityProfileTargetMappings: mappings, nextToken: page.next });
  },

  ValidateSecurityProfileBehaviors(context, input) {
    const problems = problemsOf(context, input.behaviors);
    return { valid: problems.length === 0, validationErrors: problems.map((errorMessage) => ({ errorMessage })) };
  },
});
