import type { Behavior, CreateSecurityProfileRequest, MetricsExportConfig, MetricToRetain } from '@aws-sdk/client-iot';
import type { Slice } from './scope.ts';
import { SequencedMap } from './sequenced.ts';

export interface RoleAlias {
  readonly alias: string;
  readonly createdAt: number;
  roleArn: string;
  seconds: number;
  modifiedAt: number;
}

export interface TemplateVersion {
  readonly id: number;
  readonly body: string;
  readonly createdAt: number;
}

export interface ProvisioningTemplate {
  readonly name: string;
  readonly createdAt: number;
  readonly type: 'FLEET_PROVISIONING' | 'JITP';
  description: string | undefined;
  enabled: boolean;
  roleArn: string;
  hook: Readonly<Record<string, unknown>> | undefined;
  versions: readonly TemplateVersion[];
  defaultVersion: number;
  nextVersion: number;
  modifiedAt: number;
}

export interface SecurityProfile {
  readonly name: string;
  readonly createdAt: number;
  description: string | undefined;
  behaviors: Behavior[];
  alertTargets: CreateSecurityProfileRequest['alertTargets'];
  metrics: string[] | undefined;
  metricsV2: MetricToRetain[] | undefined;
  exportConfig: MetricsExportConfig | undefined;
  version: number;
  modifiedAt: number;
  readonly targets: SequencedMap<true>;
}

export interface LoggingOptions {
  readonly roleArn: string | undefined;
  readonly defaultLogLevel: string | undefined;
  readonly disableAllLogs: boolean;
  readonly eventConfigurations: readonly unknown[] | undefined;
}

/** Account-wide settings and the smaller resources of one account and region. */
export class Settings {
  readonly roleAliases = new SequencedMap<RoleAlias>();
  readonly templates = new SequencedMap<ProvisioningTemplate>();
  readonly securityProfiles = new SequencedMap<SecurityProfile>();
  /** Security profiles per target ARN. */
  readonly profilesByTarget = new Map<string, readonly string[]>();
  readonly eventConfigurations = new Map<string, boolean>();
  eventsCreatedAt: number | undefined;
  eventsModifiedAt: number | undefined;
  logging: LoggingOptions | undefined;
  v1Logging: { readonly roleArn: string; readonly logLevel: string } | undefined;
  /** `TYPE:name` → level. */
  readonly logLevels = new SequencedMap<string>();
}

interface Saved {
  readonly roleAliases: readonly RoleAlias[];
  readonly templates: readonly ProvisioningTemplate[];
  readonly securityProfiles: readonly (readonly [Omit<SecurityProfile, 'targets'>, readonly string[]])[];
  readonly events: readonly (readonly [string, boolean])[];
  readonly eventTimes: readonly (number | null)[];
  readonly logging: LoggingOptions | null;
  readonly v1Logging: Settings['v1Logging'] | null;
  readonly logLevels: readonly (readonly [string, string])[];
}

export const SETTINGS: Slice<Settings> = {
  name: 'settings',
  create: () => new Settings(),
  save: (settings): Saved => ({
    roleAliases: [...settings.roleAliases.values()],
    templates: [...settings.templates.values()],
    securityProfiles: [...settings.securityProfiles.values()].map(({ targets, ...rest }) => [
      rest,
      [...targets.keys()],
    ]),
    events: [...settings.eventConfigurations],
    eventTimes: [settings.eventsCreatedAt ?? null, settings.eventsModifiedAt ?? null],
    logging: settings.logging ?? null,
    v1Logging: settings.v1Logging ?? null,
    logLevels: [...settings.logLevels.entries()],
  }),
  load(settings, saved) {
    const from = saved as Saved;
    for (const alias of from.roleAliases) settings.roleAliases.set(alias.alias, { ...alias });
    for (const template of from.templates) {
      settings.templates.set(template.name, { ...template, description: template.description, hook: template.hook });
    }
    for (const [profile, targets] of from.securityProfiles) loadProfile(settings, profile, targets);
    for (const [type, enabled] of from.events) settings.eventConfigurations.set(type, enabled);
    settings.eventsCreatedAt = from.eventTimes[0] ?? undefined;
    settings.eventsModifiedAt = from.eventTimes[1] ?? undefined;
    settings.logging = from.logging ?? undefined;
    settings.v1Logging = from.v1Logging ?? undefined;
    for (const [target, level] of from.logLevels) settings.logLevels.set(target, level);
  },
};

function loadProfile(settings: Settings, saved: Omit<SecurityProfile, 'targets'>, targets: readonly string[]): void {
  const profile: SecurityProfile = { ...saved, targets: new SequencedMap() };
  settings.securityProfiles.set(profile.name, profile);
  for (const target of targets) {
    profile.targets.set(target, true);
    settings.profilesByTarget.set(target, [...(settings.profilesByTarget.get(target) ?? []), profile.name]);
  }
}
