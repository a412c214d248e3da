import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { distance } from '../../policy/distance/index.ts';
import {
  type Comparison,
  compare,
  compareDocuments,
  type Level,
  type PolicyDocument,
  residual,
  worstCase,
} from '../../policy/index.ts';
import { type LintFinding, lint } from '../../policy/lint/index.ts';
import {
  type BesideOthers,
  type ComparisonReport,
  comparisonJson,
  comparisonText,
} from '../../report/policy/comparison.ts';
import { comparisonSarif } from '../../report/policy/comparison-sarif.ts';
import { distanceJson, distanceText } from '../../report/policy/distance.ts';
import type { PolicySource } from '../../report/policy/source.ts';
import type { Parsed } from '../args/parse.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { version } from '../version.ts';
import { deploymentFlags, optionsFrom, outputFlagOf } from './flags.ts';
import { fleetUnder } from './fleet.ts';
import { type Loaded, loadPolicies } from './load.ts';
import type { PolicySubcommand } from './subcommand.ts';

export const compareCommand: PolicySubcommand = {
  name: 'compare',
  summary: 'what a change newly allows or takes away, with proof',
  usage: 'BEFORE AFTER [FLAGS]',
  description:
    'Compares policies exactly, in both directions and at three levels: each request by itself, what a client that can connect may do,\nand which messages arrive. Two files are compared with each other; in folders and in files with several manifests, policies with\nthe same name are compared pair by pair. With --together all documents of a side count as attached to one certificate.',
  flags: [
    {
      name: 'level',
      value: 'LEVEL',
      complete: ['raw', 'session', 'delivery'],
      summary: 'Whose verdict, examples and exit status count. Default raw.',
    },
    {
      name: 'fleet',
      value: 'FILE|FOLDER',
      complete: 'file',
      summary: 'Say which devices gain or lose what instead: Device and ThingGroup manifests, or a list of devices.',
    },
    { name: 'together', summary: 'Compare the two sides as whole sets.' },
    {
      name: 'beside-others',
      summary: 'Answer for whatever other policies are attached beside: a Deny that is idle alone counts as well.',
    },
    outputFlagOf(['text', 'json', 'sarif']),
    ...deploymentFlags,
  ],
  examples: [
    'fleetward policy compare old.json new.json',
    'fleetward policy compare --level delivery old/ new/',
    'fleetward policy compare --output json old.json new.json',
  ],
  exits: [
    [0, 'nothing is newly allowed: equivalent, or it tightens'],
    [1, 'something is newly allowed, or it cannot be excluded (undecided, or the verdict rests on an assumption)'],
    [2, 'the command line was not understood'],
    [3, 'a document could not be read, or AWS would refuse it'],
  ],
  run,
};

interface Pair {
  readonly subject: string;
  readonly before: readonly PolicySource[];
  readonly after: readonly PolicySource[];
}

async function run(parsed: Parsed, io: CliIo): Promise<number> {
  const [left, right, ...more] = parsed.positionals;
  if (left === undefined || right === undefined || more.length > 0)
    throw new UsageError('fleetward policy compare needs BEFORE and AFTER');
  const before = await readable(left, io.cwd);
  const after = await readable(right, io.cwd);
  const fleet = parsed.text('fleet');
  if (fleet !== undefined) return runFleet(parsed, io, { before, after, devices: await readable(fleet, io.cwd) });
  const folders = (await isFolder(left, io.cwd)) && (await isFolder(right, io.cwd));
  const pairs = parsed.has('together')
    ? [whole(left, right, before, after)]
    : pairsOf({ left, right, folders, cwd: io.cwd }, before, after);
  const reports = pairs.map((pair) => reportOf(pair, parsed));
  io.stdout(rendered(parsed.text('output') ?? 'text', reports));
  return reports.some(mayWiden) ? Exit.bad : Exit.ok;
}

function mayWiden({ besideOthers, levels, level }: ComparisonReport): boolean {
  if (worstCase(levels[level]).mayWiden) return true;
  return besideOthers !== undefined && worstCase({ ...besideOthers.alone, verdict: besideOthers.verdict }).mayWiden;
}

interface FleetSides {
  readonly before: Loaded;
  readonly after: Loaded;
  readonly devices: Loaded;
}

function runFleet(parsed: Parsed, io: CliIo, { before, after, devices }: FleetSides): number {
  const under = fleetUnder(devices, before, after);
  const options = optionsFrom(parsed, [...under.fleet.documents, ...under.after]);
  const result = distance(under.fleet, under.after, options);
  const json = parsed.text('output') === 'json';
  io.stdout(json ? `${JSON.stringify(distanceJson(result), null, 2)}\n` : distanceText(result));
  return result.undecided.length > 0 || result.groups.some((group) => group.gained.length > 0) ? Exit.bad : Exit.ok;
}

