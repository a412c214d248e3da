import { setCondition } from '../../api/conditions.ts';
import type { Device, DeviceStatusRollout } from '../../api/device.gen.ts';
import type { Condition } from '../../api/meta.ts';
import type { AssetSummary, RolloutDecision } from '../../rollout/rollout.ts';
import type { Contact } from './gates/signals.ts';
import type { Pass } from './pass.ts';

type Said = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

const said = (type: string, status: Condition['status'], reason: string, message: string): Said => ({
  type,
  status,
  reason,
  message,
});

/** What is known of a rollout beside Ready, Reconciling and Stalled. Each says one thing; the phase is made of them. */
export function rolloutConditions(
  before: readonly Condition[],
  pass: Pass,
  { decision, counters }: { readonly decision: RolloutDecision; readonly counters: ReturnType<typeof sessionCounts> },
): readonly Condition[] {
  const scope = { generation: pass.rollout.metadata.generation, now: pass.now };
  const all = [
    analyzed(pass),
    approved(pass, decision),
    progressing(decision),
    healthy(pass),
    sessionsRenewed(counters),
    ...stops(pass, decision),
  ];
  return all.reduce((conditions, one) => setCondition(conditions, one, scope), before);
}

function analyzed({ input, analysis }: Pass): Said {
  if (input.analysis.kind === 'failed') return said('Analyzed', 'False', input.analysis.reason, input.analysis.why);
  const { classification } = analysis;
  const doubt = classification.uncertain ? ', which is not certain' : '';
  const [first] = analysis.aside.values();
  const others = analysis.aside.size < 2 ? '' : `, and ${analysis.aside.size - 1} more like it`;
  const lifelines = first === undefined ? 'every lifeline holds' : `lifelines hold, but: ${first}${others}`;
  return said('Analyzed', 'True', 'AnalysisPassed', `Class ${classification.class}${doubt}; ${lifelines}`);
}

function approved({ input, analysis }: Pass, decision: RolloutDecision): Said {
  const { deniedBy, approvedBy } = input.verbs;
  if (deniedBy !== undefined) return said('Approved', 'False', 'Denied', `Denied by ${deniedBy}`);
  if (approvedBy !== undefined) return said('Approved', 'True', 'ApprovedBy', `Approved by ${approvedBy}`);
  const { classification } = analysis;
  const widens = classification.class === 'widens' || classification.class === 'mixed' || classification.uncertain;
  const needed = input.strategy.approval === 'Always' || (input.strategy.approval === 'Widening' && widens);
  if (!needed) return said('Approved', 'True', 'NotRequired', 'Nothing is allowed that was not allowed before');
  const why = decision.phase === 'AwaitingApproval' ? decision.why : `Revision ${input.revision} has to be approved`;
  return said('Approved', 'False', 'WaitingForApproval', why);
}

const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Aborted', 'Superseded']);

function progressing({ phase, reason, why }: RolloutDecision): Said {
  const moves = phase === 'Progressing' || phase === 'Baking' || phase === 'Aborting';
  if (moves && reason !== 'ProgressDeadlineExceeded') return said('Progressing', 'True', reason, why);
  return said('Progressing', 'False', ENDED.has(phase) ? phase : reason, why);
}

/** The verdicts up to now, with the first bad one as the reason. */
function healthy({ assets, devices }: Pass): Said {
  const failed = assets.filter(({ failure }) => failure !== 'none');
  const [first] = failed;
  if (first !== undefined) {
    const record = devices.find(({ metadata }) => metadata.name === first.id)?.status?.rollout;
    const reason = first.failure === 'lifeline' ? 'LifelineDenied' : (record?.verdict ?? 'AuthorizationFailures');
    return said(
      'Healthy',
      'False',
      reason,
      `${failed.length} failed, first ${first.id}: ${record?.why ?? 'went back'}`,
    );
  }
  const lost = assets.find(({ state }) => state === 'Unrecovered');
  if (lost !== undefined) {
    return said('Healthy', 'False', 'LostContact', `${lost.id} was restored and is silent`);
  }
  const proven = assets.filter(({ state, idle }) => state === 'Succeeded' && idle !== true).length;
  if (proven === 0) return said('Healthy', 'Unknown', 'Inconclusive', 'No asset has a verdict yet');
  return said('Healthy', 'True', 'EvidencePassed', `${proven} assets passed on positive evidence, none failed`);
}

/** Carried by all, and in force for all, are two things: sessions of before live on what they were made with. */
export function sessionsRenewed({ applied, olderSessions }: ReturnType<typeof sessionCounts>): Said {
  const type = 'SessionsRenewed';
  if (applied === 0) return said(type, 'Unknown', 'NotApplied', 'No asset carries the new policies alone yet');
  if (olderSessions === 0) {
    const text = `Of the ${applied} assets on the new policies none has a session of before`;
    return said(type, 'True', 'NoOlderSession', text);
  }
  const text = `${olderSessions} of ${applied} assets on the new policies have a session of before; each Device names it`;
  return said(type, 'False', 'OlderSessions', text);
}

