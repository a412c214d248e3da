import type { Device } from '../../api/device.gen.ts';
import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { type Parsed, parseArguments } from '../args/parse.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import type { FleetAccess } from './access.ts';
import { acknowledge } from './acknowledge.ts';
import { type Ask, ask, report } from './ask.ts';
import { containSpec } from './contain-spec.ts';
import { findObject } from './find.ts';
import { openAccess } from './open.ts';
import { common } from './verbs.ts';

/** `fleetward contain DEVICE…`: the fast way to tighten, outside of every rollout. */
export async function containCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(containSpec, argv);
  if (args.positionals.length === 0) throw new UsageError('Name devices: fleetward contain press-1');
  await using access = await openAccess(args, io);
  const lift = args.has('lift');
  if (lift && args.has('policy'))
    throw new UsageError('--lift takes away what contains the device, whichever policy that is');
  const devices: Device[] = [];
  // Every name is looked up first: half a containment because of a typing mistake is none.
  for (const name of args.positionals) devices.push((await findObject(access, 'Device', name)) as Device);
  const policy = lift ? '' : await prepared(access, args.text('policy'));
  let worst: number = Exit.ok;
  for (const [index, device] of devices.entries()) {
    worst = Math.max(
      worst,
      lift ? await acknowledge(access, device, args, io) : await one(access, { device, policy, index }, args, io),
    );
  }
  return worst;
}

async function one(
  access: FleetAccess,
  { device, policy, index }: { readonly device: Device; readonly policy: string; readonly index: number },
  args: Parsed,
  io: CliIo,
): Promise<number> {
  const { name } = device.metadata;
  if (device.spec.suspend) {
    throw new CommandError(
      `Device ${name} is suspended, so the operator does not touch it: end that, or put the thing into a quarantine group`,
      Exit.bad,
    );
  }
  const given = common(args);
  const token = args.positionals.length > 1 ? `${given.token}.${index}` : given.token;
  const request: Ask = { object: device, verb: 'contain', subject: policy, ...given, token };
  const answer = await ask(access, request);
  const status = report(answer, `contain of device ${name}`, request, io);
  if (answer.kind === 'done')
    io.stdout(`${name}: contained with ${policy}; lifted by "fleetward contain --lift ${name}"\n`);
  return status;
}

/** The policy that was named, or the only one there is. */
async function prepared(access: FleetAccess, name: string | undefined): Promise<string> {
  const all = ((await access.list('IoTPolicy')) as readonly IoTPolicy[]).filter(
    ({ spec }) => spec.containment === true,
  );
  const names = [...new Set(all.map(({ metadata }) => metadata.name))];
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  if (chosen !== undefined && names.includes(chosen)) return chosen;
  const known =
    names.length === 0
      ? 'there is none: prepare one in Git (an IoTPolicy with containment: true that only denies)'
      : `there are ${names.join(', ')}`;
  throw new CommandError(
    name === undefined
      ? `Say with which policy, by --policy; ${known}`
      : `IoTPolicy ${name} is not one for containment; ${known}`,
    Exit.bad,
  );
}
