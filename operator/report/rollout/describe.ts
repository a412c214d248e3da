import type { PolicyRollout, PolicyRolloutStatus } from '../../api/policyrollout.gen.ts';
import type { AssetSummary } from '../../rollout/rollout.ts';
import type { Strategy, Wave } from '../../rollout/strategy.ts';
import { inFlight } from '../../rollout/types.ts';
import { bar, LEGEND } from './bar.ts';
import { ago, columns, inTime, when } from './words.ts';

export interface ShownAsset extends AssetSummary {
  readonly why: string | undefined;
  readonly since: string | undefined;
}

export interface RolloutView {
  readonly rollout: PolicyRollout;
  readonly strategy: Strategy;
  /** In the order in which they move. */
  readonly assets: readonly ShownAsset[];
  /** Verbs that may be used now, the likeliest first, with what they do. */
  readonly verbs: readonly (readonly [verb: string, effect: string])[];
  /** How the command is called here: `fleetward` or `kubectl fleetward`, with its place. */
  readonly command: (verb: string) => string;
  readonly events: readonly {
    readonly at: string;
    readonly type: string;
    readonly reason: string;
    readonly note: string;
  }[];
  readonly now: number;
}

const MOST_ASSETS = 20;
const MOST_EVENTS = 10;
const MOST_UNITS = 5;

/** A rollout as the person on call needs it: what it does, how far it is, why it waits, and what can be done. */
export function rolloutText(view: RolloutView): string {
  const sections = [
    [head(view)],
    ['Waves', waves(view), `  ${LEGEND}\n`],
    ['Assets', assets(view)],
    ['Security acts, until somebody acknowledges them', acts(view)],
    ['Who decided', answers(view)],
    ['Refused', refused(view)],
    ['What you can do', actions(view)],
    ['Events', events(view)],
  ];
  return sections
    .filter((parts) => parts.at(-1) !== '' && parts[1] !== '')
    .map(([title, ...parts]) => (parts.length === 0 ? title : `${title}:\n${parts.join('')}`))
    .join('\n');
}

function head({ rollout, now }: RolloutView): string {
  const { metadata, spec, status = {} } = rollout;
  const rows: (readonly [string, string])[] = [
    ['Rollout:', `${metadata.name} in ${metadata.namespace ?? ''}`],
    ['State:', `${status.phase ?? 'Pending'} (${status.reason ?? 'not looked at yet'})`],
    ['Why:', status.message ?? 'the operator has not looked at it yet'],
    ['Until:', until(status, now)],
    ['Revision:', `${spec.revision}${(spec.attempt ?? 1) > 1 ? `, try ${spec.attempt}` : ''}`],
    ['Commit:', status.sourceRevision ?? ''],
    ['Change:', change(status)],
    ...examples('Lost, e.g.:', status.lost),
    ...examples('Gained, e.g.:', status.gained),
    ['Approved:', approval(status)],
    ['Brake:', brake(status, now)],
    ...spec.policies.map(({ name, policyName, candidateName }, index): readonly [string, string] => [
      index === 0 ? 'Policies:' : '',
      `${name}: from ${policyName} to ${candidateName} (in AWS: ${inForce(status, candidateName)})`,
    ]),
    ['Began:', times(status, now)],
    [
      'Evidence:',
      status.evidence?.entries === undefined
        ? ''
        : `${status.evidence.entries} entries, head ${status.evidence.head ?? ''}`,
    ],
  ];
  return columns(rows.filter(([, text]) => text !== ''));
}

function until({ waitsUntil }: PolicyRolloutStatus, now: number): string {
  return waitsUntil === undefined ? '' : `${when(waitsUntil)} (${inTime(waitsUntil, now)})`;
}

function change(status: PolicyRolloutStatus): string {
  if (status.class === undefined) return '';
  const more = [
    ...(status.addsDeny === true ? ['adds a deny, so attaching it already takes rights away'] : []),
    ...(status.uncertain === true ? ['not certain, which counts as the worst in both directions'] : []),
  ];
  return [CLASSES[status.class], ...more].join('; ');
}

const CLASSES = {
  equivalent: 'no asset may do more or less than before',
  tightens: 'tightens: some asset may do less, none may do more',
  widens: 'widens: some asset may do more, none may do less',
  mixed: 'mixed: some asset may do less, and some may do more',
} as const;

function examples(title: string, found: readonly string[] = []): readonly (readonly [string, string])[] {
  return found.map((text, index) => [index === 0 ? title : '', text]);
}

function approval({ verbs, conditions = [] }: PolicyRolloutStatus): string {
  if (verbs?.deniedBy !== undefined) return `denied by ${verbs.deniedBy}`;
  if (verbs?.approvedBy !== undefined) return `by ${verbs.approvedBy}`;
  const { reason } = conditions.find(({ type }) => type === 'Approved') ?? {};
  return reason === 'NotRequired' ? 'not required' : reason === undefined ? '' : 'waiting for somebody';
}

function brake({ brakedAt, brakeProblem }: PolicyRolloutStatus, now: number): string {
  if (brakedAt !== undefined) return `pulled ${ago(brakedAt, now)}`;
  return brakeProblem === undefined
    ? 'ready: one call for each policy'
    : `not one act, assets go back one by one: ${brakeProblem}`;
}

function inForce({ candidates = [] }: PolicyRolloutStatus, name: string): string {
  return candidates.find((candidate) => candidate.name === name)?.inForce ?? 'absent';
}

function times({ startedAt, finishedAt, manualPauseSeconds }: PolicyRolloutStatus, now: number): string {
  if (startedAt === undefined) return 'not yet';
  const paused =
    manualPauseSeconds === undefined ? '' : `, paused by people for ${Math.round(manualPauseSeconds / 60)} min`;
  return `${ago(startedAt, now)}${finishedAt === undefined ? '' : `, ended ${ago(finishedAt, now)}`}${paused}`;
}

