import { kindDefinitions } from '../../api/schemas.gen.ts';
import type { Parsed } from '../args/parse.ts';
import { outputFlag } from '../args/spec.ts';
import { Exit } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { printDocuments } from '../output/documents.ts';
import { objectTable } from '../output/table.ts';
import { findRollout, rolloutsIn } from './find.ts';
import { openAccess, placeFlags } from './open.ts';
import type { RolloutSubcommand } from './subcommand.ts';

export const getCommand: RolloutSubcommand = {
  name: 'rollout get',
  group: 'Look',
  summary: 'list rollouts, the newest first',
  usage: '[ROLLOUT|POLICY…]',
  description:
    'Lists rollouts with the columns of "kubectl get policyrollouts", in a cluster and in a state folder alike.',
  flags: [...placeFlags, outputFlag],
  examples: ['fleetward rollout get', 'fleetward rollout get -o wide', 'kubectl fleetward rollout get -n plant-a'],
  run,
};

async function run(args: Parsed, io: CliIo): Promise<number> {
  await using access = await openAccess(args, io);
  const names = args.positionals;
  const found =
    names.length === 0 ? await rolloutsIn(access) : await Promise.all(names.map((name) => findRollout(access, name)));
  const output = args.text('output') ?? 'table';
  if (output === 'json' || output === 'yaml') {
    await printDocuments(found, { one: names.length === 1, output }, io);
    return Exit.ok;
  }
  if (found.length === 0) {
    io.stderr(`There is no rollout in ${access.place}.\n`);
    return Exit.ok;
  }
  if (output === 'name') {
    io.stdout(found.map(({ metadata }) => `policyrollout.fleetward.dev/${metadata.name}\n`).join(''));
    return Exit.ok;
  }
  const definition = kindDefinitions.find(({ kind }) => kind === 'PolicyRollout');
  if (definition === undefined) throw new Error('the kind PolicyRollout is not known');
  const namespaces = new Set(found.map(({ metadata }) => metadata.namespace));
  const options = {
    wide: output === 'wide',
    namespaces: namespaces.size > 1,
    now: Date.now(),
    headers: true,
    prefixed: false,
  };
  io.stdout(objectTable(definition, found, options));
  return Exit.ok;
}
