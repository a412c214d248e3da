import { nearest } from '../../api/validation/nearest.ts';
import { withDefaults } from '../../policy/index.ts';
import {
  blastRadius,
  type Fleet,
  type FleetDevice,
  graphOver,
  isolated,
  type ReachGraph,
  reachChange,
  reachedBy,
  reachGraph,
  whoReaches,
} from '../../policy/reach/index.ts';
import {
  blastText,
  changeText,
  contactJson,
  contactsText,
  edgeJson,
  graphText,
  isolationText,
  reachFormat,
} from '../../report/policy/reach.ts';
import type { Parsed } from '../args/parse.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import { deploymentFlags, optionsFrom, outputFlagOf } from './flags.ts';
import { fleetFrom } from './fleet.ts';
import { type Loaded, loadPolicies } from './load.ts';
import type { PolicySubcommand } from './subcommand.ts';

export const reachCommand: PolicySubcommand = {
  name: 'reach',
  summary: 'who can send to whom, by topic and by direct message',
  usage: 'FILE|FOLDER... [FLAGS]',
  description:
    'Builds the graph of who can reach whom from policies and a fleet: Device and ThingGroup manifests, or a file with a list\n{"devices": [{"name", "attributes", "groups", "policies"}]}. Without a fleet, two imaginary devices stand for each policy.',
  flags: [
    { name: 'hears', value: 'DEVICE', summary: 'Who can send what this device hears.' },
    { name: 'reaches', value: 'DEVICE', summary: 'Who hears what this device can send.' },
    { name: 'stolen', value: 'DEVICE', summary: 'What whoever holds the certificate of this device can reach.' },
    {
      name: 'isolated',
      value: 'A,B',
      summary: 'Whether two devices can send each other anything. Exit 1 when they can.',
    },
    {
      name: 'proposal',
      value: 'FILE|FOLDER',
      complete: 'file',
      summary: 'Show what changes when policies of the same names are replaced by these. Exit 1 when reach grows.',
    },
    outputFlagOf(['text', 'json']),
    ...deploymentFlags,
  ],
  examples: [
    'fleetward policy reach fleet/ --stolen press-7',
    'fleetward policy reach fleet/ --isolated press-7,camera-2',
    'fleetward policy reach fleet/ --proposal new-policies/',
  ],
  exits: [
    [0, 'the graph or the answer was printed; --isolated: they are; --proposal: nothing becomes reachable'],
    [1, '--isolated: they are not; --proposal: something becomes reachable'],
    [2, 'the command line was not understood'],
    [3, 'a document could not be read, or a device names a policy that is not there'],
  ],
  run,
};

interface Answer {
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly exit: number;
}

async function run(parsed: Parsed, io: CliIo): Promise<number> {
  if (parsed.positionals.length === 0)
    throw new UsageError('fleetward policy reach needs a file or folder with policies');
  const queries = ['hears', 'reaches', 'stolen', 'isolated', 'proposal'].filter((flag) => parsed.has(flag));
  if (queries.length > 1) throw new UsageError(`one question at a time: --${queries.join(' or --')}`);
  const loaded = readable(await loadPolicies(parsed.positionals, io.cwd));
  const fleet = fleetFrom(loaded);
  const options = { exclusiveThings: false, ...optionsFrom(parsed, fleet.documents) };
  const proposal = parsed.text('proposal');
  const answer =
    proposal === undefined
      ? answerFor(reachGraph(fleet, options), parsed)
      : changeUnder(fleet, proposed(fleet, readable(await loadPolicies([proposal], io.cwd)), loaded), options);
  const json = (parsed.text('output') ?? 'text') === 'json';
  io.stdout(json ? `${JSON.stringify({ format: reachFormat, ...answer.json }, null, 2)}\n` : answer.text);
  return answer.exit;
}

function readable(loaded: Loaded): Loaded {
  const broken = loaded.unreadable[0];
  if (broken !== undefined)
    throw new CommandError(`${broken.path}: ${broken.problems[0]?.message ?? 'cannot be read'}`, Exit.failed);
  return loaded;
}

