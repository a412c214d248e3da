import type { MetricValue } from '@aws-sdk/client-iot';

type Json = Readonly<Record<string, unknown>>;

/** A report of device-side metrics, read. */
export interface Report {
  readonly id: number;
  readonly values: ReadonlyMap<string, MetricValue>;
}

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isPort = (value: unknown): value is number => isCount(value) && value <= 65_535;

/** Reports come with long or with short names (detect-device-side-metrics). */
function member(record: Json | undefined, long: string, short: string): unknown {
  return record?.[long] ?? record?.[short];
}

function part(record: Json | undefined, long: string, short: string): Json | undefined {
  const value = member(record, long, short);
  if (value === undefined) return undefined;
  if (!isRecord(value)) throw new Error(`${long} must be an object`);
  return value;
}

function items(record: Json | undefined, long: string, short: string): readonly Json[] {
  const value = member(record, long, short) ?? [];
  if (!Array.isArray(value) || !value.every(isRecord)) throw new Error(`${long} must be a list of objects`);
  return value;
}

/** Throws with the reason when it is no report that the service takes. */
export function readReport(payload: unknown): Report {
  if (!isRecord(payload)) throw new Error('The report is not an object');
  const header = part(payload, 'header', 'hed');
  const id = member(header, 'report_id', 'rid');
  const version = member(header, 'version', 'v');
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw new Error('header.report_id must be a whole number');
  if (typeof version !== 'string' || !/^\d+\.\d+$/.test(version)) {
    throw new Error('header.version must be a text such as 1.0');
  }
  const metrics = part(payload, 'metrics', 'met');
  const custom = part(payload, 'custom_metrics', 'cmet');
  if (!metrics && !custom) throw new Error('The report has no metrics');
  const values = new Map<string, MetricValue>();
  if (metrics) readMetrics(metrics, values);
  for (const [name, value] of Object.entries(custom ?? {})) values.set(name, customValue(name, value));
  return { id, values };
}

function readMetrics(metrics: Json, values: Map<string, MetricValue>): void {
  for (const [long, short, name] of [
    ['listening_tcp_ports', 'tp', 'tcp'],
    ['listening_udp_ports', 'up', 'udp'],
  ] as const) {
    const listening = part(metrics, long, short);
    if (!listening) continue;
    const ports = items(listening, 'ports', 'pts').map((entry) => member(entry, 'port', 'pt'));
    if (!ports.every(isPort)) throw new Error(`${long} has a port that is no port number`);
    values.set(`aws:listening-${name}-ports`, { ports });
    setCount(values, `aws:num-listening-${name}-ports`, member(listening, 'total', 't') ?? ports.length);
  }
  const network = part(metrics, 'network_stats', 'ns');
  for (const [long, short, name] of [
    ['bytes_in', 'bi', 'aws:all-bytes-in'],
    ['bytes_out', 'bo', 'aws:all-bytes-out'],
    ['packets_in', 'pi', 'aws:all-packets-in'],
    ['packets_out', 'po', 'aws:all-packets-out'],
  ] as const) {
    const value = member(network, long, short);
    if (value !== undefined) setCount(values, name, value);
  }
  const established = part(part(metrics, 'tcp_connections', 'tc'), 'established_connections', 'ec');
  if (!established) return;
  const peers = items(established, 'connections', 'cs').flatMap((entry) =>
    addressOf(member(entry, 'remote_addr', 'rad')),
  );
  values.set('aws:destination-ip-addresses', { cidrs: [...new Set(peers)] });
  setCount(values, 'aws:num-established-tcp-connections', member(established, 'total', 't') ?? peers.length);
}

function setCount(values: Map<string, MetricValue>, name: string, value: unknown): void {
  if (!isCount(value)) throw new Error(`${name} must be a number that is not negative`);
  values.set(name, { count: value });
}

/** `address:port`; an IPv6 address is in brackets. */
function addressOf(text: unknown): string[] {
  if (typeof text !== 'string') return [];
  const [, inBrackets, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(text) ?? [];
  return [inBrackets ?? plain ?? text];
}

/** A list of one object whose member names the type (dd-detect-custom-metrics). */
function customValue(name: string, value: unknown): MetricValue {
  const only: unknown = Array.isArray(value) && value.length === 1 ? value[0] : undefined;
  const [kind, given] = isRecord(only) ? (Object.entries(only)[0] ?? []) : [];
  const isList = (test: (entry: unknown) => boolean) => Array.isArray(given) && given.every(test);
  const isText = (entry: unknown) => typeof entry === 'string';
  const isNumber = (entry: unknown) => typeof entry === 'number' && Number.isFinite(entry);
  if (kind === 'number' && isNumber(given)) return { number: given as number };
  if (kind === 'number_list' && isList(isNumber)) return { numbers: given as number[] };
  if (kind === 'string_list' && isList(isText)) return { strings: given as string[] };
  if (kind === 'ip_list' && isList(isText)) return { cidrs: given as string[] };
  throw new Error(
    `custom metric ${name.slice(0, 100)} must be a list of one number, number_list, string_list or ip_list`,
  );
}
