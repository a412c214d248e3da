import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { sleep, systemClock } from '../../runtime/clock.ts';
import { durationFrom, type Parsed } from '../args/parse.ts';
import type { CliIo } from '../io.ts';
import { findRollout } from './find.ts';
import { openAccess, placeFlags } from './open.ts';
import type { RolloutSubcommand } from './subcommand.ts';
import { stateLine } from './verbs.ts';

const GOOD = 0;
const BAD = 1;
const LATE = 2;
const POLL_MS = 500;

export const statusCommand: RolloutSubcommand = {
  name: 'rollout status',
  group: 'Look',
  summary: 'say how far a rollout is; with --watch until it has ended',
  usage: '[ROLLOUT|POLICY]',
  description:
    'Prints a line whenever something changes. With --watch it ends when the rollout has succeeded, was aborted or superseded, or cannot go on without somebody repairing something. Waiting for approval, a pause by a person and a bake are no end: somebody may come.',
  flags: [
    ...placeFlags,
    { name: 'watch', short: 'w', summary: 'Follow it to its end.' },
    { name: 'timeout', value: 'TIME', summary: 'How long --watch may take. Default: as long as it takes.' },
  ],
  examples: ['fleetward rollout status base', 'fleetward rollout status base-5f2c9a1e --watch --timeout 2h'],
  exits: [
    [GOOD, 'it has succeeded; without --watch also: it goes on'],
    [BAD, 'it was aborted or superseded, it is stalled, or there is no such rollout'],
    [LATE, '--timeout passed first, or the command line was not understood'],
    [3, 'the fleet could not be asked'],
  ],
  run,
};

async function run(args: Parsed, io: CliIo): Promise<number> {
  const timeout = args.text('timeout');
  const limitMs = timeout === undefined ? Number.POSITIVE_INFINITY : durationFrom('--timeout', timeout);
  await using access = await openAccess(args, io);
  let rollout = await findRollout(access, args.positionals[0]);
  const { name, namespace = '', uid } = rollout.metadata;
  const end = systemClock.monotonic() + limitMs;
  let shown = '';
  for (;;) {
    const line = stateLine(rollout);
    if (line !== shown) io.stdout(`${line}\n`);
    shown = line;
    const over = outcome(rollout);
    if (over !== undefined) return over;
    if (!args.has('watch')) return GOOD;
    if (systemClock.monotonic() >= end) {
      io.stderr(`${name} has not ended after ${timeout}.\n`);
      return LATE;
    }
    await sleep(systemClock, POLL_MS);
    const now = (await access.get('PolicyRollout', namespace, name)) as PolicyRollout | undefined;
    if (now === undefined || now.metadata.uid !== uid) {
      io.stderr(`${name} was deleted.\n`);
      return BAD;
    }
    rollout = now;
  }
}

/** Reasons of a standstill that no answer ends: something has to be repaired first. */
const STUCK: ReadonlySet<string> = new Set([
  'LifelineViolation',
  'InvalidDocument',
  'DocumentTooLarge',
  'InvalidStrategy',
  'ForeignTargets',
  'GroupTargets',
  'SharedCertificate',
  'NoPolicySlot',
  'ForeignMembers',
  'NoVersionSlot',
  'AccessDenied',
  'ProgressDeadlineExceeded',
  'RecoveryFailed',
]);

/** It ends by itself, in minutes. */
const PASSING = 'CertificatesUnknown';

/** Exit status of a rollout that has ended or is stuck; undefined while it goes on or somebody may answer. */
export function outcome({ status }: PolicyRollout): number | undefined {
  if (status?.phase === 'Succeeded') return GOOD;
  if (status?.phase === 'Aborted' || status?.phase === 'Superseded') return BAD;
  const refused = status?.phase === 'Pending' && status.reason !== undefined && status.reason !== PASSING;
  return refused || STUCK.has(status?.reason ?? '') ? BAD : undefined;
}
