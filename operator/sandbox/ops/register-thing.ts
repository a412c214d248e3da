import { createHash } from 'node:crypto';
import type { CallContext } from '../context.ts';
import { AwsError, awsError, invalid } from '../errors.ts';
import { family } from '../operations.ts';
import { type Certificate, type CertificateStatus, pemOf } from '../state/identity.ts';
import { attributeOf, type Thing } from '../state/registry.ts';
import { attachPolicy } from './attachments.ts';
import { registerUnderCa } from './ca-certificates.ts';
import {
  certificateArn,
  certificateWithId,
  certifyRequest,
  setCertificateStatus,
  storeCertificate,
} from './certificates.ts';
import { joinGroup, leaveGroup } from './membership.ts';
import { createPolicy, policyNamed } from './policies.ts';
import { attachPrincipal } from './principals.ts';
import { identityOf, registryOf } from './support.ts';
import { parseTemplate, resolveValue, type TemplateResource } from './template-body.ts';
import { groupNamed } from './thing-groups.ts';
import { checkNewThing, createThing, mergeAttributes, thingArn, updateThing, usableType } from './things.ts';

export interface Provisioned {
  readonly certificate: Certificate;
  readonly thing: Thing | undefined;
  /** Logical name → ARN of what was made or found. */
  readonly arns: Readonly<Record<string, string>>;
}

/** Carries out a provisioning template, as RegisterThing, fleet provisioning and just-in-time provisioning do. */
export function provision(context: CallContext, body: string, given: Readonly<Record<string, string>>): Provisioned {
  const template = parseTemplate(body);
  const parameters = new Map<string, string>();
  for (const [name, fallback] of template.parameters) if (fallback !== undefined) parameters.set(name, fallback);
  for (const [name, value] of Object.entries(given)) parameters.set(name, value);
  const arns: Record<string, string> = {};
  const resolved = [...template.resources].map(([name, resource]) => {
    const properties = resolveValue(resource.properties, parameters) as Record<string, unknown>;
    return { name, resource: { ...resource, properties } };
  });
  const each = (type: TemplateResource['type']) => resolved.filter((r) => r.resource.type === type);
  for (const { resource } of each('AWS::IoT::Policy')) checkPolicy(context, resource);
  for (const { resource } of each('AWS::IoT::Thing')) checkThing(context, resource);
  let certificate: Certificate | undefined;
  for (const { name, resource } of each('AWS::IoT::Certificate')) {
    certificate = provisionCertificate(context, resource);
    arns[name] = certificateArn(context, certificate.id);
  }
  if (!certificate) throw invalid('The template makes no certificate');
  const principal = certificateArn(context, certificate.id);
  for (const { name, resource } of each('AWS::IoT::Policy')) {
    const policyName = provisionPolicy(context, resource);
    attachPolicy(context, policyName, principal);
    arns[name] = context.arn(`policy/${policyName}`);
  }
  let thing: Thing | undefined;
  for (const { name, resource } of each('AWS::IoT::Thing')) {
    thing = provisionThing(context, resource);
    attachPrincipal(context, thing, principal, false);
    arns[name] = thingArn(context, thing.name);
  }
  return { certificate, thing, arns };
}

// What can be known to fail is refused before the certificate is made: nobody would find it again.
function checkPolicy(context: CallContext, { properties }: TemplateResource): void {
  if (properties.PolicyDocument === undefined) policyNamed(context, text(properties.PolicyName) ?? '');
}

function checkThing(context: CallContext, { properties, overrides }: TemplateResource): void {
  const name = text(properties.ThingName);
  if (name === undefined) throw invalid('The thing needs a ThingName');
  const groups = groupsIn(properties);
  for (const group of groups) groupNamed(context, group);
  const typeName = text(properties.ThingTypeName);
  const known = registryOf(context).things.get(name);
  if (!known) {
    checkNewThing(context, { name, typeName, attributes: attributesIn(properties) });
    return;
  }
  const otherType = typeName !== undefined && typeName !== known.typeName;
  if (overrides.ThingTypeName === 'FAIL' && otherType) throw conflict(`thing ${name} has another type`);
  if (overrides.ThingTypeName === 'REPLACE' && otherType) usableType(registryOf(context), typeName);
  if (overrides.AttributePayload === 'FAIL' && differs(known, attributesIn(properties))) {
    throw conflict(`thing ${name} has other attributes`);
  }
  const isMissing = groups.some((group) => !known.groups.includes(group));
  if (overrides.ThingGroups === 'FAIL' && isMissing) throw conflict(`thing ${name} is in other groups`);
}

const differs = (thing: Thing, given: Readonly<Record<string, string>>) =>
  Object.entries(given).some(([name, value]) => attributeOf(thing, name) !== value);

