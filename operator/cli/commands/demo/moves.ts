import type { Device } from '../../../api/device.gen.ts';
import type { PolicyRollout } from '../../../api/policyrollout.gen.ts';
import { CommandError } from '../../exit.ts';
import type { Stage } from './stage.ts';
import type { View } from './view.ts';

/** Waits as long as AWS may need, and watches for minutes rather than hours. */
export const strategy = {
  type: 'Waves',
  waves: [{ count: 1, bake: '5m' }],
  settleTime: '8m',
  observeTime: '5m',
};

/** Tells what becomes of the assets of one rollout, as their objects say it. */
export class MoveTeller {
  readonly #stage: Stage;
  readonly #view: View;
  readonly #policy: string;
  readonly #began: number;
  readonly #before: ReadonlySet<string>;
  readonly #shown = new Map<string, string>();
  #phase = '';

  constructor(stage: Stage, view: View, policy: string) {
    this.#stage = stage;
    this.#view = view;
    this.#policy = policy;
    this.#began = stage.clock.now();
    this.#before = new Set(rolloutsOf(stage, policy).map(({ metadata }) => metadata.name));
  }

  /** The rollout that came since this teller listens. */
  get rollout(): PolicyRollout | undefined {
    return rolloutsOf(this.#stage, this.#policy).find(({ metadata }) => !this.#before.has(metadata.name));
  }

  get phase(): string {
    return this.rollout?.status?.phase ?? '';
  }

  stateOf(device: string): string {
    return this.#shown.get(device) ?? '';
  }

  get minutes(): number {
    return Math.round((this.#stage.clock.now() - this.#began) / 60_000);
  }

  /** Shows what is new since the last call. */
  tell(): void {
    const { rollout } = this;
    if (rollout === undefined) return;
    const { phase = '', message = '', class: change = '', lost = [] } = rollout.status ?? {};
    if (this.#phase === '' && phase !== '') {
      this.#view.line(`PolicyRollout ${rollout.metadata.name}: ${change}; takes away ${lost[0] ?? 'nothing'}`);
    }
    for (const device of devicesOf(this.#stage)) {
      const record = device.status?.rollout;
      if (record?.name !== rollout.metadata.name || this.#shown.get(device.metadata.name) === record.state) continue;
      this.#shown.set(device.metadata.name, record.state);
      this.#show(device.metadata.name, record.state, record.why ?? '');
    }
    if (phase !== this.#phase && (phase === 'Paused' || phase === 'Aborting')) {
      this.#view.noticed(phase.toLowerCase(), message);
    }
    this.#phase = phase;
  }

  #show(device: string, state: string, why: string): void {
    const text = `+${String(this.minutes).padStart(3)} min  ${device.padEnd(15)} ${state.padEnd(12)} ${why}`;
    if (state === 'Succeeded' || state === 'RolledBack') this.#view.good(text);
    else if (state === 'RollingBack' || state === 'Unrecovered') this.#view.noticed('back', text);
    else this.#view.line(`  ${text}`);
  }
}

function rolloutsOf({ standalone }: Stage, policy: string): readonly PolicyRollout[] {
  const all = [...standalone.operator.cache.list('PolicyRollout')] as PolicyRollout[];
  return all.filter(({ spec }) => spec.policies.some(({ name }) => name === policy));
}

function devicesOf({ standalone }: Stage): readonly Device[] {
  const all = [...standalone.operator.cache.list('Device')] as Device[];
  return all.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** Takes a statement out of a policy, or narrows its resources, under a strategy that fits into the demo. */
export async function narrow(stage: Stage, policy: string, sid: string, resources?: readonly string[]): Promise<void> {
  await stage.repository.edit(`policies/${policy}.yaml`, (document) => {
    const { spec } = document.toJS() as {
      readonly spec: { readonly document: { readonly Statement: { Sid?: string }[] } };
    };
    const at = spec.document.Statement.findIndex(({ Sid }) => Sid === sid);
    if (at < 0) throw new CommandError(`The example's policy ${policy} has no statement ${sid}`);
    const path = ['spec', 'document', 'Statement', at];
    if (resources === undefined) document.deleteIn(path);
    else document.setIn([...path, 'Resource'], document.createNode(resources));
    document.setIn(['spec', 'strategy'], document.createNode(strategy));
  });
}
