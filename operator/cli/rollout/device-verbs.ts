import type { Device } from '../../api/device.gen.ts';
import type { Parsed } from '../args/parse.ts';
import type { FlagSpec } from '../args/spec.ts';
import { UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import type { FleetAccess } from './access.ts';
import { type Ask, ask, report } from './ask.ts';
import { findObject, findRollout } from './find.ts';
import { openAccess } from './open.ts';
import type { RolloutSubcommand } from './subcommand.ts';
import { askFlags, common, verbExits } from './verbs.ts';

const rolloutFlag: FlagSpec = {
  name: 'rollout',
  value: 'ROLLOUT',
  summary: 'Which rollout it is about. Default: the only one under way.',
};

interface DeviceVerb {
  readonly name: 'hold' | 'release' | 'skip' | 'shrink-lifeline';
  readonly summary: string;
  readonly description: string;
  readonly flags: readonly FlagSpec[];
}

const VERBS: readonly DeviceVerb[] = [
  {
    name: 'hold',
    summary: 'leave devices where they are, in every rollout, until they are released',
    description:
      'A held device is given nothing and loses nothing, except that it gets back what it had. Say why with --remark. Waves go on without it.',
    flags: askFlags,
  },
  {
    name: 'release',
    summary: 'let held devices move again',
    description: 'Ends a hold by a person. A security act is not ended by it: see "fleetward rollout acknowledge".',
    flags: askFlags,
  },
  {
    name: 'skip',
    summary: 'leave devices out of one rollout: they keep the policy they have',
    description:
      'For a device that cannot be watched or that waits for ever: the others move without it, and it stays on the policy it has. The rollout ends without it and names it. The declared policy keeps the old document as long as a device lives on it; once the skip is taken off the object, the device follows the others.',
    flags: [rolloutFlag, ...askFlags],
  },
  {
    name: 'shrink-lifeline',
    summary: 'consent that something leaves the lifeline of devices: it counts for revisions that come afterwards',
    description:
      'What once was in the lifeline of a device counts until its removal is approved, so that no commit can shrink the lifeline and use that in the same breath. Shows what is removed, and approves exactly that. A rollout that was made before is still held to the longer lifeline: retry it.',
    flags: askFlags,
  },
];

export const deviceVerbCommands: readonly RolloutSubcommand[] = VERBS.map((text) => ({
  name: `rollout ${text.name}`,
  group: 'Run',
  summary: text.summary,
  usage: 'DEVICE…',
  description: text.description,
  flags: text.flags,
  examples: [`fleetward rollout ${text.name} press-1 press-2${text.name === 'hold' ? ' --remark "in repair"' : ''}`],
  exits: verbExits,
  run: (args, io) => deviceVerb(text, args, io),
}));

async function deviceVerb({ name }: DeviceVerb, args: Parsed, io: CliIo): Promise<number> {
  if (args.positionals.length === 0) throw new UsageError(`Name devices: fleetward rollout ${name} press-1`);
  await using access = await openAccess(args, io);
  const subject = name === 'skip' ? (await findRollout(access, args.text('rollout'))).spec.revision : undefined;
  let worst = 0;
  for (const device of args.positionals) {
    worst = Math.max(worst, await one(access, { device, name, subject }, args, io));
  }
  return worst;
}

const DONE = { hold: 'held', release: 'released', skip: 'left out', 'shrink-lifeline': 'approved' } as const;

async function one(
  access: FleetAccess,
  {
    device,
    name,
    subject,
  }: { readonly device: string; readonly name: DeviceVerb['name']; readonly subject: string | undefined },
  args: Parsed,
  io: CliIo,
): Promise<number> {
  const object = await findObject(access, 'Device', device);
  const removal = name === 'shrink-lifeline' ? (object as Device).status?.lifeline : undefined;
  if (name === 'shrink-lifeline' && removal?.digest === undefined) {
    io.stdout(`${device}: nothing was removed from its lifeline\n`);
    return 0;
  }
  if (removal !== undefined) io.stdout(`${device} no longer keeps: ${(removal.removed ?? []).join(', ')}\n`);
  const lift = name === 'release';
  const given = common(args);
  // Several devices, one request each: tokens name requests.
  const token = args.positionals.length > 1 ? `${given.token}.${args.positionals.indexOf(device)}` : given.token;
  const request: Ask = {
    object,
    verb: lift ? 'hold' : name,
    subject: removal?.digest ?? subject,
    lift,
    ...given,
    token,
  };
  const answer = await ask(access, request);
  const status = report(answer, `${name} of device ${device}`, request, io);
  if (answer.kind === 'done') io.stdout(`${device}: ${name === 'skip' ? `left out of ${subject}` : DONE[name]}\n`);
  return status;
}
