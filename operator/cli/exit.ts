/** Exit statuses of every command; `docs/cli.md` shows the same table. */
export const Exit = {
  ok: 0,
  /** The command ran, and the answer is not the good one: manifests invalid, objects not Ready, findings, no such object. */
  bad: 1,
  /** The command line or the configuration was not understood. Nothing was done. */
  usage: 2,
  /** The command could not do its work: source unreadable, state folder in use, AWS not reachable. */
  failed: 3,
  /** `--timeout` passed first. What was done so far stays; run it again to go on. */
  timeout: 4,
} as const;

export const exitTable: readonly (readonly [number, string])[] = [
  [Exit.ok, 'everything is as asked'],
  [Exit.bad, 'it ran and the answer is not the good one: manifests invalid, objects not Ready, findings, not found'],
  [Exit.usage, 'the command line or configuration was not understood; nothing was done'],
  [Exit.failed, 'it could not do its work: source unreadable, state folder in use, AWS not reachable'],
  [Exit.timeout, '--timeout passed first; what was done stays, run it again to go on'],
  [70, 'a defect of Fleetward; the log has the error'],
  [130, 'ended at once by a second Ctrl-C (143: by a second SIGTERM)'],
];

/** The command line, or a configuration file, says something that has no meaning. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Anything that ends a command with a message for a person and no stack trace. */
export class CommandError extends Error {
  readonly exit: number;

  constructor(message: string, exit: number = Exit.failed, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CommandError';
    this.exit = exit;
  }
}
