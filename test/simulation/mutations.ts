import { REGRESSIONS } from './regressions.ts';
import type { Planned, SimConfig } from './types.ts';
import { at, CALM, fleetOf, git, MINUTE, NARROW as narrow, NARROWER as narrower, verb, wait } from './words.ts';

/** The operator, broken on purpose in one place, and what happens in a world that shows it. */
export interface Mutation {
  /** The invariant whose check has to see it. */
  readonly invariant: number;
  readonly reason: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly config?: Partial<SimConfig>;
  readonly schedule: readonly Planned[];
}

const three = fleetOf(3);

/** Three devices that never stay for as long as they would have to be watched. */
const brief: Partial<SimConfig> = {
  lives: ['brief', 'brief', 'brief'],
  certificates: [1, 1, 1],
  strategy: {
    ...CALM.strategy,
    waves: [{ count: 3, bake: '5m' }],
    maxInFlight: 3,
    maxArmed: 1,
    armedDeadline: '6h',
  },
};

/** Three devices that a group lets say more than they may themselves. */
const hall: Partial<SimConfig> = {
  ...three,
  policies: [{ name: 'base', grant: narrower }],
  groups: [{ name: 'hall', policies: [{ name: 'hall-wide', grant: { allow: ['debug', 'extra'], deny: [] } }] }],
};