const attributesIn = ({ AttributePayload: given }: TemplateResource['properties']) =>
  (given ?? {}) as Record<string, string>;

const groupsIn = ({ ThingGroups: groups }: TemplateResource['properties']) =>
  Array.isArray(groups) ? groups.map(String) : [];

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function provisionCertificate(context: CallContext, { properties, overrides }: TemplateResource): Certificate {
  const status = (text(properties.Status)?.toUpperCase() ?? 'ACTIVE') as CertificateStatus;
  const csr = text(properties.CertificateSigningRequest);
  if (csr !== undefined) return certifyRequest(context, csr, status);
  const id = text(properties.CertificateId);
  if (id !== undefined) {
    const certificate = certificateWithId(context, id);
    const override = overrides.Status ?? 'REPLACE';
    if (override === 'FAIL' && certificate.status !== status)
      throw conflict(`certificate ${id} is ${certificate.status}`);
    if (override === 'REPLACE') setCertificateStatus(context, certificate, status);
    return certificate;
  }
  const pem = text(properties.CertificatePem);
  if (pem === undefined)
    throw invalid('The certificate needs a CertificateSigningRequest, CertificateId or CertificatePem');
  // With the CA named it is registered under it, as RegisterCertificate does.
  if (text(properties.CACertificatePem) !== undefined) return registerUnderCa(context, pem, status);
  return storeCertificate(context, { pem, status, mode: 'SNI_ONLY', caCertificateId: undefined });
}

function provisionPolicy(context: CallContext, { properties }: TemplateResource): string {
  const named = text(properties.PolicyName);
  const given = properties.PolicyDocument;
  if (given === undefined) return policyNamed(context, named ?? '').name;
  const document = typeof given === 'string' ? given : JSON.stringify(given);
  // Without a name the policy is called after its document, so that a second device shares it.
  const name = named ?? createHash('sha256').update(document).digest('hex').toUpperCase();
  return identityOf(context).policies.has(name) ? name : createPolicy(context, name, document).name;
}

function provisionThing(context: CallContext, { properties, overrides }: TemplateResource): Thing {
  const name = text(properties.ThingName);
  if (name === undefined) throw invalid('The thing needs a ThingName');
  const attributes = properties.AttributePayload as Record<string, string> | undefined;
  const typeName = text(properties.ThingTypeName);
  const groups = groupsIn(properties);
  const known = registryOf(context).things.get(name);
  if (!known) {
    const thing = createThing(context, { name, typeName, attributes, billingGroup: text(properties.BillingGroup) });
    for (const group of groups) joinGroup(context, thing, groupNamed(context, group), false);
    return thing;
  }
  overrideAttributes(context, known, attributes ?? {}, overrides.AttributePayload ?? 'MERGE');
  if (typeName !== undefined && typeName !== known.typeName) {
    const how = overrides.ThingTypeName ?? 'DO_NOTHING';
    if (how === 'REPLACE') updateThing(context, known, { typeName });
  }
  overrideGroups(context, known, groups, overrides.ThingGroups ?? 'DO_NOTHING');
  return known;
}

function overrideAttributes(context: CallContext, thing: Thing, given: Record<string, string>, how: string): void {
  if (!differs(thing, given) || how === 'DO_NOTHING' || how === 'FAIL') return;
  updateThing(context, thing, { attributes: mergeAttributes(how === 'MERGE' ? thing.attributes : {}, given) });
}

function overrideGroups(context: CallContext, thing: Thing, groups: readonly string[], how: string): void {
  const missing = groups.filter((name) => !thing.groups.includes(name));
  if (how !== 'REPLACE' && how !== 'MERGE') return;
  const surplus = how === 'REPLACE' ? thing.groups.filter((name) => !groups.includes(name)) : [];
  for (const name of surplus) leaveGroup(context, thing, name);
  for (const name of missing) joinGroup(context, thing, groupNamed(context, name), false);
}

const conflict = (why: string) => awsError('ConflictingResourceUpdateException', `The template conflicts: ${why}`);

const DECLARED = ['InvalidRequestException', 'ConflictingResourceUpdateException'];

/** RegisterThing declares no error for what a template names and the account lacks: the registration as a whole fails. */
function registered(context: CallContext, body: string, parameters: Readonly<Record<string, string>>): Provisioned {
  try {
    return provision(context, body, parameters);
  } catch (error) {
    if (!(error instanceof AwsError) || DECLARED.includes(error.name)) throw error;
    throw awsError('ResourceRegistrationFailureException', error.message);
  }
}

export const registration = family('iot', {
  RegisterThing(context, input) {
    const { certificate, arns } = registered(context, input.templateBody, input.parameters ?? {});
    return { certificatePem: pemOf(certificate), resourceArns: { ...arns } };
  },
});
