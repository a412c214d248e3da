import type { OperationShape, Shape, StructureShape } from './shapes.ts';
import { fromText } from './values.ts';

/** The query protocol (STS): form parameters in, XML out. */
export function parseQuery(operation: OperationShape, form: URLSearchParams): Record<string, unknown> {
  const input = Object.create(null) as Record<string, unknown>;
  for (const member of operation.input.members.values()) {
    const value = readValue(member.shape, member.name, form, 0);
    if (value !== undefined) input[member.name] = value;
  }
  return input;
}

function readValue(shape: Shape, prefix: string, form: URLSearchParams, depth: number): unknown {
  if (depth > 5) return undefined;
  switch (shape.kind) {
    case 'list':
      return readList(shape.member, prefix, form, depth);
    case 'structure': {
      const out = Object.create(null) as Record<string, unknown>;
      for (const member of shape.members.values()) {
        const value = readValue(member.shape, `${prefix}.${member.name}`, form, depth + 1);
        if (value !== undefined) out[member.name] = value;
      }
      return Object.keys(out).length > 0 ? out : undefined;
    }
    default: {
      const text = form.get(prefix);
      return text === null ? undefined : fromText(shape, text, prefix);
    }
  }
}

function readList(member: Shape, prefix: string, form: URLSearchParams, depth: number): unknown {
  const out: unknown[] = [];
  for (;;) {
    const value = readValue(member, `${prefix}.member.${out.length + 1}`, form, depth + 1);
    if (value === undefined) return out.length > 0 ? out : undefined;
    out.push(value);
  }
}

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

export function serializeQuery(
  operation: OperationShape,
  output: Readonly<Record<string, unknown>>,
  requestId: string,
): string {
  const result = structureXml(operation.output, output);
  return (
    `<${operation.name}Response xmlns="${NAMESPACE}"><${operation.name}Result>${result}</${operation.name}Result>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation.name}Response>`
  );
}

export function queryErrorXml(code: string, message: string, status: number, requestId: string): string {
  const type = status >= 500 ? 'Receiver' : 'Sender';
  return (
    `<ErrorResponse xmlns="${NAMESPACE}"><Error><Type>${type}</Type><Code>${escapeXml(code)}</Code>` +
    `<Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`
  );
}

function structureXml(shape: StructureShape, value: Readonly<Record<string, unknown>>): string {
  let xml = '';
  for (const member of shape.members.values()) {
    const entry = value[member.name];
    if (entry !== undefined) xml += `<${member.name}>${valueXml(member.shape, entry)}</${member.name}>`;
  }
  return xml;
}

function valueXml(shape: Shape, value: unknown): string {
  if (shape.kind === 'structure') return structureXml(shape, value as Readonly<Record<string, unknown>>);
  if (shape.kind === 'list') {
    return (value as readonly unknown[]).map((v) => `<member>${valueXml(shape.member, v)}</member>`).join('');
  }
  return escapeXml(value instanceof Date ? value.toISOString() : String(value));
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`).replace(/[^\P{Cc}\t\n\r]/gu, '?');
}