async function isFolder(path: string, cwd: string): Promise<boolean> {
  return (await stat(resolve(cwd, path))).isDirectory();
}

async function readable(path: string, cwd: string): Promise<Loaded> {
  const loaded = await loadPolicies([path], cwd);
  const broken = loaded.unreadable[0];
  if (broken !== undefined) {
    const problems = broken.problems.map(
      ({ message, at }) => `${broken.path}${at === undefined ? '' : `:${at.line}:${at.column}`}  ${message}`,
    );
    throw new CommandError(problems.join('\n'), Exit.failed);
  }
  return loaded;
}

const whole = (left: string, right: string, before: Loaded, after: Loaded): Pair => ({
  subject: `${left} -> ${right}`,
  before: before.policies,
  after: after.policies,
});

interface Sides {
  readonly left: string;
  readonly right: string;
  readonly folders: boolean;
  readonly cwd: string;
}

/** Policies of the two sides by name: a manifest's policy name, or the path of a plain document inside its folder. */
function pairsOf(sides: Sides, before: Loaded, after: Loaded): readonly Pair[] {
  const { left, right } = sides;
  if (!sides.folders && before.policies.length <= 1 && after.policies.length <= 1)
    return [whole(left, right, before, after)];
  const keyOf = (policy: PolicySource, root: string): string =>
    policy.name === policy.path
      ? relative(resolve(sides.cwd, root), resolve(sides.cwd, policy.path)) || policy.path
      : policy.name;
  const old = new Map(before.policies.map((policy) => [keyOf(policy, left), policy]));
  const next = new Map(after.policies.map((policy) => [keyOf(policy, right), policy]));
  return [...new Set([...old.keys(), ...next.keys()])].sort().map((name): Pair => {
    const [was, is] = [old.get(name), next.get(name)];
    const note = was === undefined ? ' (new)' : is === undefined ? ' (removed)' : '';
    return { subject: name + note, before: was === undefined ? [] : [was], after: is === undefined ? [] : [is] };
  });
}

const documentsOf = (sources: readonly PolicySource[]): readonly PolicyDocument[] =>
  sources.map((source) => source.document);

function reportOf(pair: Pair, parsed: Parsed): ComparisonReport {
  const [before, after] = [documentsOf(pair.before), documentsOf(pair.after)];
  const options = optionsFrom(parsed, [...before, ...after]);
  const at = (level: Level): Comparison => compare(before, after, { ...options, level });
  const [was, is] = [lint(before, options), lint(after, options)];
  const cannotConnect = [was, is].some((report) => report.findings.some((one) => one.code === 'missing-connect'));
  return {
    ...pair,
    cannotConnect,
    level: (parsed.text('level') ?? 'raw') as Level,
    levels: { raw: at('raw'), session: at('session'), delivery: at('delivery') },
    bypassed: newBypasses(before, after, options),
    residual: residual(before, after, options),
    ...(parsed.has('beside-others') && { besideOthers: besideOthers(before, after, options) }),
  };
}

/** Several documents of one side are one certificate's, so they count as one document. */
function besideOthers(
  before: readonly PolicyDocument[],
  after: readonly PolicyDocument[],
  options: ReturnType<typeof optionsFrom>,
): BesideOthers {
  return compareDocuments(before, after, options);
}

/** Denies on Subscribe that do not withhold messages and that the old side did not have in the same words. */
function newBypasses(
  before: readonly PolicyDocument[],
  after: readonly PolicyDocument[],
  options: Parameters<typeof lint>[1],
): readonly LintFinding[] {
  const known = new Set(
    before.flatMap((document) => document.statements.filter((one) => one.effect === 'Deny').map(wording)),
  );
  return lint(after, options).findings.filter((finding) => {
    if (finding.code !== 'deny-subscribe-bypassed' || finding.statement === null) return false;
    const statement = after[finding.document]?.statements[finding.statement];
    return statement !== undefined && !known.has(wording(statement));
  });
}

function wording(statement: PolicyDocument['statements'][number]): string {
  return JSON.stringify([statement.actions.map((one) => one.text), statement.resources.map((one) => one.text)]);
}

function rendered(format: string, reports: readonly ComparisonReport[]): string {
  if (format === 'sarif') return `${JSON.stringify(comparisonSarif(reports, version()), null, 2)}\n`;
  if (format !== 'json') return `${reports.map(comparisonText).join('\n')}\n`;
  const list = reports.map(comparisonJson);
  return `${JSON.stringify(list.length === 1 ? list[0] : list, null, 2)}\n`;
}
