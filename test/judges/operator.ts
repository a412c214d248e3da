import { rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { IoT } from '@aws-sdk/client-iot';
import { startCli } from '../support/git-cli.ts';
import { ODD_REGION, oddFleet } from '../support/odd-fleet.ts';
import { temporaryFolder } from '../support/store.ts';

/** Calls that only read, although they are sent by POST. */
const READS = /^\/(policy-targets|attached-policies)\/|^\/$/;
const CREDENTIALS = { accessKeyId: 'judge', secretAccessKey: 'judge' };
/** What moto does not know at all: https://docs.getmoto.org/en/latest/docs/services/iot.html */
const UNKNOWN_TO_MOTO = ['dynamic-and-defender.yaml'];

interface Counter extends AsyncDisposable {
  readonly url: string;
  readonly writes: readonly string[];
}

/** Stands before an endpoint and notes what changes it: the judge's own count, not the operator's. */
async function counting(endpoint: string): Promise<Counter> {
  const writes: string[] = [];
  const target = new URL(endpoint);
  const server = createServer((incoming, answer) => {
    const { method = 'GET', url = '/', headers } = incoming;
    if (method !== 'GET' && !READS.test(url)) writes.push(`${method} ${url}`);
    const { hostname, port } = target;
    const onward = request({ hostname, port, method, path: url, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    writes,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The operator against an endpoint that it does not know: Ready, and again without a write. Answers what is wrong. */
export async function judgeOperator(endpoint: string): Promise<ReadonlyMap<string, string | undefined>> {
  using at = temporaryFolder('fleetward-judge-');
  await using counter = await counting(endpoint);
  const iot = new IoT({ endpoint, region: ODD_REGION, credentials: CREDENTIALS });
  await oddFleet(join(at.path, 'fleet'), iot);
  for (const file of UNKNOWN_TO_MOTO) await rm(join(at.path, 'fleet', file));
  const argv = ['run', '--standalone', '--once', '--source', 'fleet', '--endpoint', counter.url, '--timeout', '60s'];
  const env = { AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey };
  const pass = async () => {
    const { status, stdout, stderr } = await startCli(argv, { cwd: at.path, env }).result;
    return status === 0 ? undefined : `ended with ${status}: ${(stdout + stderr).slice(0, 1_000)}`;
  };
  const first = await pass();
  const made = counter.writes.length;
  const second = (await pass()) ?? counter.writes.slice(made).join(', ');
  const { things = [] } = await iot.listThings({});
  iot.destroy();
  const names = things.map(({ thingName }) => thingName).sort();
  const expected = ['Brought', 'KEYED', 'PUMP_7:North-1', 'bare'];
  return new Map([
    ['a fleet becomes Ready', first],
    ['a second pass writes nothing', second === '' ? undefined : second],
    ['its things are there', String(names) === String(expected) ? undefined : `saw ${names.join(', ')}`],
  ]);
}