function waves({ rollout, strategy, assets: all, now }: RolloutView): string {
  const { status = {} } = rollout;
  const rows = strategy.waves.map((wave, index) => {
    const own = all.filter((asset) => asset.wave === index);
    const proven = own.filter(({ state }) => state === 'Succeeded').length;
    return [
      `  ${index + 1}`,
      bar(own.map(({ state }) => state)),
      `${proven}/${own.length}`,
      size(wave),
      progress(status, wave, index, { count: own.length, now }),
    ];
  });
  return columns(rows);
}

const GOING_BACK: ReadonlySet<string> = new Set(['Aborting', 'Aborted', 'Superseded']);

function size({ size: given }: Wave): string {
  if ('count' in given) return given.count === 1 ? 'one asset' : `${given.count} assets`;
  if ('percent' in given) return `${given.percent} %`;
  return 'perCohort' in given ? 'one of each cohort' : 'the rest';
}

function progress(
  status: PolicyRolloutStatus,
  wave: Wave,
  index: number,
  { count, now }: { readonly count: number; readonly now: number },
): string {
  const done = status.waveDoneAt?.[index];
  const bake = wave.bakeMs === 0 ? '' : `, bakes ${Math.round(wave.bakeMs / 60_000)} min`;
  if (count === 0) return 'empty';
  if (done && !GOING_BACK.has(status.phase ?? '')) {
    const left = Date.parse(done) + wave.bakeMs - now;
    const baking = status.phase === 'Baking' && left > 0 && (status.wave ?? 0) === index + 2;
    return baking ? `baking, ${Math.ceil(left / 60_000)} min left` : `done ${ago(done, now)}`;
  }
  if (GOING_BACK.has(status.phase ?? '')) return 'given up';
  const current = status.startedAt !== undefined && (status.wave ?? 1) === index + 1;
  if (current) return status.phase === 'Baking' ? `next${bake}` : `under way${bake}`;
  return `to come${bake}`;
}

/** In what order people look. */
const FIRST = [
  'Unrecovered',
  'RollingBack',
  'RolledBack',
  'Held',
  'Contracting',
  'Observing',
  'Expanding',
  'Preflight',
  'Armed',
  'Deferred',
  'Excluded',
];

function assets({ assets: all, now }: RolloutView): string {
  const count = (test: (asset: ShownAsset) => boolean) =>
    all.reduce((sum, asset) => sum + (test(asset) ? asset.things : 0), 0);
  const parts: readonly (readonly [number, string])[] = [
    [count(({ state }) => state === 'Succeeded'), 'proven'],
    [count(({ state }) => inFlight(state)), 'in flight'],
    [count(({ state }) => state === 'Queued'), 'to come'],
    [count(({ state }) => state === 'Armed'), 'armed'],
    [count(({ state }) => state === 'Deferred'), 'deferred'],
    [count(({ state, held }) => state === 'Held' || held), 'held'],
    [count(({ state }) => state === 'RolledBack'), 'went back'],
    [count(({ state }) => state === 'Unrecovered'), 'silent after they were restored'],
    [count(({ state }) => state === 'Excluded'), 'left out'],
  ];
  const summary = parts.flatMap(([n, word]) => (n === 0 ? [] : [`${n} ${word}`])).join(', ');
  const rank = ({ state }: ShownAsset) => FIRST.indexOf(state);
  const shown = all.filter((asset) => rank(asset) >= 0).sort((a, b) => rank(a) - rank(b));
  const rows = shown
    .slice(0, MOST_ASSETS)
    .map(({ id, unit, wave, state, since, why = '' }) => [
      `  ${unit === undefined ? id : unit.members.join(' + ')}`,
      String(wave + 1),
      state,
      since === undefined ? '' : ago(since, now),
      why,
    ]);
  const table = rows.length === 0 ? '' : columns([['  DEVICE', 'WAVE', 'STATE', 'SINCE', 'WHY'], ...rows]);
  const more =
    shown.length > MOST_ASSETS ? `  … and ${shown.length - MOST_ASSETS} more (kubectl get devices -o wide)\n` : '';
  const units = all.filter(({ unit }) => unit !== undefined).map(({ unit }) => unit?.members.join(' + '));
  const together =
    units.length === 0
      ? ''
      : `  Move as one, because they share certificates: ${units.slice(0, MOST_UNITS).join(', ')}${units.length > MOST_UNITS ? ` and ${units.length - MOST_UNITS} more` : ''}\n`;
  return `  ${count(() => true)}${summary === '' ? '' : `: ${summary}`}\n${together}${table}${more}`;
}

function acts({ rollout }: RolloutView): string {
  return columns((rollout.status?.acts ?? []).map(({ id, object, what }) => [`  ${object}`, what, `act ${id}`]));
}

function answers({ rollout, now }: RolloutView): string {
  return columns(
    (rollout.status?.answers ?? []).map(({ verb, by, at, remark = '' }) => [
      `  ${ago(at, now)}`,
      verb,
      `by ${by}`,
      remark,
    ]),
  );
}

function refused({ rollout }: RolloutView): string {
  return columns((rollout.status?.refused ?? []).map(({ reason, message }) => [`  ${reason}`, message]));
}

function actions({ verbs, command }: RolloutView): string {
  return columns(verbs.map(([verb, effect]) => [`  ${command(verb)}`, effect]));
}

function events({ events: all, now }: RolloutView): string {
  return columns(
    all.slice(-MOST_EVENTS).map(({ at, type, reason, note }) => [`  ${ago(at, now)}`, type, reason, note]),
  );
}
