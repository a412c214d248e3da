import type { CreateJobTemplateRequest } from '@aws-sdk/client-iot';
import type { CallContext } from '../../context.ts';
import { awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf, pageOfList } from '../../state/paging.ts';
import { partitionOf, type Slice } from '../../state/scope.ts';
import { SequencedMap } from '../../state/sequenced.ts';
import { TAGS } from '../../state/tags.ts';
import { checkNewTags, compact, tagAtCreate } from '../support.ts';
import { MANAGED_TEMPLATES, type ManagedTemplate } from './managed-templates.ts';
import { checkTimeout } from './schedule.ts';
import { JOBS, type Job } from './state.ts';
import { parseWindows } from './windows.ts';

type Settings = Pick<
  CreateJobTemplateRequest,
  | 'presignedUrlConfig'
  | 'jobExecutionsRolloutConfig'
  | 'abortConfig'
  | 'timeoutConfig'
  | 'jobExecutionsRetryConfig'
  | 'maintenanceWindows'
  | 'destinationPackageVersions'
>;

interface JobTemplate {
  readonly id: string;
  readonly description: string;
  readonly document: string;
  readonly documentSource: string | undefined;
  readonly createdAt: number;
  readonly settings: Settings;
}

/** The job templates of one account and region, besides those of AWS. */
export const JOB_TEMPLATES: Slice<SequencedMap<JobTemplate>> = {
  name: 'job-templates',
  create: () => new SequencedMap<JobTemplate>(),
  save: (templates) => [...templates.values()],
  load(templates, saved) {
    for (const template of saved as JobTemplate[]) {
      templates.set(template.id, { ...template, documentSource: template.documentSource });
    }
  },
};

const arnOf = (context: CallContext, id: string) => context.arn(`jobtemplate/${id}`);

/** AWS's own templates are in no account. */
function managedArn({ scope }: CallContext, { name, version }: ManagedTemplate): string {
  return `arn:${partitionOf(scope.region)}:iot:${scope.region}::jobtemplate/${name}:${version}`;
}

function templateWithId(context: CallContext, id: string): JobTemplate {
  const template = context.slice(JOB_TEMPLATES).get(id);
  if (!template) throw notFound(`Job template ${id} cannot be found`);
  return template;
}

/** What a job gets from a template, as far as the call does not say otherwise. */
export interface FromTemplate {
  readonly document: string;
  readonly documentSource?: string | undefined;
  readonly settings: Settings;
}

/** Document parameters are for templates of AWS only (API_CreateJob). */
export function fromTemplate(
  context: CallContext,
  arn: string,
  parameters: Readonly<Record<string, string>> | undefined,
): FromTemplate {
  const managed = MANAGED_TEMPLATES.find((template) => managedArn(context, template) === arn);
  if (managed) return { document: filledIn(managed, parameters ?? {}), settings: {} };
  if (parameters !== undefined) throw invalid('documentParameters can only be used with a managed template');
  const resource = context.scope.resourceOf(arn);
  const id = resource?.startsWith('jobtemplate/') ? resource.slice('jobtemplate/'.length) : undefined;
  if (id === undefined) throw notFound(`Job template ${arn.slice(0, 200)} cannot be found`);
  return templateWithId(context, id);
}

function filledIn({ name, document, parameters }: ManagedTemplate, given: Readonly<Record<string, string>>): string {
  const known = parameters.map(({ key = '' }) => key);
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(`Template ${name} has no parameter ${unknown.slice(0, 100)}`);
  return parameters.reduce((text, { key = '', optional }) => {
    const value = Object.hasOwn(given, key) ? given[key] : undefined;
    if (value === undefined && !optional) throw invalid(`Template ${name} needs the parameter ${key}`);
    // The value becomes part of a JSON text.
    return text.replaceAll(`\${aws:iot:parameter:${key}}`, () => JSON.stringify(value ?? '').slice(1, -1));
  }, document);
}

