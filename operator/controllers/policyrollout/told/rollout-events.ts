import type { PolicyRolloutStatus } from '../../../api/policyrollout.gen.ts';
import type { RolloutDecision } from '../../../rollout/rollout.ts';
import type { EventInput } from '../../../runtime/events.ts';
import type { Pass } from '../pass.ts';

type Before = PolicyRolloutStatus;

const WITNESSES = 3;

/** What is news of a rollout since its last status: each once, because the next status has it. Pure. */
export function rolloutEvents(pass: Pass, decision: RolloutDecision): readonly EventInput[] {
  const before = pass.rollout.status ?? {};
  return [
    ...analysisEvents(pass, before),
    ...verbEvents(pass, before),
    ...waveEvents(pass, before, decision),
    ...phaseEvents(before, decision),
  ].map((event) => ({ ...event, action: 'Rollout' }));
}

const normal = (reason: string, message: string): EventInput => ({ type: 'Normal', reason, message });
const warning = (reason: string, message: string): EventInput => ({ type: 'Warning', reason, message });

function analysisEvents({ analysis, input }: Pass, before: Before): readonly EventInput[] {
  const failure = input.analysis.kind === 'failed' ? input.analysis : undefined;
  if (failure !== undefined) {
    const known = before.phase === 'Pending' && before.reason === failure.reason;
    return known ? [] : [warning('AnalysisFailed', `${failure.reason}: ${failure.why}`)];
  }
  if (before.phase !== undefined && before.phase !== 'Pending') return [];
  const { classification } = analysis;
  const list = (what: string, found: readonly { readonly action: string; readonly resource: string }[]) =>
    found.length === 0
      ? ''
      : `; ${what} ${found
          .slice(0, WITNESSES)
          .map(({ action, resource }) => `${action} on ${resource}`)
          .join(', ')}`;
  const doubt = classification.uncertain ? ' (not certain, so it counts as the worst in both directions)' : '';
  const text = `the change ${EFFECT[classification.class]}${doubt}${list('lost:', classification.lost)}${list('gained:', classification.gained)}`;
  return [normal('AnalysisPassed', text)];
}

const EFFECT = {
  equivalent: 'takes and gives nothing',
  tightens: 'tightens',
  widens: 'widens',
  mixed: 'widens and tightens',
} as const;

function verbEvents({ verbs, acts }: Pass, before: Before): readonly EventInput[] {
  const reasons: Readonly<Record<string, string>> = {
    approve: 'RolloutApproved',
    deny: 'RolloutDenied',
    promote: 'RolloutPromoted',
    'promote-full': 'RolloutPromoted',
    retry: 'RolloutRetried',
    arm: 'RolloutArmed',
    acknowledge: 'MitigationAcknowledged',
  };
  const taken = verbs.accepted.flatMap(({ verb, user, remark }) => {
    const reason = reasons[verb];
    return reason === undefined
      ? []
      : [normal(reason, `${verb} by ${user}${remark === undefined ? '' : `: ${remark}`}`)];
  });
  const known = new Set(
    (before.refused ?? []).map(({ annotation, token, reason }) => `${annotation} ${token} ${reason}`),
  );
  const refused = verbs.refused
    .filter(({ annotation, token, reason }) => !known.has(`${annotation} ${token} ${reason}`))
    .map(({ reason, message }) => warning('VerbRefused', `${reason}: ${message}`));
  const seen = new Set((before.acts ?? []).map(({ id }) => id));
  const found = acts.filter(({ id }) => !seen.has(id));
  return [
    ...taken,
    ...refused,
    ...found.map(({ what, object }) => warning('MitigationDetected', `${what}; it is acknowledged on ${object}`)),
  ];
}

function waveEvents(
  { tally, strategy, rollout }: Pass,
  before: Before,
  decision: RolloutDecision,
): readonly EventInput[] {
  const starts = decision.kind === 'start' && before.startedAt === undefined;
  if (before.startedAt === undefined && !starts) return [];
  const count = strategy.waves.length;
  const done = strategy.waves
    .map((_, index) => index)
    .filter((index) => index < tally.wave && (before.waveDoneAt?.[index] ?? '') === '');
  const now = Math.min(tally.wave + 1, count);
  return [
    ...(starts ? [normal('RolloutStarted', `revision ${rollout.spec.revision} begins to move: ${decision.why}`)] : []),
    ...done.map((index) => normal('StepCompleted', `wave ${index + 1} of ${count} has its verdicts`)),
    ...(decision.kind === 'start' && (starts || before.wave !== now)
      ? [normal('StepStarted', `wave ${now} of ${count}`)]
      : []),
  ];
}

/** Pauses that somebody asked for are no alarm. */
const QUIET_PAUSES: ReadonlySet<string> = new Set(['UserRequested', 'PauseStep', 'SuspendedBySpec']);

function phaseEvents(before: Before, decision: RolloutDecision): readonly EventInput[] {
  const { phase, reason, why } = decision;
  const told: EventInput[] = [];
  const enters = before.phase !== phase;
  const news = enters || before.reason !== reason;
  if (decision.kind === 'brake') told.push(warning('EmergencyBrakeApplied', why));
  if (phase === 'AwaitingApproval' && enters) told.push(normal('ApprovalRequired', why));
  if (phase === 'Paused' && news) {
    const message = `${reason}: ${why}`;
    told.push(QUIET_PAUSES.has(reason) ? normal('RolloutPaused', message) : warning('RolloutPaused', message));
  }
  if (before.phase === 'Paused' && (phase === 'Progressing' || phase === 'Baking')) {
    told.push(normal('RolloutResumed', why));
  }
  if (news && reason === 'ProgressDeadlineExceeded') told.push(warning('ProgressDeadlineExceeded', why));
  if (news && reason === 'RecoveryFailed') told.push(warning('RollbackIncomplete', why));
  const aborts = phase === 'Aborting' || phase === 'Aborted';
  if (aborts && before.phase !== 'Aborting' && before.phase !== 'Aborted') told.push(warning('RolloutAborted', why));
  if (phase === 'Aborted' && enters) told.push(normal('RollbackCompleted', why));
  if (phase === 'Succeeded' && enters) told.push(normal('RolloutSucceeded', `${reason}: ${why}`));
  if (phase === 'Superseded' && enters) told.push(normal('RolloutSuperseded', why));
  return told;
}
