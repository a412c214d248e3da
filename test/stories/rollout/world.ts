import type { Device } from '../../../operator/api/device.gen.ts';
import { evaluate } from '../../../operator/policy/index.ts';
import { authorityOf, PolicySets } from '../../../operator/sandbox/authorization.ts';
import { BrokerCache } from '../../../operator/sandbox/propagation.ts';
import { seeded } from '../../../operator/sandbox/state/ids.ts';
import { DEFAULT_SWITCHES } from '../../../operator/sandbox/switches.ts';
import { Crash } from '../../support/operator.ts';
import { ACCOUNT_KEY, annotate, grants, MINUTE, NARROW, type RolloutFleet, rolloutFleet, WIDE } from './support.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012';
/** Both narrower and beside the wide one; each keeps telemetry, which is what no device may ever lose. */
const DOCUMENTS = [WIDE, NARROW, grants('telemetry/*', 'debug/press*')];

export interface World extends AsyncDisposable {
  readonly fleet: RolloutFleet;
  /** One random thing happens. */
  step(): Promise<string>;
  /** What is violated now, as AWS shows it; empty when nothing is. */
  violations(): Promise<readonly string[]>;
  /** Everybody is back, nobody interferes, and time passes until nothing moves any more. */
  settle(): Promise<void>;
}

/**
 * The real controllers against the sandbox, whose broker applies each change at a moment of its own choice: after nothing
 * or after eight minutes, so that later changes overtake earlier ones. Everything random comes from the seed.
 */