/** A template may be made from a job; what the call gives goes before what the job has. */
function jobNamed(context: CallContext, arn: string | undefined): Job | undefined {
  if (arn === undefined) return undefined;
  const resource = context.scope.resourceOf(arn) ?? '';
  const job = context.slice(JOBS).get(resource.replace(/^job\//, ''));
  if (!job) throw notFound(`Job ${arn.slice(0, 200)} cannot be found`);
  return job;
}

const summary = (context: CallContext, { id, description, createdAt }: JobTemplate) => ({
  jobTemplateArn: arnOf(context, id),
  jobTemplateId: id,
  description,
  createdAt: new Date(createdAt),
});

/** The managed template in the version asked for, or in its only one. */
function managedNamed(name: string, version: string | undefined): ManagedTemplate {
  const found = MANAGED_TEMPLATES.find((template) => template.name === name);
  if (!found || (version !== undefined && version !== found.version)) {
    throw notFound(`Managed job template ${name.slice(0, 100)} cannot be found`);
  }
  return found;
}

/** Job templates (jobs-templates), of the account and of AWS. */
export const jobTemplates = family(
  'iot',
  {
    CreateJobTemplate(context, input) {
      const { jobTemplateId: id, description, jobArn } = input;
      const table = context.slice(JOB_TEMPLATES);
      if (table.has(id)) throw awsError('ConflictException', `Job template ${id} already exists`);
      const job = jobNamed(context, jobArn);
      const document = input.document ?? job?.document;
      const documentSource = input.documentSource ?? job?.documentSource;
      if (document === undefined && documentSource === undefined) {
        throw invalid('A document, a documentSource or a jobArn must be given');
      }
      const { presignedUrlConfig, jobExecutionsRolloutConfig, abortConfig, timeoutConfig } = input;
      const { jobExecutionsRetryConfig, maintenanceWindows, destinationPackageVersions } = input;
      const of = job?.settings;
      const settings: Settings = compact({
        presignedUrlConfig: presignedUrlConfig ?? of?.presignedUrlConfig,
        jobExecutionsRolloutConfig: jobExecutionsRolloutConfig ?? of?.jobExecutionsRolloutConfig,
        abortConfig: abortConfig ?? of?.abortConfig,
        timeoutConfig: timeoutConfig ?? of?.timeoutConfig,
        jobExecutionsRetryConfig: jobExecutionsRetryConfig ?? of?.jobExecutionsRetryConfig,
        maintenanceWindows: maintenanceWindows ?? of?.schedulingConfig?.maintenanceWindows,
        destinationPackageVersions,
      });
      checkTimeout(settings.timeoutConfig?.inProgressTimeoutInMinutes);
      parseWindows(settings.maintenanceWindows ?? []);
      checkNewTags(input.tags);
      table.set(id, { id, description, document: document ?? '', documentSource, createdAt: context.now(), settings });
      tagAtCreate(context, arnOf(context, id), input.tags);
      context.changed({ kind: 'other', resource: arnOf(context, id) });
      return { jobTemplateArn: arnOf(context, id), jobTemplateId: id };
    },

    DescribeJobTemplate(context, input) {
      const template = templateWithId(context, input.jobTemplateId);
      const { documentSource, document, settings } = template;
      return compact({ ...summary(context, template), documentSource, document, ...settings });
    },

    DeleteJobTemplate(context, input) {
      const { id } = templateWithId(context, input.jobTemplateId);
      context.slice(JOB_TEMPLATES).delete(id);
      context.slice(TAGS).drop(arnOf(context, id));
      context.changed({ kind: 'other', resource: arnOf(context, id) });
      return {};
    },

    ListJobTemplates(context, input) {
      const request = { token: input.nextToken, limit: input.maxResults ?? 25 };
      const page = pageOf(context.slice(JOB_TEMPLATES), request, context.world.paging, (template) =>
        summary(context, template),
      );
      return compact({ jobTemplates: page.items, nextToken: page.next });
    },

    DescribeManagedJobTemplate(context, input) {
      const template = managedNamed(input.templateName, input.templateVersion);
      return {
        templateName: template.name,
        templateArn: managedArn(context, template),
        description: template.description,
        templateVersion: template.version,
        environments: [...template.environments],
        documentParameters: [...template.parameters],
        document: template.document,
      };
    },

    ListManagedJobTemplates(context, input) {
      const wanted = MANAGED_TEMPLATES.filter(
        ({ name }) => input.templateName === undefined || input.templateName === name,
      );
      const page = pageOfList(wanted, { token: input.nextToken, limit: input.maxResults ?? 25 }, context.world.paging);
      const managedJobTemplates = page.items.map((template) => ({
        templateArn: managedArn(context, template),
        templateName: template.name,
        description: template.description,
        environments: [...template.environments],
        templateVersion: template.version,
      }));
      return compact({ managedJobTemplates, nextToken: page.next });
    },
  },
  [JOB_TEMPLATES],
);
