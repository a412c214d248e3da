import { AwsError } from '../errors.ts';
import { textOf, type WireRequest } from './http.ts';
import type { Member, OperationShape, StructureShape } from './shapes.ts';
import { asObject, fromJson, fromText, serializationError, structureToJson } from './values.ts';

/** Reads an operation's input from path labels, query, headers and JSON body. */
export function parseRestJson(
  operation: OperationShape,
  labels: Readonly<Record<string, string>>,
  query: URLSearchParams,
  request: WireRequest,
): Record<string, unknown> {
  const input = Object.create(null) as Record<string, unknown>;
  let body: Readonly<Record<string, unknown>> | undefined;
  for (const member of operation.input.members.values()) {
    if (member.location === 'body') body ??= parseBody(request);
    const value = readMember(member, { labels, query, request, body });
    if (value !== undefined) input[member.name] = value;
  }
  return input;
}

interface Sources {
  readonly labels: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly request: WireRequest;
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

function readMember(member: Member, from: Sources): unknown {
  const path = member.name;
  switch (member.location) {
    case 'label':
      return fromText(member.shape, from.labels[member.wireName] ?? '', path);
    case 'query':
      return readQuery(member, from.query);
    case 'header': {
      const text = from.request.headers[member.wireName];
      return text === undefined ? undefined : fromText(member.shape, text, path);
    }
    case 'payload':
      return readPayload(member, from.request);
    case 'body': {
      const value = from.body && Object.hasOwn(from.body, member.wireName) ? from.body[member.wireName] : undefined;
      return value === undefined || value === null ? undefined : fromJson(member.shape, value, path);
    }
    case 'status':
      return undefined;
  }
}

function readQuery(member: Member, query: URLSearchParams): unknown {
  if (member.shape.kind === 'list') {
    const element = member.shape.member;
    const all = query.getAll(member.wireName);
    return all.length === 0 ? undefined : all.map((text) => fromText(element, text, member.name));
  }
  const text = query.get(member.wireName);
  return text === null ? undefined : fromText(member.shape, text, member.name);
}

function readPayload(member: Member, request: WireRequest): unknown {
  if (request.body.length === 0) return undefined;
  if (member.shape.kind === 'blob') return request.body;
  if (member.shape.kind === 'string') return textOf(request.body);
  return fromJson(member.shape, parseBody(request), member.name);
}

/** An absent body is an empty object. Other content types than JSON are refused, as a body in the wrong one means a confused caller. */
export function parseBody(request: WireRequest): Readonly<Record<string, unknown>> {
  if (request.body.length === 0) return {};
  const type = request.headers['content-type'] ?? 'application/json';
  if (!/^application\/(x-amz-json-1\.[01]|json)\b/i.test(type)) {
    throw new AwsError('UnsupportedMediaTypeException', `Content-Type ${type.slice(0, 80)} is not JSON.`, {}, 415);
  }
  let value: unknown;
  try {
    value = JSON.parse(textOf(request.body));
  } catch {
    throw serializationError('body', 'valid JSON');
  }
  return asObject(value, 'body');
}

export interface Serialized {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export function serializeRestJson(operation: OperationShape, output: Readonly<Record<string, unknown>>): Serialized {
  let status = operation.http?.status ?? 200;
  const headers: Record<string, string> = {};
  let body: string | Uint8Array | undefined;
  for (const member of operation.output.members.values()) {
    const value = output[member.name];
    if (value === undefined) continue;
    if (member.location === 'status') status = Number(value);
    else if (member.location === 'header') headers[member.wireName] = String(value);
    else if (member.location === 'payload') body = payload(member, value, headers);
  }
  body ??= jsonBody(operation.output, output, headers);
  return { status, headers, body };
}

function payload(member: Member, value: unknown, headers: Record<string, string>): string | Uint8Array {
  headers['content-type'] = member.shape.kind === 'blob' ? 'application/json' : 'text/plain';
  return value instanceof Uint8Array ? value : String(value);
}

function jsonBody(shape: StructureShape, output: Readonly<Record<string, unknown>>, headers: Record<string, string>) {
  headers['content-type'] = 'application/json';
  return JSON.stringify(structureToJson(shape, output));
}
