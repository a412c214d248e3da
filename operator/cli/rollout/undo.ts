import type { IoTPolicy } from '../../api/iotpolicy.gen.ts';
import { API_VERSION } from '../../api/meta.ts';
import { sameDocument } from '../../drift/document.ts';
import type { Parsed } from '../args/parse.ts';
import { CommandError, Exit } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { findRollout } from './find.ts';
import { openAccess, placeFlags } from './open.ts';
import type { RolloutSubcommand } from './subcommand.ts';

export const undoCommand: RolloutSubcommand = {
  name: 'rollout undo',
  group: 'Look',
  summary: 'print the policies with the documents of before, to be committed',
  usage: '[ROLLOUT|POLICY]',
  description:
    'Git says what the fleet is to be, so going back is a commit: this prints the IoTPolicies of the rollout as they were before it. Commit them in place of the present ones (or revert the commit that the rollout names).\n' +
    'After a rollout has succeeded that commit is a change like any other: compared, approved where it widens, and moved asset by asset. While the rollout is under way it is an abort, at once.',
  flags: [
    ...placeFlags,
    { name: 'output', short: 'o', value: 'FORMAT', complete: ['yaml', 'json'], summary: 'yaml or json. Default yaml.' },
  ],
  examples: ['fleetward rollout undo base-5f2c9a1e > base.yaml'],
  exits: [
    [0, 'the policies of before are on standard output'],
    [1, 'there is nothing to undo, or a policy is gone; the message says which'],
    [2, 'the command line was not understood'],
    [3, 'the fleet could not be asked'],
  ],
  run,
};

async function run(args: Parsed, io: CliIo): Promise<number> {
  await using access = await openAccess(args, io);
  const { metadata, spec, status } = await findRollout(access, args.positionals[0]);
  const { namespace = '' } = metadata;
  if (spec.policies.length === 0)
    throw new CommandError(`${metadata.name} changes no document: revert its commit`, Exit.bad);
  const manifests: object[] = [];
  for (const { name, baseline, document } of spec.policies) {
    const policy = (await access.get('IoTPolicy', namespace, name)) as IoTPolicy | undefined;
    if (policy === undefined)
      throw new CommandError(`IoTPolicy ${name} is gone, so there is nothing to put back`, Exit.bad);
    if (sameDocument(policy.spec.document, baseline)) {
      throw new CommandError(`IoTPolicy ${name} has the document of before ${metadata.name} already`, Exit.bad);
    }
    if (!sameDocument(policy.spec.document, document)) {
      io.stderr(
        `IoTPolicy ${name} has changed since ${metadata.name}: this goes back to before that rollout, and behind the later change.\n`,
      );
    }
    const { approvedRevision: _approved, ...kept } = policy.spec;
    manifests.push({
      apiVersion: API_VERSION,
      kind: 'IoTPolicy',
      metadata: { name, namespace },
      spec: { ...kept, document: JSON.parse(baseline) as unknown },
    });
  }
  if (status?.phase === 'Aborted')
    io.stderr(`${metadata.name} was aborted: the assets have these documents already.\n`);
  if (args.text('output') === 'json') {
    io.stdout(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }, undefined, 2)}\n`);
    return Exit.ok;
  }
  const { stringify } = await import('yaml');
  const commit = status?.sourceRevision === undefined ? '' : `# Or revert the commit: ${status.sourceRevision}\n`;
  io.stdout(`# As before ${metadata.name}, revision ${spec.revision}.\n${commit}`);
  io.stdout(
    manifests.map((manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n'),
  );
  return Exit.ok;
}
