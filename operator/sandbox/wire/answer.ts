import { AwsError } from '../errors.ts';
import type { WireResponse } from './http.ts';
import { queryErrorXml, serializeQuery } from './query.ts';
import { serializeRestJson } from './rest-json.ts';
import type { Service } from './services.ts';
import type { OperationShape } from './shapes.ts';
import { table } from './table.ts';
import { structureToJson } from './values.ts';

export interface Answer {
  readonly response: WireResponse;
  /** `ok` or the error's name, for the ledger. */
  readonly outcome: string;
}

export function answer(
  service: Service,
  operation: OperationShape,
  output: Readonly<Record<string, unknown>>,
  requestId: string,
): Answer {
  const common = { 'x-amzn-requestid': requestId };
  switch (service.protocol) {
    case 'rest-json': {
      const { status, headers, body } = serializeRestJson(operation, output);
      return { outcome: 'ok', response: { status, headers: { ...headers, ...common }, body } };
    }
    case 'json-1.0':
    case 'json-1.1': {
      const headers = { ...common, 'content-type': `application/x-amz-${service.protocol}` };
      const body = JSON.stringify(structureToJson(operation.output, output));
      return { outcome: 'ok', response: { status: 200, headers, body } };
    }
    case 'query': {
      const headers = { ...common, 'content-type': 'text/xml' };
      return { outcome: 'ok', response: { status: 200, headers, body: serializeQuery(operation, output, requestId) } };
    }
  }
}

/** An error in the protocol of `service` (IoT's when the request told no service). Anything unexpected is an internal failure. */
export function errorAnswer(service: Service | undefined, requestId: string, thrown: unknown): Answer {
  const error =
    thrown instanceof AwsError
      ? thrown
      : // The text of an unexpected error helps whoever runs the sandbox; it holds no secrets of ours.
        new AwsError(
          'InternalFailureException',
          `The sandbox failed: ${thrown instanceof Error ? thrown.message : 'unknown'}`,
          {},
          500,
        );
  const status = error.status ?? statusOf(service, error.name);
  const headers = { 'x-amzn-requestid': requestId, 'x-amzn-errortype': error.name };
  if (service?.protocol === 'query') {
    const code = queryCode(service, error.name);
    const body = queryErrorXml(code, error.message, status, requestId);
    return { outcome: error.name, response: { status, headers: { ...headers, 'content-type': 'text/xml' }, body } };
  }
  if (service && service.protocol !== 'rest-json') return jsonRpcError(service, error, status, headers);
  const body = JSON.stringify({ message: error.message, traceId: requestId, ...error.extra });
  return {
    outcome: error.name,
    response: { status, headers: { ...headers, 'content-type': 'application/json' }, body },
  };
}

function jsonRpcError(
  service: Service,
  error: AwsError,
  status: number,
  headers: Readonly<Record<string, string>>,
): Answer {
  const code = service.errors.get(error.name)?.queryCode;
  const fault = status >= 500 ? 'Receiver' : 'Sender';
  return {
    outcome: error.name,
    response: {
      status,
      headers: {
        ...headers,
        'content-type': `application/x-amz-${service.protocol}`,
        ...(code && { 'x-amzn-query-error': `${code};${fault}` }),
      },
      body: JSON.stringify({ __type: error.name, message: error.message, ...error.extra }),
    },
  };
}

function statusOf(service: Service | undefined, name: string): number {
  const modelled = service?.errors.get(name)?.status ?? (service && table(service.name).errors[name]);
  return modelled ?? 400;
}

/** STS spells some names differently on the wire. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  ThrottlingException: 'Throttling',
  MissingAuthenticationTokenException: 'MissingAuthenticationToken',
  UnrecognizedClientException: 'InvalidClientTokenId',
  InvalidSignatureException: 'SignatureDoesNotMatch',
  IncompleteSignatureException: 'IncompleteSignature',
  ExpiredTokenException: 'ExpiredToken',
  UnknownOperationException: 'InvalidAction',
};

function queryCode(service: Service, name: string): string {
  return service.errors.get(name)?.queryCode ?? QUERY_CODES[name] ?? name;
}
