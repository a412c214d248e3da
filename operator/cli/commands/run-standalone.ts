import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemClock } from '../../runtime/clock.ts';
import type { GitCredentials } from '../../source/git/auth.ts';
import { parseRefWord } from '../../source/git/ref.ts';
import type { Parsed } from '../args/parse.ts';
import { environment } from '../config/environment.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import { type OnceResult, untilSettled } from '../operator/once.ts';
import type { NotReady } from '../operator/readiness.ts';
import { isGitUrl, openStandalone, type Standalone, type StandaloneOptions } from '../operator/standalone.ts';
import { alignedText } from '../output/table.ts';
import { durationFlag, listenAddress, type RunInput } from './run-input.ts';

const LISTED = 50;

/** `fleetward run --standalone`. */
export async function runStandalone(input: RunInput): Promise<number> {
  const { args, log, signal } = input;
  const once = args.has('once');
  const timeoutMs = durationFlag(args, 'timeout', '15m', 1_000);
  await using standalone = await openStandalone(standaloneOptions(input));
  if (!once) {
    log.info('Running standalone', { source: args.text('source'), namespace: standalone.source.namespace });
    await standalone.operator.run(signal);
    return Exit.ok;
  }
  const result = await runOnce(standalone, input, timeoutMs);
  return report(result, input);
}

/** Everything the command line and the configuration file say, checked. */
function standaloneOptions({ args, config, io, log, signal }: RunInput): StandaloneOptions {
  const env = environment();
  const given = args.text('source') ?? '';
  const source = isGitUrl(given) ? given : resolve(io.cwd, given);
  if (!isGitUrl(given) && !existsSync(source)) throw new UsageError(`--source: there is no folder ${source}`);
  const ref = args.text('ref');
  if (ref !== undefined && !isGitUrl(given)) {
    throw new UsageError(
      '--ref needs a Git URL; a folder is read as its files are (file:///… is the Git repository there)',
    );
  }
  durationFlag(args, 'interval', '1m', 5_000);
  const evidence = args.text('evidence') ?? config.evidence;
  return {
    source,
    ref: ref === undefined ? undefined : parseRefWord(ref),
    path: args.text('path'),
    namespace: args.text('namespace'),
    interval: args.text('interval') ?? '1m',
    state: resolve(io.cwd, args.text('state') ?? env.state),
    installation: args.text('installation') ?? config.installation ?? 'default',
    region: args.text('region') ?? env.region ?? 'us-east-1',
    endpoint: args.text('endpoint') ?? config.endpoint,
    unlimited: args.has('no-quotas'),
    git: { credentials: gitCredentials(args, io.cwd), searchPath: env.path, proxy: env.proxy },
    allowPrune: args.text('allow-prune'),
    listen: listenAddress(args.text('listen') ?? config.listen),
    evidence: evidence === undefined ? undefined : resolve(io.cwd, evidence),
    // With --once the standard output is for its result.
    evidenceLine: args.has('once') ? undefined : (line) => io.stdout(line),
    clock: systemClock,
    random: Math.random,
    log,
    signal,
    processMetrics: true,
  };
}

function gitCredentials(args: Parsed, cwd: string): GitCredentials | undefined {
  const read = (flag: string): string | undefined => {
    const file = args.text(flag);
    if (file === undefined) return undefined;
    try {
      return readFileSync(resolve(cwd, file), 'utf8');
    } catch (error) {
      throw new UsageError(`--${flag} cannot be read: ${(error as Error).message}`);
    }
  };
  const token = read('git-token-file')?.trim();
  const privateKey = read('git-ssh-key');
  const knownHosts = read('git-known-hosts');
  const ca = read('git-ca-file');
  if ((privateKey === undefined) !== (knownHosts === undefined)) {
    throw new UsageError(
      '--git-ssh-key and --git-known-hosts go together: a key is only shown to a host that is known',
    );
  }
  if (token !== undefined && privateKey !== undefined) {
    throw new UsageError('Give either --git-token-file or --git-ssh-key, as the URL of --source needs');
  }
  if (privateKey !== undefined && knownHosts !== undefined) return { auth: { kind: 'ssh', privateKey, knownHosts } };
  if (token !== undefined) {
    if (token === '') throw new UsageError('--git-token-file is empty');
    return { auth: { kind: 'token', username: args.text('git-username') ?? 'git', token }, ca };
  }
  return ca === undefined ? undefined : { auth: { kind: 'none' }, ca };
}

/** Runs the operator beside the watcher until the fleet has settled, then stops it in order. */
async function runOnce(standalone: Standalone, { log, signal }: RunInput, timeoutMs: number): Promise<OnceResult> {
  const { operator, source } = standalone;
  const done = new AbortController();
  const stop = AbortSignal.any([signal, done.signal]);
  let shown = 0;
  const watched = untilSettled({
    operator,
    source,
    clock: systemClock,
    timeoutMs,
    signal: stop,
    onProgress: (ready, total) => {
      const now = systemClock.monotonic();
      if (now - shown < 5_000) return;
      shown = now;
      log.info('Converging', { ready, total });
    },
  }).finally(() => done.abort(new Error('the fleet has settled')));
  const [result] = await Promise.all([watched, operator.run(stop).finally(() => done.abort())]);
  return result;
}

/** All that is wrong is that the source does not answer. */
function isUnread(kind: string, progress: string): boolean {
  return kind === 'FleetSource' && progress === 'reconciling';
}

function report(result: OnceResult, { io, args }: RunInput): number {
  switch (result.kind) {
    case 'ready':
      io.stdout(`All ${result.total} objects are Ready.\n`);
      return Exit.ok;
    case 'stopped':
      throw new CommandError('Stopped before the fleet was Ready; run it again to go on', Exit.failed);
    case 'stuck':
    case 'timeout': {
      const { notReady, total } = result;
      // What only a person can help comes first: the rest often waits for it.
      const rank = ({ progress }: NotReady) => (progress.kind === 'stalled' ? 0 : 1);
      const sorted = [...notReady].sort((a, b) => rank(a) - rank(b));
      const rows = sorted.slice(0, LISTED).map(({ object, progress }) => {
        const reason = progress.kind === 'ready' ? 'Deleting' : progress.reason;
        return [`${object.kind}/${object.metadata.name}`, progress.kind, reason, progress.message];
      });
      const more = notReady.length > LISTED ? `… and ${notReady.length - LISTED} more (fleetward get fleet)\n` : '';
      io.stdout(alignedText([['OBJECT', 'STATE', 'REASON', 'MESSAGE'], ...rows]) + more);
      const why =
        result.kind === 'stuck' ? 'and nothing more happens by itself' : `after ${args.text('timeout') ?? '15m'}`;
      io.stderr(`${notReady.length} of ${total} objects are not Ready, ${why}.\n`);
      if (result.kind === 'timeout') return Exit.timeout;
      const unreadable = notReady.every(({ object, progress }) => isUnread(object.kind, progress.kind));
      return unreadable ? Exit.failed : Exit.bad;
    }
    default:
      return result satisfies never;
  }
}
