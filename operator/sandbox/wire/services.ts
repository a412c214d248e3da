import { Router } from './router.ts';
import type { ErrorShape, OperationShape, Shape, StructureShape } from './shapes.ts';
import { readSchemas } from './shapes.ts';
import { invalidTable, table } from './table.ts';

export type Protocol = 'rest-json' | 'json-1.0' | 'json-1.1' | 'query';

/** The name that the service has in SigV4 scopes. */
export type ServiceName = 'iot' | 'iotdata' | 'iot-jobs-data' | 'IoTSecuredTunneling' | 'sts' | 'sqs' | 'logs';

export interface Service {
  readonly name: ServiceName;
  readonly protocol: Protocol;
  readonly operations: ReadonlyMap<string, OperationShape>;
  readonly errors: ReadonlyMap<string, ErrorShape>;
  readonly router: Router;
}

interface Definition {
  readonly protocol: Protocol;
  /** The part before the dot of X-Amz-Target. */
  readonly target?: string;
  readonly load: () => Promise<Readonly<Record<string, unknown>>>;
}

// Loaded on first use, so that the sandbox starts without reading seven SDK clients.
const DEFINITIONS: Readonly<Record<ServiceName, Definition>> = {
  iot: { protocol: 'rest-json', load: () => import('@aws-sdk/client-iot') },
  iotdata: { protocol: 'rest-json', load: () => import('@aws-sdk/client-iot-data-plane') },
  'iot-jobs-data': { protocol: 'rest-json', load: () => import('@aws-sdk/client-iot-jobs-data-plane') },
  IoTSecuredTunneling: { protocol: 'json-1.1', target: 'IoTSecuredTunneling', load: async () => ({}) },
  sts: { protocol: 'query', load: () => import('@aws-sdk/client-sts') },
  sqs: { protocol: 'json-1.0', target: 'AmazonSQS', load: () => import('@aws-sdk/client-sqs') },
  logs: { protocol: 'json-1.1', target: 'Logs_20140328', load: () => import('@aws-sdk/client-cloudwatch-logs') },
};

const ALIASES: Readonly<Record<string, ServiceName>> = {
  iotdevicegateway: 'iotdata',
  'execute-api': 'iot',
  iotjobsdata: 'iot-jobs-data',
};

export function serviceNamed(signingName: string): ServiceName | undefined {
  if (Object.hasOwn(DEFINITIONS, signingName)) return signingName as ServiceName;
  return Object.hasOwn(ALIASES, signingName) ? ALIASES[signingName] : undefined;
}

export function serviceOfTarget(prefix: string): ServiceName | undefined {
  for (const [name, definition] of Object.entries(DEFINITIONS)) {
    if (definition.target === prefix) return name as ServiceName;
  }
  return undefined;
}

/** Loads services once each and keeps them. */
export class ServiceCatalog {
  readonly #loaded = new Map<ServiceName, Promise<Service>>();

  get(name: ServiceName): Promise<Service> {
    const known = this.#loaded.get(name);
    if (known) return known;
    const loading = load(name);
    this.#loaded.set(name, loading);
    return loading;
  }
}

async function load(name: ServiceName): Promise<Service> {
  const definition = DEFINITIONS[name];
  const read = readSchemas(await definition.load());
  const generated = name === 'IoTSecuredTunneling' ? generatedOperations(name) : read;
  const operations = new Map(generated.operations.map((o) => [o.name, o]));
  return {
    name,
    protocol: definition.protocol,
    operations,
    errors: generated.errors,
    router: new Router(generated.operations),
  };
}

/** Operations of a service whose npm client carries no schemas, built from the committed table. */
function generatedOperations(name: ServiceName): ReturnType<typeof readSchemas> {
  const service = table(name);
  if (!service.shapes) throw invalidTable(name, 'shapes');
  const shapes = service.shapes;
  const cache = new Map<string, StructureShape>();
  const structure = (structureName: string): StructureShape => {
    const known = cache.get(structureName);
    if (known) return known;
    const members: StructureShape['members'] = new Map();
    const shape: StructureShape = { kind: 'structure', name: structureName, members };
    cache.set(structureName, shape);
    for (const [member, type] of Object.entries(shapes[structureName] ?? {})) {
      const entry = { name: member, wireName: member, location: 'body' as const, shape: typed(type) };
      (members as Map<string, typeof entry>).set(member, entry);
    }
    return shape;
  };
  const typed = (type: string): Shape => {
    if (type.startsWith('[')) return { kind: 'list', member: typed(type.slice(1, -1)) };
    if (type.startsWith('{')) return { kind: 'map', value: typed(type.slice(1, -1)) };
    if (type === '#timestamp') return { kind: 'timestamp', format: 'default' };
    if (type.startsWith('#')) return { kind: type.slice(1) as 'string' | 'number' | 'boolean' | 'blob' };
    return structure(type);
  };
  const operations = Object.entries(service.operations).map(([operation, entry]) => ({
    name: operation,
    input: structure(entry.input ?? 'Unit'),
    output: structure(entry.output ?? 'Unit'),
  }));
  const errors = new Map(Object.entries(service.errors).map(([error, status]) => [error, { name: error, status }]));
  return { operations, errors };
}
