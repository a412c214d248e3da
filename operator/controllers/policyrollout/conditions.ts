import { setCondition } from '../../api/conditions.ts';
import type { Device, DeviceStatusRollout } from '../../api/device.gen.ts';
import type { Condition } from '../../api/meta.ts';
import type { RolloutDecision } from '../../rollout/rollout.ts';
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
  decision: RolloutDecision,
): readonly Condition[] {
  const scope = { generation: pass.rollout.metadata.generation, now: pass.now };
  const all = [
    analyzed(pass),
    approved(pass, decision),
    progressing(decision),
    healthy(pass),
    ...stops(pass, decision),
  ];
  return all.reduce((conditions, one) => setCondition(conditions, one, scope), before);
}

function analyzed({ input, analysis }: Pass): Said {
  if (input.analysis.kind === 'failed') return said('Analyzed', 'False', input.analysis.reason, input.analysis.why);
  const { classification } = analysis;
  const doubt = classification.uncertain ? ', which is not certain' : '';
  return said('Analyzed', 'True', 'AnalysisPassed', `Class ${classification.class}${doubt}; every lifeline holds`);
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
  const proven = assets.filter(({ state }) => state === 'Succeeded').length;
  if (proven === 0) return said('Healthy', 'Unknown', 'Inconclusive', 'No asset has a verdict yet');
  return said('Healthy', 'True', 'EvidencePassed', `${proven} assets passed on positive evidence, none failed`);
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
  return [applied(record), health(record), link].reduce(
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

function health({ state, verdict, failure, why = '', since = '' }: DeviceStatusRollout): Said {
  const reason = verdict ?? state;
  if (failure !== undefined) return said('PolicyHealthy', 'False', reason, `${why} (${since})`);
  if (state === 'Unrecovered') return said('PolicyHealthy', 'False', state, why);
  if (state === 'Succeeded') return said('PolicyHealthy', 'True', reason, `${why} (${since})`);
  return said('PolicyHealthy', 'Unknown', state, `No verdict yet: ${why}`);
}
