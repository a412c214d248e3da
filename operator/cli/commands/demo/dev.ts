import { join, resolve } from 'node:path';
import process from 'node:process';
import { createLogger } from '../../../runtime/log.ts';
import { handleSignals } from '../../../runtime/shutdown.ts';
import { numberFrom, parseArguments } from '../../args/parse.ts';
import { Exit } from '../../exit.ts';
import type { CliIo } from '../../io.ts';
import { isGitUrl } from '../../operator/standalone.ts';
import { packageRoot } from '../../version.ts';
import { devSpec } from './demo-spec.ts';
import { openSandboxed } from './sandboxed.ts';
import { lookCommands } from './texts.ts';

/** `fleetward dev`: the operator over a sandbox, with its log, until Ctrl-C; for people who work on either. */
export async function devCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(devSpec, argv);
  const given = args.text('source');
  const source = given === undefined ? join(packageRoot(), 'manifests', 'examples', 'factory') : given;
  const port = args.text('port');
  const log = createLogger({
    level: 'debug',
    format: 'pretty',
    colour: io.isTTY,
    write: (line) => io.stderr(line),
    now: Date.now,
  });
  const shutdown = handleSignals(process, log);
  try {
    const sandboxed = await openSandboxed({
      source: async () => (isGitUrl(source) ? source : resolve(io.cwd, source)),
      log,
      signal: shutdown.signal,
      ...(port === undefined ? {} : { port: numberFrom('port', port, { min: 0, max: 65_535 }) }),
    });
    for (const line of lookCommands(sandboxed)) io.stdout(`${line}\n`);
    try {
      await sandboxed.running;
    } finally {
      await sandboxed.close();
    }
    return Exit.ok;
  } finally {
    shutdown.dispose();
  }
}
