import type { KubeObject } from '../../api/meta.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { Parsed } from '../args/parse.ts';
import type { FlagSpec } from '../args/spec.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import type { FleetAccess } from './access.ts';
import { type Ask, ask, report } from './ask.ts';
import { findObject, findRollout } from './find.ts';
import { actsOn } from './held.ts';
import { openAccess } from './open.ts';
import type { RolloutSubcommand } from './subcommand.ts';
import { askFlags, common, verbExits } from './verbs.ts';

const actFlag: FlagSpec = {
  name: 'act',
  value: 'ID',
  many: true,
  summary: 'Which act; needed where there are several that were not looked at together. Default: the only one.',
};

const allFlag: FlagSpec = { name: 'all', summary: 'Every act that is listed. Read the list first.' };

export const acknowledgeCommand: RolloutSubcommand = {
  name: 'rollout acknowledge',
  group: 'Run',
  summary: 'say that somebody has looked at a security act, so that it holds nothing any more',
  usage: '[ROLLOUT|device/NAME|policy/NAME]',
  description:
    'A quarantine, a blank default version, a deactivated certificate or a containment holds what it touches until a person acknowledges that very act; then the spec is put in force again.\n' +
    'It is acknowledged on the object it hit. With a rollout this lists what holds it and where, and acknowledges what was done to its candidates, after which it goes back.',
  flags: [actFlag, allFlag, ...askFlags],
  examples: [
    'fleetward rollout acknowledge base-5f2c9a1e',
    'fleetward rollout acknowledge device/press-1 --remark "cable was pulled by the electrician"',
  ],
  exits: verbExits,
  run,
};

const KINDS: Readonly<Record<string, string>> = {
  device: 'Device',
  devices: 'Device',
  policy: 'IoTPolicy',
  iotpolicy: 'IoTPolicy',
  policies: 'IoTPolicy',
};

async function run(args: Parsed, io: CliIo): Promise<number> {
  if (args.positionals.length > 1)
    throw new UsageError('acknowledge takes one object at a time: read what was done to each');
  await using access = await openAccess(args, io);
  const object = await target(access, args.positionals[0]);
  return acknowledge(access, object, args, io);
}

async function target(access: FleetAccess, word: string | undefined): Promise<KubeObject> {
  const slash = word?.indexOf('/') ?? -1;
  if (word === undefined || slash < 0) return findRollout(access, word);
  const kind = KINDS[word.slice(0, slash).toLowerCase()];
  if (kind === undefined) throw new UsageError(`Name a rollout, device/NAME or policy/NAME, not ${word}`);
  return findObject(access, kind, word.slice(slash + 1));
}

export async function acknowledge(access: FleetAccess, object: KubeObject, args: Parsed, io: CliIo): Promise<number> {
  const acts = actsOn(object);
  const elsewhere = object.kind === 'PolicyRollout' ? others(object as PolicyRollout) : [];
  for (const line of elsewhere) io.stdout(`${line}\n`);
  if (acts.length === 0) {
    throw new CommandError(
      elsewhere.length > 0
        ? 'Each is acknowledged on its own object, as listed.'
        : `No security act holds ${object.kind} ${object.metadata.name}.`,
      Exit.bad,
    );
  }
  const wanted = args.all('act');
  const chosen = wanted.length > 0 ? acts.filter(({ id }) => wanted.includes(id)) : acts;
  const unsure = wanted.length === 0 && acts.length > 1 && !args.has('all');
  if (chosen.length === 0 || chosen.length < wanted.length || unsure) {
    io.stdout(acts.map(({ id, what }) => `${id}  ${what}\n`).join(''));
    throw new CommandError(
      unsure ? 'Several acts: say which with --act ID, or --all' : 'No act has that id; these are the acts.',
      Exit.bad,
    );
  }
  const request: Ask = {
    object,
    verb: 'acknowledge',
    subject: chosen.map(({ id }) => id).join(','),
    ...common(args),
  };
  const answer = await ask(access, request);
  const status = report(answer, `acknowledge on ${object.metadata.name}`, request, io);
  if (answer.kind === 'done')
    io.stdout(chosen.map(({ what }) => `${object.metadata.name}: acknowledged: ${what}\n`).join(''));
  return status;
}

function others({ metadata, status }: PolicyRollout): readonly string[] {
  const own = `PolicyRollout/${metadata.name}`;
  return (status?.acts ?? [])
    .filter(({ object }) => object !== own)
    .map(({ object, what }) => {
      const [kind = '', name = ''] = object.split('/');
      return `${what}: fleetward rollout acknowledge ${kind === 'Device' ? 'device' : 'policy'}/${name}`;
    });
}
