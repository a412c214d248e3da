import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Device } from '../../api/device.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import { evidenceFile } from '../../controllers/policyrollout/told/evidence-files.ts';
import { type EvidenceEntry, parseEntry } from '../../report/evidence/chain.ts';
import { evidenceText } from '../../report/evidence/text.ts';
import { type Verification, verifyEvidence } from '../../report/evidence/verify.ts';
import { lineFiles } from '../../runtime/log/line-files.ts';
import type { Parsed } from '../args/parse.ts';
import type { FlagSpec } from '../args/spec.ts';
import { environment } from '../config/environment.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { EVIDENCE_FOLDER } from '../operator/evidence.ts';
import type { FleetAccess } from './access.ts';
import { findRollout } from './find.ts';
import { openAccess, placeFlags } from './open.ts';
import type { RolloutSubcommand } from './subcommand.ts';

const fromFlag: FlagSpec = {
  name: 'from',
  value: 'FILE|FOLDER|-',
  complete: 'file',
  many: true,
  summary:
    'Where the entries are: a log of the operator’s standard output, the folder of --evidence, or - for standard input. Other lines are skipped. Default in a state folder: its own.',
};

const exits = [
  [0, 'the chain is complete, from the first entry to the head in the rollout’s status'],
  [1, 'its end is missing, or it is broken; the output says where'],
  [2, 'the command line was not understood'],
  [3, 'the entries or the rollout could not be read'],
] as const;

export const evidenceCommand: RolloutSubcommand = {
  name: 'rollout evidence',
  group: 'Look',
  summary: 'show the evidence log of a rollout and verify its chain',
  usage: '[ROLLOUT|POLICY]',
  description:
    'Who asked for what, from which commit, which checks were made with which witnesses, which calls were handed to AWS, and what was seen of each asset. Each entry holds the hash of the one before, and the rollout’s status holds the last one.\n' +
    'In a cluster the entries are lines of the operator’s standard output: keep them where you keep logs, and give them with --from.',
  flags: [
    ...placeFlags,
    fromFlag,
    {
      name: 'output',
      short: 'o',
      value: 'FORMAT',
      complete: ['text', 'json', 'jsonl'],
      summary: 'text, json (with the verification) or jsonl (the entries). Default text.',
    },
  ],
  examples: [
    'fleetward rollout evidence base',
    'kubectl logs deploy/fleetward | kubectl fleetward rollout evidence base-5f2c9a1e --from -',
  ],
  exits,
  run: show,
};

export const exportCommand: RolloutSubcommand = {
  name: 'rollout export',
  group: 'Look',
  summary: 'one JSON document with a rollout, its assets, its evidence and the verification',
  usage: '[ROLLOUT|POLICY]',
  description:
    'For an archive or an auditor: everything that is known of a rollout, in one document on standard output.',
  flags: [...placeFlags, fromFlag],
  examples: ['fleetward rollout export base > base.json'],
  exits,
  run: exportAll,
};

async function show(args: Parsed, io: CliIo): Promise<number> {
  await using access = await openAccess(args, io);
  const { verification } = await verified(access, args, io);
  switch (args.text('output') ?? 'text') {
    case 'json':
      io.stdout(`${JSON.stringify(verification, undefined, 2)}\n`);
      break;
    case 'jsonl':
      io.stdout(verification.chain.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
      if (verification.result !== 'complete') io.stderr(`${verification.problems.join('\n')}\n`);
      break;
    default:
      io.stdout(evidenceText(verification));
  }
  return verification.result === 'complete' && verification.chain.length > 0 ? Exit.ok : Exit.bad;
}

async function exportAll(args: Parsed, io: CliIo): Promise<number> {
  await using access = await openAccess(args, io);
  const { rollout, verification } = await verified(access, args, io);
  const devices = (await access.list('Device')) as readonly Device[];
  const assets = devices.flatMap(({ metadata, status }) =>
    status?.rollout?.name === rollout.metadata.name && metadata.namespace === rollout.metadata.namespace
      ? [{ device: metadata.name, ...status.rollout }]
      : [],
  );
  const { chain, ...verdict } = verification;
  const document = {
    format: 'fleetward.dev/rollout-export/v1',
    rollout,
    assets,
    evidence: chain,
    verification: verdict,
  };
  io.stdout(`${JSON.stringify(document, undefined, 2)}\n`);
  return verification.result === 'complete' && verification.chain.length > 0 ? Exit.ok : Exit.bad;
}

async function verified(
  access: FleetAccess,
  args: Parsed,
  io: CliIo,
): Promise<{ readonly rollout: PolicyRollout; readonly verification: Verification }> {
  const rollout = await findRollout(access, args.positionals[0]);
  const { entries, head } = rollout.status?.evidence ?? {};
  const known = entries === undefined || head === undefined ? undefined : { entries, head };
  const found = readEntries(access, rollout, args, io);
  return { rollout, verification: verifyEvidence(rollout.metadata.uid ?? '', found, known) };
}

function readEntries(access: FleetAccess, rollout: PolicyRollout, args: Parsed, io: CliIo): readonly EvidenceEntry[] {
  const places = args.all('from');
  if (places.length === 0 && access.mode === 'cluster') {
    throw new UsageError(
      'In a cluster say where the lines of the operator’s standard output are kept: --from FILE, or kubectl logs … | … --from -',
    );
  }
  const folder = resolve(io.cwd, args.text('state') ?? environment().state, EVIDENCE_FOLDER);
  const texts = places.length === 0 ? [inFolder(folder, rollout)] : places.map((place) => read(place, rollout, io));
  return texts.flatMap((text) => text.split('\n').flatMap((line) => parseEntry(line) ?? []));
}

function read(place: string, rollout: PolicyRollout, io: CliIo): string {
  const path = place === '-' ? 0 : resolve(io.cwd, place);
  try {
    if (path !== 0 && statSync(path).isDirectory()) return inFolder(path, rollout);
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${place} cannot be read: ${(error as Error).message}`, Exit.failed, error);
  }
}

function inFolder(folder: string, { metadata }: PolicyRollout): string {
  const { namespace = '', name, uid = '' } = metadata;
  return lineFiles(join(folder)).read(evidenceFile({ namespace, name, uid }));
}
