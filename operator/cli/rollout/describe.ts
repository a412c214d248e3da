import type { Device } from '../../api/device.gen.ts';
import type { PolicyRollout } from '../../api/policyrollout.gen.ts';
import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import { thingName } from '../../controllers/device/desired.ts';
import { durationMs } from '../../controllers/external/duration.ts';
import { REFERS_TO, referenceKey } from '../../controllers/external/references.ts';
import { addIndexes } from '../../controllers/indexes.ts';
import { assetsOf, type GroupStages, summarise } from '../../controllers/policyrollout/asset/assets.ts';
import { unitsOf } from '../../controllers/policyrollout/asset/units.ts';
import { allowedVerbs } from '../../controllers/policyrollout/people/verb-state.ts';
import { indexRollouts } from '../../controllers/policyrollout/setup.ts';
import { groupName } from '../../controllers/thinggroup/observe.ts';
import { type RolloutView, rolloutText } from '../../report/rollout/describe.ts';
import { readStrategy } from '../../rollout/from-spec.ts';
import type { AssetSummary } from '../../rollout/rollout.ts';
import { inTwoParts, type Strategy } from '../../rollout/strategy.ts';
import { underWay } from '../../rollout/types.ts';
import { ObjectCache } from '../../runtime/cache/object-cache.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createPauser } from '../../runtime/pauser.ts';
import type { Parsed } from '../args/parse.ts';
import { Exit } from '../exit.ts';
import type { CliIo } from '../io.ts';
import type { FleetAccess } from './access.ts';
import { findRollout } from './find.ts';
import { openAccess, placeFlags } from './open.ts';
import type { RolloutSubcommand } from './subcommand.ts';
import { effectOf } from './verbs.ts';

export const describeCommand: RolloutSubcommand = {
  name: 'rollout describe',
  group: 'Look',
  summary: 'draw a rollout: its waves, its assets, why it waits and until when, and what you can do',
  usage: '[ROLLOUT|POLICY…]',
  description:
    'Shows what the change takes away and gives, with an example of each, who approved it, the waves, the assets that need looking at, why it waits and until when, and which verbs may be used now.\n' +
    'Without a name: the only rollout under way.',
  flags: placeFlags,
  examples: ['fleetward rollout describe base', 'kubectl fleetward rollout describe base-5f2c9a1e -n plant-a'],
  run,
};

async function run(args: Parsed, io: CliIo): Promise<number> {
  await using access = await openAccess(args, io);
  const names = args.positionals.length === 0 ? [undefined] : args.positionals;
  const texts: string[] = [];
  for (const name of names) {
    const rollout = await findRollout(access, name);
    texts.push(rolloutText(await viewOf(access, rollout, { args, now: Date.now() })));
  }
  io.stdout(texts.join('\n\n'));
  return Exit.ok;
}