/** Assets that carry the new policies alone, and those among them with a session of before. */
export function sessionCounts(
  assets: readonly Pick<AssetSummary, 'state' | 'things'>[],
  devices: readonly Device[],
  rollout: string,
): { readonly applied: number; readonly olderSessions: number } {
  const applied = assets.reduce(
    (sum, { state, things }) => sum + (state === 'Observing' || state === 'Succeeded' ? things : 0),
    0,
  );
  const older = devices.filter(
    ({ status }) => status?.rollout?.name === rollout && (status.rollout.sessions?.older ?? []).length > 0,
  );
  return { applied, olderSessions: Math.min(applied, older.length) };
}

function stops({ acts }: Pass, { phase, reason, why }: RolloutDecision): readonly Said[] {
  const [act] = acts;
  return [
    phase === 'Paused'
      ? said('Paused', 'True', reason, why)
      : said('Paused', 'False', 'NotPaused', 'Nothing pauses the rollout'),
    phase === 'Succeeded'
      ? said('Succeeded', 'True', reason, why)
      : said('Succeeded', 'False', phase, 'Not every asset is proven on the new policies'),
    act === undefined
      ? said('Mitigated', 'False', 'NoSecurityAct', 'No security act touches the rollout')
      : said('Mitigated', 'True', actReason(act.id), `${act.what}; acknowledge it on ${act.object}`),
  ];
}

function actReason(id: string): string {
  if (id.startsWith('policy/')) return 'BlankPolicyDefault';
  return id.startsWith('candidate/') ? 'ForeignDefault' : 'DeviceHeld';
}

/** What an asset's record says, for people and for `kubectl wait`. Written along with the record, never by itself. */
export function assetConditions(
  { metadata, status }: Device,
  record: DeviceStatusRollout,
  { contact, now }: { readonly contact: Contact; readonly now: number },
): readonly Condition[] {
  const { connected, lastAt } = contact;
  const heard = lastAt === undefined ? 'not heard of yet' : `last heard of at ${new Date(lastAt).toISOString()}`;
  const link = connected
    ? said('Connected', 'True', 'Connected', heard)
    : said('Connected', lastAt === undefined ? 'Unknown' : 'False', 'NotConnected', heard);
  const scope = { generation: metadata.generation, now };
  return [applied(record), sessionCondition(record), health(record), link].reduce(
    (conditions, one) => setCondition(conditions, one, scope),
    status?.conditions ?? [],
  );
}

/** On which policies it is: the new ones alone, or not. */
function applied({ state, name, why = '' }: DeviceStatusRollout): Said {
  if (state === 'Observing' || state === 'Succeeded') {
    return said('PolicyApplied', 'True', state, `Carries the policies of rollout ${name} alone`);
  }
  if (state === 'RolledBack') return said('PolicyApplied', 'False', state, `Back on the policies of before ${name}`);
  return said('PolicyApplied', 'Unknown', state, `Between two policies in rollout ${name}: ${why}`);
}

/** Whether a session of before may still use what was taken: applied is one thing, in force for everybody another. */
export function sessionCondition({ state, sessions }: DeviceStatusRollout): Said {
  const type = 'SessionsRenewed';
  if (state === 'RolledBack' || state === 'RollingBack' || state === 'Unrecovered') {
    return said(
      type,
      'Unknown',
      state,
      'Back on the policies of before, under which every session was made or allowed',
    );
  }
  if (state === 'Succeeded' && sessions === undefined)
    return said(type, 'True', 'NothingTaken', 'Nothing was taken that a session could outlive');
  if (sessions?.since === undefined) return said(type, 'Unknown', state, 'The change is not in force yet');
  const [first, ...more] = sessions.older ?? [];
  if (first === undefined)
    return said(type, 'True', 'NoOlderSession', `No session from before ${sessions.since} remains`);
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  const text = `${first}${others} has a session from before ${sessions.since}: rights to connect and to subscribe are looked at when it connects and subscribes anew`;
  return said(type, 'False', 'OlderSessions', text);
}

function health({ state, verdict, failure, why = '', since = '' }: DeviceStatusRollout): Said {
  const reason = verdict ?? state;
  if (failure !== undefined) return said('PolicyHealthy', 'False', reason, `${why} (${since})`);
  if (state === 'Unrecovered') return said('PolicyHealthy', 'False', state, why);
  if (state === 'Succeeded') return said('PolicyHealthy', 'True', reason, `${why} (${since})`);
  return said('PolicyHealthy', 'Unknown', state, `No verdict yet: ${why}`);
}
