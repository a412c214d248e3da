import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DriftNotice } from '../../../controllers/external/types.ts';
import { createSignalBook } from '../../../controllers/policyrollout/gates/signals.ts';
import { AcceleratedClock } from '../../../runtime/accelerated-clock.ts';
import type { Logger } from '../../../runtime/log.ts';
import { createSandbox, type Sandbox } from '../../../sandbox/index.ts';
import { environment } from '../../config/environment.ts';
import { hearSandbox } from '../../operator/sandbox-signals.ts';
import { openStandalone, type Standalone } from '../../operator/standalone.ts';

export interface SandboxKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly accountId: string;
}

/** An operator over a sandbox of its own, in one temporary folder. */
export interface Sandboxed {
  readonly folder: string;
  readonly state: string;
  readonly endpoint: string;
  readonly region: string;
  /** Of somebody else with access to the account. */
  readonly key: SandboxKey;
  readonly sandbox: Sandbox;
  readonly standalone: Standalone;
  /** Of sandbox and operator alike: normal until somebody makes it run faster. */
  readonly clock: AcceleratedClock;
  /** Ends when the operator ends; rejects when it fails. */
  readonly running: Promise<void>;
  close(): Promise<void>;
}

export interface SandboxedOptions {
  /** Gets the temporary folder; answers the source, as `--source` would say it. */
  readonly source: (folder: string) => Promise<string>;
  /** How often the source is looked at. Default 5 s. */
  readonly interval?: string;
  /** How often the account is. Default 2 s: the sandbox shows every write at once. */
  readonly scanEveryMs?: number;
  readonly port?: number;
  readonly log: Logger;
  readonly onDrift?: (drift: DriftNotice) => void;
  readonly signal: AbortSignal;
}

const REGION = 'us-east-1';
/** The one that the example's AWSAccount declares. */
const ACCOUNT = '123456789012';

export async function openSandboxed(options: SandboxedOptions): Promise<Sandboxed> {
  const { log, signal, onDrift } = options;
  const folder = await mkdtemp(join(tmpdir(), 'fleetward-'));
  const stop = new AbortController();
  const parts = new AsyncDisposableStack();
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  try {
    const source = await options.source(folder);
    const [own, other] = [newKey(), newKey()];
    const clock = new AcceleratedClock(1);
    const sandbox = createSandbox({ accountId: ACCOUNT, credentials: [own, other], quotas: 'off', clock });
    parts.defer(() => sandbox.close());
    const { url } = await sandbox.listen(options.port === undefined ? {} : { port: options.port });
    const signals = createSignalBook(clock);
    parts.defer(hearSandbox(sandbox, signals));
    const state = join(folder, 'state');
    const standalone = await openStandalone({
      source,
      interval: options.interval ?? '5s',
      state,
      installation: 'demo',
      region: REGION,
      endpoint: url,
      unlimited: true,
      credentials: own,
      git: { searchPath: environment().path },
      clock,
      random: Math.random,
      log,
      signal,
      signals,
      ...(onDrift === undefined ? {} : { onDrift }),
      scanEveryMs: options.scanEveryMs ?? 2_000,
      settle: { registry: 0, authorization: 0 },
    });
    parts.use(standalone);
    const running = standalone.operator.run(AbortSignal.any([signal, stop.signal]));
    // Whoever waits for it hears of a failure; until then it is not unhandled.
    const ended = running.catch(() => undefined);
    parts.defer(async () => {
      stop.abort(new Error('it is over'));
      await ended;
    });
    const close = () => parts.disposeAsync();
    return { folder, state, endpoint: url, region: REGION, key: other, sandbox, standalone, clock, running, close };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** Looks like an AWS key and is none. */
function newKey(): SandboxKey {
  const id = randomBytes(10).toString('hex').toUpperCase().slice(0, 16);
  return { accessKeyId: `AKIA${id}`, secretAccessKey: randomBytes(30).toString('base64'), accountId: ACCOUNT };
}
