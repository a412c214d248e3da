import { randomBytes } from 'node:crypto';
import { deviceCall } from '../../call.ts';
import type { CallContext } from '../../context.ts';
import { AwsError, invalid } from '../../errors.ts';
import { certifyRequest, createKeys, dropUnused, issue } from '../../ops/certificates.ts';
import { provision } from '../../ops/register-thing.ts';
import { parseTemplate } from '../../ops/template-body.ts';
import { defaultBody, templateNamed } from '../../ops/templates.ts';
import { type Certificate, pemOf } from '../../state/identity.ts';
import type { Slice } from '../../state/scope.ts';
import type { ReservedContext } from './index.ts';
import { type Format, objectOf } from './payload.ts';

const CREATE = /^\$aws\/certificates\/(create|create-from-csr)\/(json|cbor)$/;
const PROVISION = /^\$aws\/provisioning-templates\/([^/]+)\/provision\/(json|cbor)$/;
/** An ownership token lives an hour, and a certificate that was not used by then is deleted (fleet-provision-api). */
const TOKEN_MS = 3_600_000;

/** Tokens by what they stand for. They are credentials: never in a snapshot. */
const TOKENS: Slice<Map<string, string>> = {
  name: 'ownership-tokens',
  create: () => new Map<string, string>(),
  save: () => null,
  load: () => {},
};

const ERROR_CODES: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'ResourceNotFound',
  InvalidRequestException: 'InvalidParameters',
  ConflictingResourceUpdateException: 'ResourceConflict',
  LimitExceededException: 'LimitExceeded',
};

class Refused extends AwsError {
  readonly code: string;

  constructor(code: string, message: string, status = 400) {
    super('InvalidRequestException', message, {}, status);
    this.code = code;
  }
}

/** Fleet provisioning over MQTT. Answers go straight to the sender, whether or not it subscribed. */
export function serveProvisioning(context: ReservedContext): boolean {
  const [, how, createFormat] = CREATE.exec(context.topic) ?? [];
  const [, template, provisionFormat] = PROVISION.exec(context.topic) ?? [];
  if (how === undefined && template === undefined) return false;
  const format = (createFormat ?? provisionFormat ?? 'json') as Format;
  const answered = run(context, { how, template, format }).then(
    (body) => context.reply(`${context.topic}/accepted`, body, format),
    (error: unknown) => context.reply(`${context.topic}/rejected`, rejection(error), format),
  );
  context.work(answered);
  return true;
}

interface Asked {
  readonly how: string | undefined;
  readonly template: string | undefined;
  readonly format: Format;
}

async function run(context: ReservedContext, { how, template, format }: Asked): Promise<unknown> {
  const request = objectOf(context.payload, format);
  if (!request) throw new Refused('InvalidPayload', `The payload is not an object in ${format.toUpperCase()}`);
  const operation = template === undefined ? 'CreateCertificate' : 'RegisterThing';
  const call = deviceCall(context.world, context.scope, context.connection.certificateId, operation);
  if (template !== undefined) return register(context, call, template, request);
  if (how === 'create') {
    const { keyPair, publicKeyInfo } = await createKeys();
    const certificate = issue(
      call,
      { subject: { commonName: 'AWS IoT Certificate' }, publicKeyInfo },
      'PENDING_ACTIVATION',
    );
    return { ...pending(call, certificate), privateKey: keyPair.PrivateKey };
  }
  const csr = request.certificateSigningRequest;
  if (typeof csr !== 'string') throw new Refused('InvalidCSR', 'certificateSigningRequest must be a text');
  return pending(call, certifyRequest(call, csr, 'PENDING_ACTIVATION'));
}

function pending(call: CallContext, certificate: Certificate) {
  const token = randomBytes(64).toString('base64url');
  const tokens = call.slice(TOKENS);
  tokens.set(token, certificate.id);
  call.world.clock.after(TOKEN_MS, () => {
    tokens.delete(token);
    dropUnused(call, certificate.id);
  });
  return { certificateId: certificate.id, certificatePem: pemOf(certificate), certificateOwnershipToken: token };
}

function register(
  context: ReservedContext,
  call: CallContext,
  name: string,
  request: Readonly<Record<string, unknown>>,
): unknown {
  const log = (ok: boolean, details?: string) =>
    context.log('ProvisionDevice', ok, { topicName: context.topic, templateName: name, ...(details && { details }) });
  try {
    const answer = registered(call, name, request);
    log(true);
    return answer;
  } catch (error) {
    log(false, error instanceof Error ? error.message : 'unknown');
    throw error;
  }
}

function registered(call: CallContext, name: string, request: Readonly<Record<string, unknown>>): unknown {
  const template = templateNamed(call, name);
  if (!template.enabled) throw new Refused('AccessDenied', `Template ${name} is not enabled`, 403);
  if (template.type !== 'FLEET_PROVISIONING') throw invalid(`Template ${name} is not one for fleet provisioning`);
  if (template.hook) {
    throw new Refused('AccessDenied', 'The sandbox has no Lambda functions: a pre-provisioning hook never allows', 403);
  }
  const certificateId = call.slice(TOKENS).get(String(request.certificateOwnershipToken));
  if (certificateId === undefined) {
    throw new Refused('InvalidCertificateOwnershipToken', 'The certificate ownership token is not known');
  }
  const parameters = { ...parametersOf(request.parameters), 'AWS::IoT::Certificate::Id': certificateId };
  const body = defaultBody(template);
  const { thing } = provision(call, body, parameters);
  // Good for one registration only.
  call.slice(TOKENS).delete(String(request.certificateOwnershipToken));
  return { thingName: thing?.name ?? '', deviceConfiguration: parseTemplate(body).deviceConfiguration };
}

function parametersOf(value: unknown): Record<string, string> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (value !== undefined && !isRecord) throw invalid('parameters must be an object of texts');
  const entries = Object.entries(value ?? {});
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) {
    throw invalid('parameters must be an object of texts');
  }
  return Object.fromEntries(entries);
}

function rejection(error: unknown): unknown {
  if (!(error instanceof AwsError)) {
    const errorMessage = `The sandbox failed: ${error instanceof Error ? error.message : 'unknown'}`;
    return { statusCode: 500, errorCode: 'InternalError', errorMessage };
  }
  const errorCode = error instanceof Refused ? error.code : (ERROR_CODES[error.name] ?? 'InvalidParameters');
  return {
    statusCode: error.status ?? (errorCode === 'ResourceNotFound' ? 404 : 400),
    errorCode,
    errorMessage: error.message,
  };
}