/** The fleet's documents with those replaced that the proposal has under the same name. */
function proposed(fleet: Fleet, proposal: Loaded, present: Loaded): Fleet {
  const keyOf = (source: Loaded['policies'][number]): string =>
    source.name === source.path ? (source.path.split('/').at(-1) ?? '') : source.name;
  const next = new Map(proposal.policies.map((source) => [keyOf(source), source.document]));
  const known = new Set(present.policies.map(keyOf));
  const stray = [...next.keys()].find((name) => !known.has(name));
  if (stray !== undefined)
    throw new CommandError(`the proposal has a policy "${stray}" that the fleet does not use`, Exit.failed);
  return { ...fleet, documents: present.policies.map((source) => next.get(keyOf(source)) ?? source.document) };
}

function changeUnder(fleet: Fleet, next: Fleet, options: Parameters<typeof reachGraph>[1]): Answer {
  const before = reachGraph(fleet, options, next.documents);
  const after = graphOver(next, before.classes, withDefaults(options), fleet.documents);
  const change = reachChange(before, after);
  return {
    text: changeText(after, before, change),
    json: {
      gained: change.gained.map((edge) => edgeJson(after, edge)),
      lost: change.lost.map((edge) => edgeJson(before, edge)),
      approximate: [...new Set([...before.approximate, ...after.approximate])],
    },
    exit: change.gained.length > 0 || after.approximate.length > 0 ? Exit.bad : Exit.ok,
  };
}

function deviceNamed(graph: ReachGraph, name: string): FleetDevice {
  const found =
    graph.fleet.devices.find((device) => device.name === name) ??
    graph.fleet.devices.find((device) => device.thing === name);
  if (found !== undefined) return found;
  const guess = nearest(
    name,
    graph.fleet.devices.slice(0, 5000).map((device) => device.name),
  );
  throw new UsageError(`the fleet has no device "${name}"${guess === undefined ? '' : `; did you mean ${guess}?`}`);
}

function answerFor(graph: ReachGraph, parsed: Parsed): Answer {
  const approximate = { approximate: graph.approximate };
  const [hears, reaches, stolen, pair] = ['hears', 'reaches', 'stolen', 'isolated'].map((flag) => parsed.text(flag));
  if (hears !== undefined || reaches !== undefined) {
    const device = deviceNamed(graph, (hears ?? reaches)!);
    const contacts = hears !== undefined ? whoReaches(graph, device) : reachedBy(graph, device);
    const title =
      hears !== undefined ? `Who can send what "${device.name}" hears` : `Who hears what "${device.name}" can send`;
    const json = {
      device: device.name,
      contacts: contacts.map((contact) => contactJson(graph, contact)),
      ...approximate,
    };
    return { text: contactsText(graph, title, contacts), json, exit: Exit.ok };
  }
  if (stolen !== undefined) {
    const device = deviceNamed(graph, stolen);
    const blast = blastRadius(graph, device);
    const { direct, transitive, freeClientId } = blast;
    const json = {
      device: device.name,
      direct,
      transitive,
      freeClientId,
      contacts: blast.contacts.map((one) => contactJson(graph, one)),
      ...approximate,
    };
    return { text: blastText(graph, device, blast), json, exit: Exit.ok };
  }
  if (pair !== undefined) return isolationAnswer(graph, pair);
  return {
    text: graphText(graph),
    json: { edges: graph.edges.map((edge) => edgeJson(graph, edge)), ...approximate },
    exit: Exit.ok,
  };
}

function isolationAnswer(graph: ReachGraph, pair: string): Answer {
  const [a, b, ...more] = pair.split(',').map((name) => name.trim());
  if (a === undefined || b === undefined || more.length > 0)
    throw new UsageError('--isolated takes two device names: A,B');
  const [left, right] = [deviceNamed(graph, a), deviceNamed(graph, b)];
  const result = isolated(graph, left, right);
  const json = {
    devices: [left.name, right.name],
    isolated: result.isolated,
    forward: result.forward.map((edge) => edgeJson(graph, edge)),
    backward: result.backward.map((edge) => edgeJson(graph, edge)),
    approximate: graph.approximate,
  };
  return { text: isolationText(graph, [left, right], result), json, exit: result.isolated ? Exit.ok : Exit.bad };
}
