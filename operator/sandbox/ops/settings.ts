import type { CallContext } from '../context.ts';
import { awsError, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { pageOf } from '../state/paging.ts';
import { SETTINGS } from '../state/settings.ts';
import { compact, registryOf } from './support.ts';

const EVENT_TYPES = [
  'THING',
  'THING_GROUP',
  'THING_TYPE',
  'THING_GROUP_MEMBERSHIP',
  'THING_GROUP_HIERARCHY',
  'THING_TYPE_ASSOCIATION',
  'JOB',
  'JOB_EXECUTION',
  'POLICY',
  'CERTIFICATE',
  'CA_CERTIFICATE',
] as const;

type EventType = (typeof EVENT_TYPES)[number];
type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'DISABLED';

const MAX_LOG_OVERRIDES = 1000;

const targetKey = (type: string, name: string | undefined) => `${type}:${name ?? ''}`;

function levelTarget(context: CallContext, type: string, name: string | undefined): string {
  if (type === 'DEFAULT') throw invalid('The default level is set by SetV2LoggingOptions');
  if (!name) throw invalid('targetName must be given');
  if (type === 'THING_GROUP' && !registryOf(context).groups.has(name)) throw notFound(`Thing group ${name} not found`);
  return targetKey(type, name);
}

function configured(context: CallContext) {
  const { logging } = context.slice(SETTINGS);
  if (!logging) throw awsError('NotConfiguredException', 'V2 logging is not configured for this account');
  return logging;
}

const changed = (context: CallContext, resource: string) => context.changed({ kind: 'other', resource });

export const accountSettings = family('iot', {
  DescribeEndpoint(context, input) {
    const { endpoints } = context.world;
    const type = input.endpointType ?? 'iot:Data';
    const served = type === 'iot:Data-ATS' || type === 'iot:Data' ? (endpoints.mqtt ?? endpoints.data) : endpoints.data;
    return { endpointAddress: served ?? `sandbox.iot.${context.scope.region}.amazonaws.com` };
  },

  DescribeEventConfigurations(context) {
    const settings = context.slice(SETTINGS);
    const eventConfigurations: Partial<Record<EventType, { Enabled: boolean }>> = {};
    for (const type of EVENT_TYPES)
      eventConfigurations[type] = { Enabled: settings.eventConfigurations.get(type) ?? false };
    const { eventsCreatedAt: created, eventsModifiedAt: modified } = settings;
    return compact({
      eventConfigurations,
      creationDate: created === undefined ? undefined : new Date(created),
      lastModifiedDate: modified === undefined ? undefined : new Date(modified),
    });
  },

  UpdateEventConfigurations(context, input) {
    const settings = context.slice(SETTINGS);
    for (const [type, configuration] of Object.entries(input.eventConfigurations ?? {})) {
      settings.eventConfigurations.set(type, configuration?.Enabled ?? false);
    }
    settings.eventsCreatedAt ??= context.now();
    settings.eventsModifiedAt = context.now();
    changed(context, 'eventconfigurations');
    return {};
  },

  SetV2LoggingOptions(context, input) {
    const settings = context.slice(SETTINGS);
    const known = settings.logging;
    settings.logging = {
      roleArn: input.roleArn ?? known?.roleArn,
      defaultLogLevel: input.defaultLogLevel ?? known?.defaultLogLevel,
      disableAllLogs: input.disableAllLogs ?? known?.disableAllLogs ?? false,
      eventConfigurations: input.eventConfigurations ?? known?.eventConfigurations,
    };
    changed(context, 'v2logging');
    return {};
  },

  GetV2LoggingOptions(context) {
    const logging = configured(context);
    return compact({
      roleArn: logging.roleArn,
      defaultLogLevel: logging.defaultLogLevel as LogLevel | undefined,
      disableAllLogs: logging.disableAllLogs,
      eventConfigurations: logging.eventConfigurations as { eventType: string }[] | undefined,
    });
  },

  SetV2LoggingLevel(context, input) {
    configured(context);
    const { logLevels } = context.slice(SETTINGS);
    const { targetType, targetName } = input.logTarget;
    const key = levelTarget(context, targetType ?? '', targetName);
    if (!logLevels.has(key) && logLevels.size >= MAX_LOG_OVERRIDES) {
      throw awsError('LimitExceededException', `At most ${MAX_LOG_OVERRIDES} resource-specific log levels are allowed`);
    }
    logLevels.set(key, input.logLevel);
    changed(context, 'v2loggingLevel');
    return {};
  },

  DeleteV2LoggingLevel(context, input) {
    context.slice(SETTINGS).logLevels.delete(targetKey(input.targetType, input.targetName));
    changed(context, 'v2loggingLevel');
    return {};
  },

  ListV2LoggingLevels(context, input) {
    configured(context);
    const page = pageOf(
      context.slice(SETTINGS).logLevels,
      { token: input.nextToken, limit: input.maxResults ?? 25 },
      context.world.paging,
      (level, key) => {
        const colon = key.indexOf(':');
        const targetType = key.slice(0, colon) as 'THING_GROUP' | 'CLIENT_ID' | 'SOURCE_IP' | 'PRINCIPAL_ID';
        if (input.targetType !== undefined && input.targetType !== targetType) return undefined;
        return { logTarget: { targetType, targetName: key.slice(colon + 1) }, logLevel: level as LogLevel };
      },
    );
    return compact({ logTargetConfigurations: page.items, nextToken: page.next });
  },

  SetLoggingOptions(context, input) {
    const { roleArn, logLevel } = input.loggingOptionsPayload;
    context.slice(SETTINGS).v1Logging = { roleArn: roleArn ?? '', logLevel: logLevel ?? 'ERROR' };
    changed(context, 'loggingOptions');
    return {};
  },

  GetLoggingOptions(context) {
    const v1 = context.slice(SETTINGS).v1Logging;
    return v1 ? { roleArn: v1.roleArn, logLevel: v1.logLevel as LogLevel } : {};
  },
});
