import { pathToFileURL } from 'node:url';
import { type PolicyDocument, parsePolicyValue, withDefaults } from '../operator/policy/index.ts';
import {
  blastRadius,
  type Fleet,
  type FleetDevice,
  graphOver,
  reachChange,
  reachGraph,
} from '../operator/policy/reach/index.ts';
import type { BenchResult } from './types.ts';

const arn = 'arn:aws:iot:us-east-1:123456789012:';
const thing = '${iot:Connection.Thing.ThingName}';
const site = '${iot:Connection.Thing.Attributes[site]}';

type Row = readonly [action: string, resource: string];

function policy(name: string, rows: readonly Row[]): PolicyDocument {
  const Statement = rows.map(([action, resource]) => ({
    Effect: 'Allow',
    Action: `iot:${action}`,
    Resource: arn + resource,
  }));
  const { document } = parsePolicyValue({ Version: '2012-10-17', Statement }, { name });
  if (document === undefined) throw new Error(`the benchmark's policy ${name} is not valid`);
  return document;
}

/** One certificate per device with its own literal policy, as most fleets begin: 43 homes of six devices that talk within the home. */
function homes(): Fleet {
  const documents: PolicyDocument[] = [];
  const devices: FleetDevice[] = [];
  for (let index = 0; index < 258; index += 1) {
    const [name, home] = [`device-${index}`, `home-${index % 43}`];
    documents.push(
      policy(name, [
        ['Connect', `client/${name}`],
        ['Publish', `topic/${home}/${name}/*`],
        ['Publish', `topic/$aws/things/${name}/shadow/*`],
        ['Subscribe', index % 6 === 0 ? `topicfilter/${home}/*` : `topicfilter/${home}/${name}/cmd/*`],
        ['Receive', index % 6 === 0 ? `topic/${home}/*` : `topic/${home}/${name}/cmd/*`],
      ]),
    );
    devices.push({
      name,
      thing: name,
      clientIds: [name],
      thingType: undefined,
      attributes: {},
      groups: [],
      policies: [index],
    });
  }
  return { documents, devices };
}

/** 50 templates with variables: sensors, gateways of a site, and a few that are wider than they should be. */
function templates(): PolicyDocument[] {
  return Array.from({ length: 50 }, (_, index) => {
    const area = `area${index}`;
    const wide = index % 10 === 0;
    return policy(area, [
      ['Connect', `client/${thing}`],
      ['Publish', wide ? `topic/${area}/*` : `topic/${area}/${thing}/*`],
      ['Publish', `topic/sites/${site}/${thing}/up`],
      ['Subscribe', `topicfilter/${area}/${thing}/cmd/*`],
      ['Receive', `topic/${area}/${thing}/cmd/*`],
      ['Subscribe', index % 5 === 0 ? `topicfilter/sites/${site}/*` : `topicfilter/${area}/news`],
      ['Receive', index % 5 === 0 ? `topic/sites/${site}/*` : `topic/${area}/news`],
    ]);
  });
}

function bigFleet(documents: readonly PolicyDocument[]): Fleet {
  const devices = Array.from({ length: 100_000 }, (_, index): FleetDevice => {
    const name = `unit-${index}`;
    return {
      name,
      thing: name,
      clientIds: [name],
      thingType: undefined,
      attributes: { site: `plant-${index % 400}` },
      groups: [`group-${index % 20}`],
      policies: [index % documents.length],
    };
  });
  return { documents, devices };
}

/** Seconds of processor time: what the wall shows on an idle core, and unlike it the same on a busy machine. */
function measure(name: string, goal: number, work: () => void): BenchResult {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  const value = (user + system) / 1e6;
  return {
    name,
    value,
    unit: 's (processor)',
    better: 'lower',
    baseline: { name: 'goal', value: goal },
    ratio: value / goal,
  };
}

export async function run(): Promise<BenchResult[]> {
  const small = homes();
  const documents = templates();
  const fleet = bigFleet(documents);
  const changed = documents.map((document, index) =>
    index === 7
      ? policy('area7', [
          ['Connect', `client/${thing}`],
          ['Publish', 'topic/*'],
          ['Subscribe', 'topicfilter/area7/#'],
          ['Receive', 'topic/area7/*'],
        ])
      : document,
  );
  let before: ReturnType<typeof reachGraph> | undefined;
  return [
    // The first run is the compiler's; a controller that has run for a minute is past it.
    measure('reach graph of 258 certificates with a policy each, first run', 0.5, () => reachGraph(small)),
    measure('reach graph of 258 certificates with a policy each, second run', 0.5, () => reachGraph(small)),
    measure('reach graph of 100,000 devices in 50 templates', 5, () => {
      before = reachGraph(fleet, {}, changed);
    }),
    measure('change of reach under a proposal, 100,000 devices', 1, () => {
      const options = withDefaults({ exclusiveThings: false });
      const after = graphOver({ ...fleet, documents: changed }, before!.classes, options, documents);
      reachChange(before!, after);
    }),
    measure('blast radius of one stolen certificate among 100,000', 1, () => {
      blastRadius(before!, fleet.devices[0]!);
    }),
  ];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
