import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IoTClient } from '@aws-sdk/client-iot';
import type { DriftNotice } from '../../../controllers/external/types.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/log.ts';
import { createSandbox, type Sandbox } from '../../../sandbox/index.ts';
import { environment } from '../../config/environment.ts';
import { openStandalone, type Standalone } from '../../operator/standalone.ts';
import { DemoRepository } from './repository.ts';

export interface Stage {
  readonly folder: string;
  readonly state: string;
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: DemoKey;
  readonly sandbox: Sandbox;
  readonly repository: DemoRepository;
  readonly standalone: Standalone;
  /** Somebody else with access to the account. */
  readonly stranger: IoTClient;
  /** Ends when the operator ends; rejects when it fails. */
  readonly running: Promise<void>;
  close(): Promise<void>;
}

interface DemoKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
}

export interface StageOptions {
  readonly log: Logger;
  readonly onDrift: (drift: DriftNotice) => void;
  readonly signal: AbortSignal;
}

const REGION = 'us-east-1';
/** The one that the example's AWSAccount declares. */
const ACCOUNT = '123456789012';

/** Sandbox, repository and operator: everything the story needs, in one temporary folder. */
export async function setStage({ log, onDrift, signal }: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-demo-'));
  const { path } = environment();
  const repository = new DemoRepository(join(folder, 'fleet'), path);
  await repository.create();
  const credentials = key();
  const strange = key();
  const sandbox = createSandbox({ accountId: ACCOUNT, credentials: [credentials, strange], quotas: 'off' });
  const served = await sandbox.listen();
  const stop = new AbortController();
  const state = join(folder, 'state');
  const standalone = await openStandalone({
    source: repository.url,
    interval: '5s',
    state,
    installation: 'demo',
    region: REGION,
    endpoint: served.url,
    unlimited: true,
    credentials,
    git: { searchPath: path },
    clock: systemClock,
    random: Math.random,
    log,
    onDrift,
    signal,
    // The sandbox shows every write at once, so a scan every two seconds is worth what one in ten minutes is on AWS.
    scanEveryMs: 2_000,
    settle: { registry: 0, authorization: 0 },
  });
  const running = standalone.operator.run(AbortSignal.any([signal, stop.signal]));
  // Whoever waits for the story hears of it; until then it is not unhandled.
  running.catch(() => undefined);
  const stranger = new IoTClient({ endpoint: served.url, region: REGION, credentials: strange });
  return {
    folder,
    state,
    endpoint: served.url,
    region: REGION,
    credentials: strange,
    sandbox,
    repository,
    standalone,
    stranger,
    running,
    async close() {
      stop.abort(new Error('the demo is over'));
      await running.catch(() => undefined);
      stranger.destroy();
      await standalone[Symbol.asyncDispose]();
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Looks like an AWS key and is none. */
function key(): DemoKey {
  const id = randomBytes(10).toString('hex').toUpperCase().slice(0, 16);
  return { accessKeyId: `AKIA${id}`, secretAccessKey: randomBytes(30).toString('base64'), accountId: ACCOUNT };
}
