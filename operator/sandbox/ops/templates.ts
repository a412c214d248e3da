import type { CallContext } from '../context.ts';
import { alreadyExists, awsError, invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { pageOf, pageOfList } from '../state/paging.ts';
import { type ProvisioningTemplate, SETTINGS, type TemplateVersion } from '../state/settings.ts';
import { TAGS } from '../state/tags.ts';
import { compact, tagAtCreate } from './support.ts';
import { parseTemplate } from './template-body.ts';

const MAX_VERSIONS = 5;
const MAX_TEMPLATES = 256;

const arnOf = (context: CallContext, name: string) => context.arn(`provisioningtemplate/${name}`);
const tableOf = (context: CallContext) => context.slice(SETTINGS).templates;

export function templateNamed(context: CallContext, name: string): ProvisioningTemplate {
  const template = tableOf(context).get(name);
  if (!template) throw notFound(`Provisioning template ${name} not found`);
  return template;
}

function versionOf(template: ProvisioningTemplate, id: number): TemplateVersion {
  const version = template.versions.find((v) => v.id === id);
  if (!version) throw notFound(`Provisioning template ${template.name} has no version ${id}`);
  return version;
}

export const defaultBody = (template: ProvisioningTemplate): string =>
  versionOf(template, template.defaultVersion).body;

function summary(context: CallContext, template: ProvisioningTemplate) {
  return compact({
    templateArn: arnOf(context, template.name),
    templateName: template.name,
    description: template.description,
    creationDate: new Date(template.createdAt),
    lastModifiedDate: new Date(template.modifiedAt),
    enabled: template.enabled,
    type: template.type,
  });
}

const changed = (context: CallContext, name: string) =>
  context.changed({ kind: 'other', resource: arnOf(context, name) });

export const provisioningTemplates = family('iot', {
  CreateProvisioningTemplate(context, input) {
    const table = tableOf(context);
    const name = input.templateName;
    if (table.has(name))
      throw alreadyExists(`Provisioning template ${name} already exists`, name, arnOf(context, name));
    if (table.size >= MAX_TEMPLATES)
      throw awsError('LimitExceededException', `The account has ${MAX_TEMPLATES} templates`);
    parseTemplate(input.templateBody);
    tagAtCreate(context, arnOf(context, name), input.tags);
    const now = context.now();
    table.set(name, {
      name,
      createdAt: now,
      modifiedAt: now,
      type: input.type ?? 'FLEET_PROVISIONING',
      description: input.description,
      enabled: input.enabled ?? false,
      roleArn: input.provisioningRoleArn,
      hook: input.preProvisioningHook as Record<string, unknown> | undefined,
      versions: [{ id: 1, body: input.templateBody, createdAt: now }],
      defaultVersion: 1,
      nextVersion: 2,
    });
    changed(context, name);
    return { templateArn: arnOf(context, name), templateName: name, defaultVersionId: 1 };
  },

  DescribeProvisioningTemplate(context, input) {
    const template = templateNamed(context, input.templateName);
    return compact({
      ...summary(context, template),
      defaultVersionId: template.defaultVersion,
      templateBody: defaultBody(template),
      provisioningRoleArn: template.roleArn,
      preProvisioningHook: template.hook as { targetArn: string } | undefined,
    });
  },

  UpdateProvisioningTemplate(context, input) {
    const template = templateNamed(context, input.templateName);
    if (input.removePreProvisioningHook && input.preProvisioningHook) {
      throw invalid('preProvisioningHook cannot be given and removed in one call');
    }
    if (input.defaultVersionId !== undefined) template.defaultVersion = versionOf(template, input.defaultVersionId).id;
    template.description = input.description ?? template.description;
    template.enabled = input.enabled ?? template.enabled;
    template.roleArn = input.provisioningRoleArn ?? template.roleArn;
    if (input.preProvisioningHook) template.hook = { ...input.preProvisioningHook };
    if (input.removePreProvisioningHook) template.hook = undefined;
    template.modifiedAt = context.now();
    changed(context, template.name);
    return {};
  },

  DeleteProvisioningTemplate(context, input) {
    const template = templateNamed(context, input.templateName);
    if (template.versions.length > 1) {
      throw awsError('DeleteConflictException', `Delete the other versions of template ${template.name} first`);
    }
    tableOf(context).delete(template.name);
    context.slice(TAGS).drop(arnOf(context, template.name));
    changed(context, template.name);
    return {};
  },

  ListProvisioningTemplates(context, input) {
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOf(tableOf(context), request, context.world.paging, (t) => summary(context, t));
    return compact({ templates: page.items, nextToken: page.next });
  },

  CreateProvisioningTemplateVersion(context, input) {
    const template = templateNamed(context, input.templateName);
    if (template.versions.length >= MAX_VERSIONS) {
      throw awsError(
        'VersionsLimitExceededException',
        `Template ${template.name} already has ${MAX_VERSIONS} versions`,
      );
    }
    parseTemplate(input.templateBody);
    const version = { id: template.nextVersion++, body: input.templateBody, createdAt: context.now() };
    template.versions = [...template.versions, version];
    if (input.setAsDefault) template.defaultVersion = version.id;
    template.modifiedAt = context.now();
    changed(context, template.name);
    return {
      templateArn: arnOf(context, template.name),
      templateName: template.name,
      versionId: version.id,
      isDefaultVersion: template.defaultVersion === version.id,
    };
  },

  DescribeProvisioningTemplateVersion(context, input) {
    const template = templateNamed(context, input.templateName);
    const version = versionOf(template, input.versionId);
    return {
      versionId: version.id,
      creationDate: new Date(version.createdAt),
      templateBody: version.body,
      isDefaultVersion: version.id === template.defaultVersion,
    };
  },

  DeleteProvisioningTemplateVersion(context, input) {
    const template = templateNamed(context, input.templateName);
    const version = versionOf(template, input.versionId);
    if (version.id === template.defaultVersion) {
      throw awsError(
        'DeleteConflictException',
        `Version ${version.id} is the default version of template ${template.name}`,
      );
    }
    template.versions = template.versions.filter((v) => v.id !== version.id);
    changed(context, template.name);
    return {};
  },

  ListProvisioningTemplateVersions(context, input) {
    const template = templateNamed(context, input.templateName);
    const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
    const page = pageOfList(template.versions, request, context.world.paging);
    const versions = page.items.map((version) => ({
      versionId: version.id,
      creationDate: new Date(version.createdAt),
      isDefaultVersion: version.id === template.defaultVersion,
    }));
    return compact({ versions, nextToken: page.next });
  },
});
