import { invalid } from '../errors.ts';

const MAX_BYTES = 10_240;

const TYPES = ['AWS::IoT::Thing', 'AWS::IoT::Certificate', 'AWS::IoT::Policy'] as const;

export interface TemplateResource {
  readonly type: (typeof TYPES)[number];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly overrides: Readonly<Record<string, string>>;
}

export interface Template {
  /** Parameter name → default. */
  readonly parameters: ReadonlyMap<string, string | undefined>;
  readonly resources: ReadonlyMap<string, TemplateResource>;
  /** Handed to a device that is provisioned. */
  readonly deviceConfiguration: Readonly<Record<string, unknown>>;
}

/** Reads a provisioning template; refuses what CreateProvisioningTemplate and RegisterThing refuse. */
export function parseTemplate(text: string): Template {
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid(`A template can have at most ${MAX_BYTES} bytes`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw invalid('The template body is not JSON');
  }
  const template = record(body, 'The template');
  const parameters = new Map<string, string | undefined>();
  for (const [name, value] of Object.entries(record(template.Parameters ?? {}, 'Parameters'))) {
    const fallback = record(value, `Parameter ${name}`).Default;
    parameters.set(name, typeof fallback === 'string' ? fallback : undefined);
  }
  const resources = new Map<string, TemplateResource>();
  for (const [name, value] of Object.entries(record(template.Resources, 'Resources'))) {
    resources.set(name, readResource(name, record(value, `Resource ${name}`)));
  }
  if (![...resources.values()].some((r) => r.type === 'AWS::IoT::Certificate')) {
    throw invalid('The template must have a resource of type AWS::IoT::Certificate');
  }
  const deviceConfiguration = record(template.DeviceConfiguration ?? {}, 'DeviceConfiguration');
  return { parameters, resources, deviceConfiguration };
}

function readResource(name: string, value: Readonly<Record<string, unknown>>): TemplateResource {
  const type = TYPES.find((t) => t === value.Type);
  if (!type) throw invalid(`Resource ${name}: Type must be one of ${TYPES.join(', ')}`);
  const overrides = record(value.OverrideSettings ?? {}, `OverrideSettings of ${name}`);
  if (type === 'AWS::IoT::Policy' && Object.keys(overrides).length > 0) {
    throw invalid(`Resource ${name}: a policy cannot have OverrideSettings`);
  }
  return {
    type,
    properties: record(value.Properties ?? {}, `Properties of ${name}`),
    overrides: overrides as Record<string, string>,
  };
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalid(`${what} must be an object`);
}

/** Replaces `{Ref: Parameter}` and `{Fn::Join: [separator, parts]}`, recursively. */
export function resolveValue(value: unknown, parameters: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((entry) => resolveValue(entry, parameters));
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Readonly<Record<string, unknown>>;
  if (typeof fields.Ref === 'string') {
    const found = parameters.get(fields.Ref);
    if (found === undefined) throw invalid(`The template parameter ${fields.Ref} has no value`);
    return found;
  }
  const join = fields['Fn::Join'];
  if (Array.isArray(join)) {
    const parts = resolveValue(join[1], parameters);
    return (Array.isArray(parts) ? parts : []).join(String(join[0] ?? ''));
  }
  return Object.fromEntries(Object.entries(fields).map(([key, entry]) => [key, resolveValue(entry, parameters)]));
}
