import { AwsError } from '../errors.ts';
import { splitPath, textOf, type WireRequest } from './http.ts';
import { parseQuery } from './query.ts';
import { parseBody, parseRestJson } from './rest-json.ts';
import { type Service, type ServiceCatalog, type ServiceName, serviceNamed, serviceOfTarget } from './services.ts';
import type { OperationShape } from './shapes.ts';
import { fromJson } from './values.ts';

/** Which operation a request calls, with its input still unread. */
export interface Resolved {
  readonly service: Service;
  readonly operation: OperationShape;
  parse(): Record<string, unknown>;
}

export type Resolution =
  | { readonly kind: 'resolved'; readonly resolved: Resolved }
  | { readonly kind: 'unknown'; readonly service: Service | undefined; readonly error: AwsError };

/**
 * Services share one endpoint here. The signing scope names the service; X-Amz-Target or a form's Action do too. A
 * request that tells nothing is looked for in the control plane, then in the data planes.
 */
export async function resolve(
  catalog: ServiceCatalog,
  request: WireRequest,
  signingName: string | undefined,
): Promise<Resolution> {
  const target = request.headers['x-amz-target'];
  if (target) return resolveTarget(catalog, request, target);
  if (isForm(request)) return resolveForm(catalog, request);
  const named = signingName === undefined ? undefined : serviceNamed(signingName);
  const names: readonly ServiceName[] = named ? [named] : ['iot', 'iotdata', 'iot-jobs-data'];
  const { segments, query } = splitPath(request.path);
  let first: Service | undefined;
  for (const name of names) {
    const service = await catalog.get(name);
    first ??= service;
    const match = service.router.match(request.method, segments);
    if (!match) continue;
    const { operation, labels } = match;
    const parse = () => parseRestJson(operation, labels, query, request);
    return { kind: 'resolved', resolved: { service, operation, parse } };
  }
  return unknown(first, `No operation at ${request.method} ${request.path.split('?')[0]?.slice(0, 200) ?? ''}.`);
}

async function resolveTarget(catalog: ServiceCatalog, request: WireRequest, target: string): Promise<Resolution> {
  const [prefix = '', operationName = ''] = target.split('.');
  const name = serviceOfTarget(prefix);
  const service = name && (await catalog.get(name));
  const operation = service?.operations.get(operationName);
  if (!service || !operation) return unknown(service, `No operation ${target.slice(0, 200)}.`);
  const parse = () => fromJson(operation.input, parseBody(request), '') as Record<string, unknown>;
  return { kind: 'resolved', resolved: { service, operation, parse } };
}

const isForm = (request: WireRequest) =>
  request.method === 'POST' && /^application\/x-www-form-urlencoded/i.test(request.headers['content-type'] ?? '');

async function resolveForm(catalog: ServiceCatalog, request: WireRequest): Promise<Resolution> {
  const form = new URLSearchParams(textOf(request.body));
  const service = await catalog.get('sts');
  const action = form.get('Action') ?? '';
  const operation = service.operations.get(action);
  if (!operation) return unknown(service, `Could not find operation ${action.slice(0, 200)}.`);
  return { kind: 'resolved', resolved: { service, operation, parse: () => parseQuery(operation, form) } };
}

function unknown(service: Service | undefined, message: string): Resolution {
  return { kind: 'unknown', service, error: new AwsError('UnknownOperationException', message, {}, 404) };
}