/** Everything the drawing needs; the waves are those the operator itself would make. */
export async function viewOf(
  access: FleetAccess,
  rollout: PolicyRollout,
  { args, now }: { readonly args: Pick<Parsed, 'text'>; readonly now: number },
): Promise<RolloutView> {
  const cache = new ObjectCache({});
  addIndexes(cache, [
    { kind: 'Device', nameOf: (device: Device) => thingName(device) },
    { kind: 'ThingGroup', nameOf: (group: ThingGroup) => groupName(group) },
  ]);
  indexRollouts(cache);
  for (const kind of ['Device', 'ThingGroup', 'AWSAccount', 'PolicyRollout'])
    await cache.sink(kind).replace(await access.list(kind));
  const devices = assetsOf(cache, rollout);
  const { strategy: once } = readStrategy(rollout.spec.strategy, durationMs);
  const { strategy, groups } = stagesOf(cache, rollout, once);
  const retriedAt = rollout.status?.verbs?.retriedAt;
  const records = new Map(devices.map(({ metadata, status }) => [metadata.name, status?.rollout]));
  // Assets on the candidate of a revision that was overtaken go first, as the operator sees them in AWS.
  const unproven = ({ status }: Device) =>
    (status?.policies ?? []).some((name) =>
      rollout.spec.policies.some(
        ({ policyName, candidateName }) => name.startsWith(`${policyName}@`) && name !== candidateName,
      ),
    );
  // What holds one that has not begun, or keeps it from it, only the operator sees; it says so among its samples.
  const said = (wanted: string) =>
    new Map(
      (rollout.status?.samples ?? []).flatMap(({ device, state, why }) =>
        state === wanted && why !== undefined ? [[device, why] as const] : [],
      ),
    );
  const [aside, unable] = [said('Held'), said('Queued')];
  const pauser = createPauser(systemClock, undefined);
  const summaries = await summarise({
    rollout,
    devices,
    units: await unitsOf(cache, devices, { rollout: rollout.metadata.name, pauser }),
    strategy: once,
    groups,
    started: new Set(),
    ready: () => 'no',
    arming: new Set(),
    unproven,
    // What the documents come to only the operator compares; whose verdict says so is known.
    masked: () => false,
    retriedAt,
    aside,
    refused: () => undefined,
    unable: (members) => members.flatMap(({ metadata }) => unable.get(metadata.name) ?? [])[0],
    pauser,
  });
  const place = placeWords(access, args);
  return {
    rollout,
    strategy,
    assets: summaries.map((asset) => {
      const record = records.get(asset.id);
      const own = record?.name === rollout.metadata.name ? record : undefined;
      const why =
        own?.failure === undefined
          ? (stuck(asset) ?? own?.why ?? aside.get(asset.id) ?? asset.unable)
          : [`${own.verdict ?? own.failure}; ${own.why ?? ''}`, stuck(asset)].filter(Boolean).join('; ');
      return { ...asset, why, since: own?.since };
    }),
    verbs: allowedVerbs(rollout).map((verb) => [verb, effectOf(verb)] as const),
    command: (verb) => `${place.command} rollout ${verb} ${rollout.metadata.name}${place.flags}`,
    events: (await access.eventsOf(rollout)).map(({ eventTime, series, type, reason, note }) => ({
      at: series?.lastObservedTime ?? eventTime,
      type,
      reason,
      note,
    })),
    now,
  };
}

/** Why it gets no further, where it is between two policies. */
function stuck({ state, unable }: AssetSummary): string | undefined {
  return underWay(state) ? unable : undefined;
}

/** Where thing groups carry the policies: the waves come twice, as the status tells. */
function stagesOf(
  cache: ObjectCache,
  rollout: PolicyRollout,
  once: Strategy,
): { readonly strategy: Strategy; readonly groups?: GroupStages } {
  const { waves = 0, wave = 1, groups: targets } = rollout.status ?? {};
  const first = waves - once.waves.length;
  if (first <= 0) return { strategy: once };
  const { namespace } = rollout.metadata;
  const own = new Set(
    rollout.spec.policies
      .flatMap(({ name }) => cache.byIndex('Device', REFERS_TO, referenceKey('IoTPolicy', namespace, name)))
      .map(({ metadata }) => metadata.name),
  );
  const isMember = ({ metadata }: Device) => !own.has(metadata.name);
  const handedOver = wave > first && targets !== undefined;
  return {
    strategy: inTwoParts(once, first === 1 && once.waves.length > 1).strategy,
    groups: { handedOver, first, isMember },
  };
}

function placeWords({ mode, namespace }: FleetAccess, args: Pick<Parsed, 'text'>): { command: string; flags: string } {
  if (mode === 'cluster')
    return { command: 'kubectl fleetward', flags: namespace === undefined ? '' : ` -n ${namespace}` };
  const state = args.text('state');
  return { command: 'fleetward', flags: state === undefined ? '' : ` --state ${state}` };
}