export async function createWorld(seed: number, count: number): Promise<World> {
  const random = seeded(seed);
  const fleet = await rolloutFleet(count, { sandbox: { seed } });
  const scope = fleet.sandbox.scope();
  const broker = new BrokerCache(scope, fleet.clock, {
    mode: 'adversarial',
    delay: [0, 8 * MINUTE],
    newConnectionsSeeAtOnce: false,
    random,
  });
  fleet.sandbox.onChange((change, where) => where === scope && broker.observe(change));
  const sets = new PolicySets(scope);
  const offline = new Set<string>();
  let dead = false;
  let token = 0;

  const devices = async () => (await fleet.store.list({ kind: 'Device' })).items as readonly Device[];
  function allowed(principal: string, clientId: string, action: string, resource: string): boolean {
    const { policyNames, context } = authorityOf(scope, broker, { principal, clientId }, DEFAULT_SWITCHES);
    const set = sets.of(policyNames.flatMap((name) => broker.document(name) ?? []));
    return evaluate(set, { action, resource, context }).decision === 'allowed';
  }

  async function talk(): Promise<void> {
    for (const { metadata, status } of await devices()) {
      if (offline.has(metadata.name)) continue;
      const principal = status?.certificates?.[0]?.arn ?? '';
      const say = (action: string, resource: string) =>
        fleet.signals.record(ACCOUNT_KEY, {
          kind: 'request',
          at: fleet.clock.now(),
          clientId: metadata.name,
          action,
          resource,
          allowed: allowed(principal, metadata.name, action, resource),
        });
      fleet.signals.record(ACCOUNT_KEY, { kind: 'connected', at: fleet.clock.now(), clientId: metadata.name });
      say('iot:Publish', `${ARN}:topic/telemetry/${metadata.name}`);
      if (random() < 0.05) say('iot:Publish', `${ARN}:topic/debug/${metadata.name}`);
    }
  }

  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10_000) {
      await fleet.clock.advance(Math.min(10_000, left));
      await fleet.drain();
      if (dead) await revive();
    }
  }

  async function revive(): Promise<void> {
    dead = false;
    fleet.intercept = undefined;
    await fleet.kill();
    await fleet.start();
  }

  function armCrash(): void {
    let left = 1 + Math.floor(random() * 12);
    fleet.intercept = async (send) => {
      left -= 1;
      if (left !== 0) return send();
      if (random() < 0.5) await send();
      dead = true;
      void fleet.kill();
      throw new Crash('killed');
    };
  }

  async function verb(): Promise<string> {
    const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
    const rollout = items.at(-1);
    if (rollout === undefined) return 'no rollout';
    const { revision } = rollout.spec as { revision: string };
    const verbs = ['pause', 'resume', 'promote', 'promote-full', 'approve', ...(random() < 0.2 ? ['abort'] : [])];
    const chosen = verbs[Math.floor(random() * verbs.length)] ?? 'resume';
    token += 1;
    await annotate(fleet, 'PolicyRollout', rollout.metadata.name, {
      [`rollout.fleetward.dev/${chosen}`]: `t${token}@${revision} by sim`,
    });
    return chosen;
  }

  return {
    fleet,
    async step() {
      const dice = random();
      if (dead) await revive();
      if (dice < 0.62) {
        await talk();
        await pass(10_000 + random() * 5 * MINUTE);
        return 'time';
      }
      if (dice < 0.7) {
        const name = fleet.names[Math.floor(random() * fleet.names.length)] ?? '';
        if (!offline.delete(name)) {
          offline.add(name);
          fleet.signals.record(ACCOUNT_KEY, {
            kind: 'disconnected',
            at: fleet.clock.now(),
            clientId: name,
            reason: 'CONNECTION_LOST',
          });
        }
        return `${name} on or off`;
      }
      if (dice < 0.78) {
        armCrash();
        return 'a crash is near';
      }
      if (dice < 0.82) {
        await revive();
        return 'restart';
      }
      if (dice < 0.9) return verb();
      await fleet.change(DOCUMENTS[Math.floor(random() * DOCUMENTS.length)] ?? WIDE);
      return 'another document';
    },
    async violations() {
      const found: string[] = [];
      let unproven = 0;
      for (const { metadata, status } of await devices()) {
        const { name } = metadata;
        const principal = status?.certificates?.[0]?.arn ?? '';
        for (const [action, resource] of [
          ['iot:Connect', `client/${name}`],
          ['iot:Publish', `topic/telemetry/${name}`],
        ] as const) {
          if (!allowed(principal, name, action, `${ARN}:${resource}`))
            found.push(`${name} lost ${action} on ${resource}`);
        }
        const attached = broker.policiesOf(principal);
        if (attached.length === 0) found.push(`${name} carries no policy`);
        const state = status?.rollout?.state ?? 'Stable';
        if (['Expanding', 'Contracting', 'Observing', 'RollingBack'].includes(state)) unproven += 1;
      }
      const aborting = ((await fleet.store.list({ kind: 'PolicyRollout' })).items.at(-1)?.status as { phase?: string })
        ?.phase;
      const bound = aborting?.startsWith('Abort') === true || aborting === 'Superseded' ? fleet.names.length : 1;
      if (unproven > bound) found.push(`${unproven} assets in flight at once, during ${aborting}`);
      return found;
    },
    async settle() {
      offline.clear();
      if (dead) await revive();
      fleet.intercept = undefined;
      for (let round = 0; round < 400; round += 1) {
        await talk();
        await pass(2 * MINUTE);
        const { items } = await fleet.store.list({ kind: 'PolicyRollout' });
        const open = items.find(({ status }) => (status as { homedAt?: string } | undefined)?.homedAt === undefined);
        if (open === undefined) return;
        if (round % 10 !== 9) continue;
        const { revision } = open.spec as { revision: string };
        const stuck = round > 100 ? { 'rollout.fleetward.dev/abort': `end@${revision} by sim` } : {};
        token += 1;
        const by = `t${token}@${revision} by sim`;
        await annotate(fleet, 'PolicyRollout', open.metadata.name, {
          'rollout.fleetward.dev/resume': by,
          'rollout.fleetward.dev/approve': by,
          'rollout.fleetward.dev/promote-full': by,
          ...stuck,
        });
      }
    },
    async [Symbol.asyncDispose]() {
      await fleet.kill();
      await fleet[Symbol.asyncDispose]();
    },
  };
}
