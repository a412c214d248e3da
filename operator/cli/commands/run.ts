import process from 'node:process';
import { ListenError } from '../../runtime/http.ts';
import { createLogger, type Logger, type LogLevel } from '../../runtime/log.ts';
import { handleSignals } from '../../runtime/shutdown.ts';
import { type Parsed, parseArguments } from '../args/parse.ts';
import { type ConfigFile, readConfigFile } from '../config/file.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { keepHeapSmall } from '../operator/heap.ts';
import { runSpec } from './run-spec.ts';

/** `fleetward run`: the operator, in a cluster or standalone. Loads only what its mode needs. */
export async function runCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(runSpec, argv);
  if (args.positionals.length > 0) {
    throw new UsageError(`run takes flags only, not "${args.positionals[0]}"; the fleet is named by --source`);
  }
  const configFile = args.text('config');
  const config = configFile === undefined ? {} : readConfigFile(configFile);
  const standalone = args.has('standalone');
  checkCombination(args, standalone);
  const log = logger(args, config, io);
  const shutdown = handleSignals(process, log);
  keepHeapSmall();
  try {
    const run = { args, config, io, log, signal: shutdown.signal };
    if (standalone) return await (await import('./run-standalone.ts')).runStandalone(run);
    return await (await import('./run-cluster.ts')).runCluster(run);
  } catch (error) {
    if (error instanceof ListenError) throw new CommandError(error.message, Exit.failed, error);
    throw error;
  } finally {
    shutdown.dispose();
  }
}

const STANDALONE_ONLY = [
  'source',
  'ref',
  'path',
  'once',
  'timeout',
  'state',
  'interval',
  'region',
  'no-quotas',
  'allow-prune',
];
const STANDALONE_GIT = ['git-token-file', 'git-username', 'git-ssh-key', 'git-known-hosts', 'git-ca-file', 'namespace'];

/** A flag without effect is a misunderstanding: better to hear of it now than when the fleet is not as expected. */
function checkCombination(args: Parsed, standalone: boolean): void {
  if (standalone) {
    if (!args.has('source')) throw new UsageError('--standalone needs --source URL|FOLDER');
    if (args.has('timeout') && !args.has('once')) throw new UsageError('--timeout belongs to --once');
    if (args.has('kubeconfig')) throw new UsageError('--kubeconfig has no meaning with --standalone');
    return;
  }
  const wrong = [...STANDALONE_ONLY, ...STANDALONE_GIT].find((flag) => args.has(flag));
  if (wrong !== undefined) throw new UsageError(`--${wrong} needs --standalone; in a cluster a FleetSource says it`);
}

function logger(args: Parsed, config: ConfigFile, io: CliIo): Logger {
  const level = (args.text('log-level') ?? config.log?.level ?? (args.has('once') ? 'warn' : 'info')) as LogLevel;
  const format = args.text('log-format') ?? config.log?.format ?? (io.isTTY ? 'pretty' : 'json');
  return createLogger({
    level,
    format: format === 'pretty' ? 'pretty' : 'json',
    colour: io.isTTY,
    write: (line) => io.stderr(line),
    now: Date.now,
  });
}