export const MUTATIONS: readonly Mutation[] = [
  {
    invariant: 1,
    reason: 'the baseline is detached before the candidate has settled',
    file: 'operator/rollout/asset-edges.ts',
    find: 'input.flippedAt ?? -Infinity) + input.settleMs',
    replace: 'input.flippedAt ?? -Infinity) + 60_000',
    // The second asset: for the first the candidate itself is too new.
    config: three,
    schedule: [git(2, narrow)],
  },
  {
    invariant: 1,
    reason: 'the document of what remains is not read before a Detach',
    file: 'operator/controllers/policyrollout/asset/call.ts',
    find: 'if (doubtful === undefined) return',
    replace: 'if (doubtful === undefined || doubtful !== undefined) return',
    schedule: [git(2, narrow), at(6, { kind: 'blank', of: 'candidate', forMs: 60 * MINUTE }), wait(60)],
  },
  {
    invariant: 1,
    reason: 'a default that was set right a moment ago counts as in force',
    file: 'operator/controllers/policyrollout/asset/call.ts',
    find: '(found?.lastModifiedDate?.getTime() ?? 0) + directive.strategy.settleMs',
    replace: '(found?.lastModifiedDate?.getTime() ?? 0)',
    schedule: REGRESSIONS[1]?.schedule ?? [],
  },
  {
    invariant: 1,
    reason: 'after the brake attachments are tidied up before they have settled',
    file: 'operator/rollout/asset-edges.ts',
    find: 'return Math.max(input.record.attachedAt ?? -Infinity, input.flippedAt ?? -Infinity) + input.settleMs;',
    replace:
      "return Math.max(input.record.attachedAt ?? -Infinity, input.flippedAt ?? -Infinity) + (input.direction === 'back' ? 0 : input.settleMs);",
    schedule: [git(2, narrow), verb(20, 'abort')],
  },
  {
    invariant: 2,
    reason: 'more assets are started than may be in flight',
    file: 'operator/rollout/progress.ts',
    find: 'let room = input.strategy.maxInFlight',
    replace: 'let room = 99 + input.strategy.maxInFlight',
    config: three,
    schedule: [git(2, narrow)],
  },
  {
    invariant: 2,
    reason: 'more assets are armed than may be',
    file: 'operator/rollout/progress.ts',
    find: 'let room = strategy.maxArmed - armedThings',
    replace: 'let room = 99 + strategy.maxArmed - armedThings',
    config: brief,
    schedule: [git(2, narrow), verb(50, 'arm'), wait(240)],
  },
  {
    invariant: 1,
    reason: 'the policy of a group goes before what replaces it has settled',
    file: 'operator/rollout/group.ts',
    find: 'const waits = settled(input, Math.max(attachedAt, input.flippedAt ?? -Infinity));',
    replace: 'const waits = settled(input, Math.min(attachedAt, -Infinity));',
    config: hall,
    schedule: [at(2, { kind: 'groupDocument', grant: { allow: ['extra'], deny: [] } }), wait(60)],
  },
  {
    invariant: 3,
    reason: 'what a rollout replaced goes before the time to take it back quickly is over',
    file: 'operator/controllers/policyrollout/policies/tidy-up.ts',
    find: 'const due = (timeOf(homedAt) ?? now) + rollbackWindowMs(rollout);',
    replace: 'const due = (timeOf(homedAt) ?? now) + 5 * 60_000;',
    schedule: [git(2, narrow)],
  },
  {
    invariant: 3,
    reason: 'the brake sets the version that is in force already',
    file: 'operator/controllers/policyrollout/policies/candidates.ts',
    find: 'const input = { policyName, policyVersionId: BRAKE_VERSION };',
    replace: "const input = { policyName, policyVersionId: '2' };",
    schedule: [git(2, narrow), verb(20, 'abort')],
  },
  {
    invariant: 4,
    reason: 'an asset that nobody hears of is contracted',
    file: 'operator/controllers/policyrollout/asset/ready.ts',
    find: 'contact.connected || (contact.lastAt !== undefined &&',
    replace: 'contact !== undefined || (contact.lastAt !== undefined &&',
    schedule: [at(30, { kind: 'offline', device: 0, forMs: 300 * MINUTE }), git(40, narrow), wait(120)],
  },
  {
    invariant: 4,
    reason: 'silence counts as success',
    file: 'operator/rollout/verdict.ts',
    find: 'if (seen === 0)',
    replace: 'if (seen < 0)',
    schedule: [git(2, narrow), at(13, { kind: 'offline', device: 0, forMs: 300 * MINUTE }), wait(120)],
  },
  {
    invariant: 5,
    reason: 'what a security act did is set back as drift',
    file: 'operator/drift/decide.ts',
    find: "change.class === 'mitigation' && !restored(change)",
    replace: "change.class === 'foreign' && change.field === 'never'",
    schedule: [at(2, { kind: 'inactive', device: 0, forMs: 90 * MINUTE }), wait(80)],
  },
  {
    invariant: 6,
    reason: 'a policy of somebody else is deleted when a candidate should be',
    file: 'operator/controllers/policyrollout/policies/candidates.ts',
    find: "await ifFound(port.call('DeletePolicy', { policyName }, options));",
    replace: "await ifFound(port.call('DeletePolicy', { policyName: 'foreign-lines' }, options));",
    schedule: [git(2, narrow)],
  },
  {
    invariant: 6,
    reason: 'a stored session is dropped where only the connection should end',
    file: 'operator/controllers/policyrollout/asset/sessions.ts',
    find: 'cleanSession: decision.purge,',
    replace: 'cleanSession: decision.purge || !decision.purge,',
    config: { strategy: { ...CALM.strategy, sessions: 'Reconnect' } },
    schedule: [git(2, narrow)],
  },
  {
    invariant: 7,
    reason: 'a status is written also when nothing in it has changed',
    file: 'operator/controllers/external/scope.ts',
    find: 'if (sameJson(object.status ?? {}, status)) return object;',
    replace: 'if (status === undefined) return object;',
    schedule: [git(2, narrow)],
  },
  {
    invariant: 8,
    reason: 'a private key in an event',
    file: 'operator/controllers/policyrollout/told/teller.ts',
    find: 'events.record(rollout, { ...event, ...tags(rollout) });',
    replace: "events.record(rollout, { ...event, ...tags(rollout), message: '-----BEGIN PRIVATE KEY-----' });",
    schedule: [git(2, narrow)],
  },
  {
    invariant: 9,
    reason: 'a certificate whose creation was interrupted is not looked for',
    file: 'operator/controllers/device/certificates.ts',
    find: 'if (entry?.pendingSince === undefined) return undefined;',
    replace: 'if (entry !== undefined || entry === undefined) return undefined;',
    schedule: [
      at(2, { kind: 'crash', afterCalls: 1, effect: 'after', on: '/certificates' }),
      at(2.1, { kind: 'join', life: 'steady' }),
    ],
  },
  {
    invariant: 10,
    reason: 'the client does not ask before a write whether it may still write',
    file: 'operator/aws/client.ts',
    find: 'if (options?.fleetwardWrite === true) fence();',
    replace: 'if (options?.fleetwardWrite === true && options.abortSignal?.reason === fence) fence();',
    schedule: [git(2, narrow), at(2.03, { kind: 'depose', gapMs: 20_000, forMs: 25_000 }), wait(4)],
  },
  {
    invariant: 11,
    reason: 'what a security act put there is taken for the baseline of the next rollout',
    file: 'operator/controllers/iotpolicy/rollout.ts',
    find: "return drift !== 'same' && drift !== 'mitigation';",
    replace: "return drift !== 'same';",
    schedule: [at(2, { kind: 'blank', of: 'declared', forMs: 30 * MINUTE }), git(12, narrower), wait(60)],
  },
];
