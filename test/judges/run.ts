/**
 * Independent judges of the sandbox: boto3 drives every family of operations and botocore's shapes check the answers; the
 * contracts run on the sandbox and, as a second opinion, on moto, where the operator must converge a fleet too. Prints `N passed, N failed, N skipped`.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { IoT } from '@aws-sdk/client-iot';
import { createSandbox } from '../../operator/sandbox/index.ts';
import { freePort } from '../support/ports.ts';
import { type Contract, contracts } from './contracts.ts';
import { connectDevice, writeMaterial } from './material.ts';
import { judgeOperator } from './operator.ts';

const run = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const FAMILIES = join(import.meta.dirname, 'families.py');
const FAMILY_COUNT = 17;
const OPERATOR_COUNT = 3;
const MOTO_START_MS = 60_000;
/** Only the first run installs; on a busy machine pip takes minutes. */
const INSTALL_MS = 300_000;

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

function say(tally: Tally, name: string, problem: string | undefined): void {
  if (problem === undefined) tally.passed++;
  else tally.failed++;
  console.log(problem === undefined ? `ok    ${name}` : `FAIL  ${name}: ${problem}`);
}

/** A venv with the pinned judges, kept between runs; undefined where Python or the packages cannot be had. */
async function python(): Promise<string | undefined> {
  const key = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `fleetward-judges-${key}`);
  const bin = join(folder, 'bin');
  if (existsSync(join(folder, 'ready'))) return bin;
  try {
    await mkdir(folder, { recursive: true });
    await run('python3', ['-m', 'venv', folder]);
    await run(join(bin, 'python'), ['-m', 'pip', 'install', '-q', '--no-compile', '-r', REQUIREMENTS], {
      timeout: INSTALL_MS,
    });
    await writeFile(join(folder, 'ready'), '');
    return bin;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : 'unknown';
    console.log(`skip  Python with boto3 and moto cannot be set up: ${reason}`);
    return undefined;
  }
}

const client = (endpoint: string) =>
  new IoT({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAJUDGE', secretAccessKey: 'judge' },
    maxAttempts: 1,
  });

async function observed(contract: Contract, iot: IoT): Promise<string> {
  try {
    return await contract.observe(iot);
  } catch (error) {
    return `failed on the way: ${error instanceof Error ? error.message : 'unknown'}`;
  }
}

async function judge(tally: Tally, judged: 'sandbox' | 'moto', endpoint: string): Promise<void> {
  const iot = client(endpoint);
  for (const contract of contracts) {
    const expected = judged === 'moto' ? (contract.moto ?? contract.documented) : contract.documented;
    const seen = await observed(contract, iot);
    const known = judged === 'moto' && contract.moto !== undefined ? ' (known difference)' : '';
    const problem = seen === expected ? undefined : `expected ${expected || 'nothing'}, saw ${seen || 'nothing'}`;
    say(tally, `${judged}: ${contract.name}${known}`, problem);
  }
  iot.destroy();
}

async function boto(tally: Tally, bin: string, endpoint: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-judge-'));
  const material = await writeMaterial(folder);
  const { stdout } = await run(join(bin, 'python'), [FAMILIES, endpoint, material], { timeout: 100_000 });
  await rm(folder, { recursive: true });
  const verdicts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; ok: boolean; detail: string });
  for (const { name, ok, detail } of verdicts) say(tally, `boto3: ${name}`, ok ? undefined : detail);
  if (verdicts.length !== FAMILY_COUNT) say(tally, 'boto3: every family was judged', `only ${verdicts.length} were`);
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  const end = performance.now() + MOTO_START_MS;
  while (performance.now() < end && child.exitCode === null) {
    try {
      await fetch(`${url}/moto-api/data.json`);
      return true;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  return false;
}

async function moto(tally: Tally, bin: string): Promise<void> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(join(bin, 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  child.on('error', () => {});
  try {
    if (await answers(url, child)) {
      await judge(tally, 'moto', url);
      for (const [name, problem] of await judgeOperator(url)) say(tally, `operator on moto: ${name}`, problem);
    } else {
      tally.skipped += contracts.length + OPERATOR_COUNT;
      console.log(`skip  moto_server did not answer within ${MOTO_START_MS / 1000} s`);
    }
  } finally {
    child.kill();
  }
}

const tally: Tally = { passed: 0, failed: 0, skipped: 0 };
const sandbox = createSandbox({ quotas: 'off' });
const served = await sandbox.listen();
await judge(tally, 'sandbox', served.url);
const bin = await python();
if (bin === undefined) tally.skipped += FAMILY_COUNT + contracts.length + OPERATOR_COUNT;
else {
  // A family of its own account each: the contracts' leftovers are not in boto3's way.
  const fresh = createSandbox({ quotas: 'off' });
  const other = await fresh.listen();
  const iot = client(other.url);
  const broker = await connectDevice(fresh, iot);
  await boto(tally, bin, other.url);
  iot.destroy();
  await broker.close();
  await fresh.close();
  await moto(tally, bin);
}
await sandbox.close();
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
// A verdict must not wait for what a judged program left behind, a timer for example.
process.exit(tally.failed > 0 ? 1 : 0);
