import type { RolloutDecision } from '../../../rollout/rollout.ts';
import type { Pass } from '../pass.ts';
import { sourceRevision } from '../source.ts';

export interface Noted {
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const NAMED = 20;

/** What a pass adds to the evidence log: only what its status does not say yet. Pure. */
export function passEvidence(pass: Pass, decision: RolloutDecision, again: boolean): readonly Noted[] {
  if (again) return [];
  const before = pass.rollout.status ?? {};
  const noted: Noted[] = [];
  if (before.phase === undefined) noted.push(made(pass));
  noted.push(...analysed(pass), ...asked(pass));
  const moved = before.phase !== decision.phase || before.reason !== decision.reason;
  if (decision.kind !== 'wait' || moved) noted.push(decided(decision));
  return noted;
}

function made({ deps, rollout, strategy, assets }: Pass): Noted {
  const { spec } = rollout;
  return {
    kind: 'made',
    data: {
      revision: spec.revision,
      attempt: spec.attempt ?? 1,
      commit: sourceRevision(deps.cache, rollout),
      assets: assets.length,
      policies: spec.policies.map(({ name, policyName, candidateName, digest }) => ({
        name,
        policyName,
        candidateName,
        digest,
      })),
      waves: strategy.waves.length,
      maxInFlight: strategy.maxInFlight,
    },
  };
}

/** The checks before anything moves, with their witnesses; noted when their outcome changes. */
function analysed({ rollout, analysis, input }: Pass): readonly Noted[] {
  const before = rollout.status ?? {};
  const { classification, brakeProblem } = analysis;
  const failure = input.analysis.kind === 'failed' ? input.analysis : undefined;
  const known =
    before.class === classification.class &&
    before.addsDeny === classification.addsDeny &&
    before.uncertain === classification.uncertain &&
    (failure === undefined ? before.phase !== 'Pending' : before.reason === failure.reason);
  if (known && before.phase !== undefined) return [];
  const witnesses = (found: typeof classification.gained) =>
    found.slice(0, NAMED).map(({ action, resource }) => ({ action, resource }));
  return [
    {
      kind: 'analysed',
      data: {
        class: classification.class,
        addsDeny: classification.addsDeny,
        uncertain: classification.uncertain,
        masked: classification.masked,
        gained: witnesses(classification.gained),
        lost: witnesses(classification.lost),
        assumptions: classification.assumptions.slice(0, NAMED),
        brake: brakeProblem ?? 'one act',
        result: failure === undefined ? 'passed' : failure.reason,
        ...(failure === undefined ? {} : { why: failure.why }),
      },
    },
  ];
}

/** Who asked for what, what was refused, and which security acts were found. */
function asked({ rollout, verbs, acts }: Pass): readonly Noted[] {
  const before = rollout.status ?? {};
  const taken = verbs.accepted.map(({ verb, user, token, subject, remark }) => ({
    kind: 'verb',
    data: { verb, by: user, token, subject, remark },
  }));
  const committed = verbs.state.approvedBy?.startsWith('Git') === true && before.verbs?.approvedBy === undefined;
  const inGit = committed ? [{ kind: 'verb', data: { verb: 'approve', by: verbs.state.approvedBy } }] : [];
  const known = new Set((before.refused ?? []).map(({ annotation, reason }) => `${annotation} ${reason}`));
  const refused = verbs.refused
    .filter(({ annotation, reason }) => !known.has(`${annotation} ${reason}`))
    .map(({ annotation, reason, message }) => ({ kind: 'refused', data: { annotation, reason, message } }));
  const seen = new Set((before.acts ?? []).map(({ id }) => id));
  const found = acts
    .filter(({ id }) => !seen.has(id))
    .map(({ id, object, what }) => ({ kind: 'act', data: { id, object, what } }));
  return [...taken, ...inGit, ...refused, ...found];
}

function decided(decision: RolloutDecision): Noted {
  const { kind, phase, reason, why } = decision;
  const assets = 'assets' in decision ? decision.assets : [];
  const named = assets.length === 0 ? {} : { assets: assets.slice(0, NAMED), count: assets.length };
  return { kind: 'decision', data: { decision: kind, phase, reason, why, ...named } };
}
