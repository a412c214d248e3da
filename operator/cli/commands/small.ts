import { durationFrom, parseArguments } from '../args/parse.ts';
import type { Command, CommandSpec } from '../args/spec.ts';
import { completionScript, SHELLS } from '../completion/shells.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { version } from '../version.ts';

export const versionCommand: Command = {
  name: 'version',
  group: 'Other',
  summary: 'show the versions of Fleetward and Node',
  usage: '',
  description: 'Shows which Fleetward this is, and which Node runs it.',
  flags: [
    { name: 'output', short: 'o', value: 'FORMAT', complete: ['text', 'json'], summary: 'text or json. Default text.' },
  ],
  examples: ['fleetward version', 'fleetward version -o json'],
  load: async () => showVersion,
};

async function showVersion(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(versionCommand, argv);
  const { node } = process.versions;
  if (args.text('output') === 'json') io.stdout(`${JSON.stringify({ fleetward: version(), node })}\n`);
  else io.stdout(`fleetward ${version()} (Node ${node})\n`);
  return Exit.ok;
}

export const probeCommand: Command = {
  name: 'probe',
  group: 'Other',
  summary: 'ask a running operator whether it is healthy',
  usage: 'URL',
  description: 'Gets one URL, prints the answer and ends with 0 when it is a success: for health checks without curl.',
  flags: [{ name: 'timeout', value: 'TIME', summary: 'How long an answer may take. Default 5s.' }],
  examples: ['fleetward probe http://127.0.0.1:8080/readyz'],
  load: async () => probe,
};

async function probe(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(probeCommand, argv);
  const [url] = args.positionals;
  if (url === undefined || !/^https?:\/\//.test(url)) throw new UsageError('probe takes one http:// or https:// URL');
  const timeoutMs = durationFrom('--timeout', args.text('timeout') ?? '5s');
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
    io.stdout(await answer.text());
    return answer.ok ? Exit.ok : Exit.bad;
  } catch (error) {
    throw new CommandError(`${url} does not answer: ${causeOf(error)}`, Exit.failed, error);
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

export const completionCommand = (commands: () => readonly CommandSpec[]): Command => {
  const spec: Command = {
    name: 'completion',
    group: 'Other',
    summary: 'print the completion script of a shell',
    usage: SHELLS.join('|'),
    description:
      'Prints a script that completes commands, flags, kinds and files.\n' +
      'bash: source <(fleetward completion bash), in ~/.bashrc. zsh: save it as _fleetward in a folder of $fpath. fish: fleetward completion fish | source.',
    flags: [],
    complete: SHELLS,
    examples: ['source <(fleetward completion bash)'],
    load: async () => async (argv, io) => {
      const [word] = parseArguments(spec, argv).positionals;
      const shell = SHELLS.find((name) => name === word);
      if (!shell) throw new UsageError(`completion takes one of ${SHELLS.join(', ')}`);
      const { kindDefinitions } = await import('../../api/schemas.gen.ts');
      const kinds = kindDefinitions.flatMap(({ plural, shortNames }) => [plural, ...shortNames]);
      io.stdout(completionScript(shell, commands(), [...kinds, 'fleet']));
      return Exit.ok;
    },
  };
  return spec;
};
