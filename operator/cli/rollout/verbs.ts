import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { systemClock } from '../../runtime/clock.ts';
import { durationFrom, type Parsed } from '../args/parse.ts';
import type { FlagSpec } from '../args/spec.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { type Ask, ask, newToken, report } from './ask.ts';
import { requestFlags } from './contain-spec.ts';
import { findRollout } from './find.ts';
import { openAccess } from './open.ts';
import type { RolloutSubcommand } from './subcommand.ts';

export const askFlags = requestFlags;

const revisionFlag: FlagSpec = {
  name: 'revision',
  value: 'REVISION',
  summary: 'Refuse when the rollout is of another revision. Default: the revision that the rollout shows.',
};

export const verbExits = [
  [0, 'the operator has carried it out, or with --no-wait: it is asked for'],
  [1, 'the operator refused it, and said why; or there is no such rollout'],
  [2, 'the command line was not understood; nothing was asked'],
  [3, 'nobody could be asked: no operator, no cluster, no right to do so'],
  [4, 'not answered before --timeout; the request stays'],
] as const;

interface VerbText {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** The verb decides about one revision. */
  readonly revision: boolean;
}

const VERBS: readonly VerbText[] = [
  {
    name: 'pause',
    summary: 'start no further asset; assets under way are brought to a verdict',
    description: 'No asset starts and nothing is taken from any. Settling, observing and going back go on.',
    revision: false,
  },
  {
    name: 'resume',
    summary: 'end a pause by a person, or one for missing evidence',
    description:
      'Ends a pause that somebody asked for, and one for missing evidence. Security acts, failures and restored assets that stay silent are not ended by it.',
    revision: false,
  },
  {
    name: 'approve',
    summary: 'let a rollout start that waits for approval',
    description:
      'Approves exactly the revision that the rollout is of. Look at it first with "fleetward rollout describe".\n' +
      'Where the admission policy of the chart is not installed nobody vouches for your name, and a widening is approved in Git only: spec.approvedRevision of the IoTPolicy.',
    revision: true,
  },
  {
    name: 'deny',
    summary: 'end a rollout that waits for approval; the revision is rejected',
    description: 'Ends a rollout that waits for approval. The same document is not tried again by itself.',
    revision: true,
  },
  {
    name: 'promote',
    summary: 'go on now: end the bake or pause of this wave, or go on after a failed asset',
    description:
      'Ends the bake or the pause of this wave, or accepts the failures that there are. Lifeline, slots and holds are never skipped.',
    revision: false,
  },
  {
    name: 'promote-full',
    summary: 'skip all bakes and pauses that remain; never the budget, the lifeline or a hold',
    description:
      'Skips every bake and pause that remains and accepts the failures that there are. Budgets, preflight, lifeline and holds stay, and an abort still wins.',
    revision: false,
  },
  {
    name: 'arm',
    summary: 'let devices with short contacts be changed in one contact and judged at the next',
    description:
      'For devices whose contacts are shorter than two settle times, so that nobody can watch them through the change. At most strategy.maxArmed at a time; each gets its former policy back at the first failure, or when it is not heard of within strategy.armedDeadline.',
    revision: true,
  },
  {
    name: 'abort',
    summary: 'give every asset back what it had; the revision is rejected',
    description:
      'Pulls the emergency brake (one call for each policy gives every switched asset its old rights), then tidies up asset by asset. It cannot be taken back; "retry" tries the same change again later.',
    revision: true,
  },
  {
    name: 'brake',
    summary: 'the same as abort, under the name people think of at 3 a.m.',
    description: 'The emergency brake: see "fleetward rollout abort --help".',
    revision: true,
  },
  {
    name: 'retry',
    summary: 'try again: an aborted rollout as a new one, or the assets that went back',
    description:
      'After an abort the same change is tried again as another rollout, under another name in AWS. While the rollout goes on, the assets that went back are tried again and the count of failures starts anew.',
    revision: false,
  },
];

export function effectOf(verb: string): string {
  return VERBS.find(({ name }) => name === verb)?.summary ?? '';
}

export const verbCommands: readonly RolloutSubcommand[] = VERBS.map((text) => ({
  name: `rollout ${text.name}`,
  group: 'Run',
  summary: text.summary,
  usage: '[ROLLOUT|POLICY]',
  description: `${text.description}\nWithout a name: the only rollout under way. A policy’s name means its newest rollout.`,
  flags: text.revision ? [revisionFlag, ...askFlags] : askFlags,
  examples: [`fleetward rollout ${text.name} base-5f2c9a1e`, ...(text.revision ? [] : [])],
  exits: verbExits,
  run: (args, io) => verb(text, args, io),
}));

async function verb({ name, revision }: VerbText, args: Parsed, io: CliIo): Promise<number> {
  if (args.positionals.length > 1) throw new UsageError(`rollout ${name} takes one rollout at a time`);
  await using access = await openAccess(args, io);
  const rollout = await findRollout(access, args.positionals[0]);
  const wanted = args.text('revision');
  if (wanted !== undefined && wanted !== rollout.spec.revision) {
    throw new CommandError(
      `${rollout.metadata.name} is of revision ${rollout.spec.revision}, not ${wanted}: nothing was asked`,
      Exit.bad,
    );
  }
  const request: Ask = {
    object: rollout,
    verb: name,
    ...(revision ? { subject: rollout.spec.revision } : {}),
    ...common(args),
  };
  const answer = await ask(access, request);
  const status = report(answer, `${name} of ${rollout.metadata.name}`, request, io);
  if (answer.kind === 'done') io.stdout(`${stateLine(answer.object as PolicyRollout, name)}\n`);
  return status;
}

export function common(args: Parsed): Pick<Ask, 'remark' | 'token' | 'waitMs'> {
  const waitMs = args.has('no-wait') ? 0 : durationFrom('--timeout', args.text('timeout') ?? '30s');
  return { remark: args.text('remark'), token: args.text('token') ?? newToken(systemClock.now()), waitMs };
}

export function stateLine({ metadata, status }: PolicyRollout, verb?: string): string {
  const asked = verb === undefined ? '' : `${verb} is taken. `;
  return `${metadata.name}: ${asked}${status?.phase ?? 'Pending'} (${status?.reason ?? 'not looked at yet'}): ${status?.message ?? ''}`;
}
