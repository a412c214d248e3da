import type { PolicyRollout, PolicyRolloutStatus } from '../../../api/policyrollout.gen.ts';
import { groupKey } from '../../../aws/snapshot/facts.ts';
import type { Family } from '../../../rollout/family.ts';
import { type GroupDecision, type GroupInput, planGroup } from '../../../rollout/group.ts';
import type { CandidateDefault, Direction } from '../../../rollout/types.ts';
import { Priority } from '../../../runtime/reconciler.ts';
import { arnOf } from '../../external/arn.ts';
import { exactTime, timeOf } from '../asset/record.ts';
import { detachOnce } from '../detach.ts';
import { DETACH_DEADLINE_MS } from '../service.ts';
import type { Start } from '../start.ts';
import { saveRollout } from '../status.ts';
import { readCoverage } from './members.ts';
import { changesAt, type GroupsView, type GroupTarget, readGroup } from './targets.ts';

export interface HandoverInput {
  readonly start: Start;
  readonly families: readonly Family[];
  readonly groups: GroupsView;
  readonly direction: Direction;
  readonly candidateDefaults: ReadonlyMap<string, CandidateDefault>;
  readonly flippedAt: number | undefined;
  readonly settleMs: number;
}

export interface HandedOver {
  readonly groups: PolicyRolloutStatus['groups'];
  /** What it waits for; undefined when it waits for nothing. */
  readonly why: string | undefined;
}

/** Calls that hand one group over, there or back. */
const MOST_STEPS = 8;

/** Takes each group as far as it goes now. Its records are written down before each call, like those of assets. */
export async function handOver(input: HandoverInput): Promise<HandedOver> {
  let rollout = input.start.rollout;
  let why: string | undefined;
  for (const target of input.groups.targets) {
    const done = await handOverOne({ ...input, start: { ...input.start, rollout } }, target);
    rollout = done.rollout;
    why ??= done.why;
  }
  return { groups: rollout.status?.groups, why };
}

async function handOverOne(
  input: HandoverInput,
  first: GroupTarget,
): Promise<{ readonly rollout: PolicyRollout; readonly why: string | undefined }> {
  const { direction, families } = input;
  let target = first;
  let { rollout } = input.start;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const changes = changesAt(direction, families, target.attached);
    const start = { ...input.start, rollout };
    const decision = await decide({ ...input, start }, target, changes);
    if (decision.kind === 'done') return { rollout, why: undefined };
    if (decision.kind === 'wait') return { rollout, why: decision.why };
    const record = await act({ ...input, start }, target, decision);
    rollout = { ...rollout, status: withRecord(rollout, record) };
    const attached = await readGroup(start, target.name);
    target = { name: target.name, attached, readAt: start.deps.clock.now(), record };
  }
  return { rollout, why: `thing group ${first.name} changes` };
}

/** Members are listed right before something changes under them, not while there is nothing to do but wait. */
async function decide(
  input: HandoverInput,
  target: GroupTarget,
  changes: GroupInput['changes'],
): Promise<GroupDecision> {
  const { start, direction, settleMs } = input;
  const facts = planned(input, target, changes);
  const decision = planGroup({ ...facts, members: { covered: true } });
  if (direction !== 'forward' || (decision.kind !== 'attach' && decision.kind !== 'detach')) return decision;
  const policies = [...new Set(changes.flatMap(({ baseline, candidate }) => [baseline, candidate]))];
  return planGroup({ ...facts, members: await readCoverage(start, target, { policies, settleMs }) });
}

function planned(
  { start, direction, candidateDefaults, flippedAt, settleMs }: HandoverInput,
  { name, attached, readAt, record }: GroupTarget,
  changes: GroupInput['changes'],
): Omit<GroupInput, 'members'> {
  const { clock, rollouts } = start.deps;
  const { openDetach } = record;
  const [attachedAt, detachedAt] = [timeOf(record.attachedAt), timeOf(record.detachedAt)];
  return {
    group: name,
    direction,
    attached,
    readAt,
    changes,
    candidateDefaults,
    flippedAt,
    record: {
      ...(attachedAt === undefined ? {} : { attachedAt }),
      ...(detachedAt === undefined ? {} : { detachedAt }),
      // An unanswered call may land until its deadline: only a read after that shows its outcome.
      ...(openDetach === undefined
        ? {}
        : { openDetach: { ...openDetach, sentAt: Date.parse(openDetach.sentAt) + DETACH_DEADLINE_MS } }),
    },
    noDetachBefore: rollouts.noDetachBefore(clock.now()),
    settleMs,
    now: clock.now(),
  };
}

type Stored = GroupTarget['record'];
type Act = Exclude<GroupDecision, { kind: 'wait' | 'done' }>;

async function act(input: HandoverInput, target: GroupTarget, decision: Act): Promise<Stored> {
  const { start, direction } = input;
  const { deps, session } = start;
  const now = exactTime(deps.clock.now());
  const { openDetach: _read, ...record } = target.record;
  if (decision.kind === 'stamp') return write(start, { ...record, attachedAt: now });
  const { policy } = decision;
  const options = { ...callOptions(start), ...(direction === 'back' ? { priority: Priority.security } : {}) };
  const slot = `${start.key.namespace}/${start.key.name} groups`;
  const input_ = { policyName: policy, target: arnOf(session, `thinggroup/${target.name}`) };
  const operation = decision.kind === 'attach' ? 'AttachPolicy' : 'DetachPolicy';
  await session.port.admit(operation, { ...options, slot });
  const sentAt = exactTime(deps.clock.now());
  const details = { policy, group: target.name };
  if (decision.kind === 'attach') {
    const written = await write(start, { ...record, attachedAt: sentAt });
    deps.rollouts.teller.call(start.rollout.metadata, operation, details);
    await session.port.call('AttachPolicy', input_, { ...options, admitted: true });
    session.snapshot.targets.wrote(policy, groupKey(target.name), true);
    return written;
  }
  const open = await write(start, { ...record, detachedAt: sentAt, openDetach: { policy, sentAt } });
  deps.rollouts.teller.call(start.rollout.metadata, operation, details);
  await detachOnce({ clock: deps.clock, port: session.port }, input_, options);
  session.snapshot.targets.wrote(policy, groupKey(target.name), false);
  // Answered: nothing of it is still on its way.
  const { openDetach: _answered, ...closed } = open;
  return write({ ...start, rollout: { ...start.rollout, status: withRecord(start.rollout, open) } }, closed);
}

function callOptions({ context }: Start) {
  return { priority: context.priority, signal: context.signal };
}

async function write({ deps, rollout }: Start, record: Stored): Promise<Stored> {
  await saveRollout(deps, rollout, withRecord(rollout, record));
  return record;
}

function withRecord({ status }: PolicyRollout, record: Stored): PolicyRolloutStatus {
  const others = (status?.groups ?? []).filter(({ name }) => name !== record.name);
  return { ...status, groups: [...others, record].sort((a, b) => (a.name < b.name ? -1 : 1)) } as PolicyRolloutStatus;
}
