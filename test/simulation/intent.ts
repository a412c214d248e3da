import type { PolicyRollout, PolicyRolloutStatus } from '../../operator/api/policyrollout.gen.ts';
import { durationMs } from '../../operator/controllers/external/duration.ts';
import { documentOf } from './rights.ts';
import type { SimPolicy } from './types.ts';
import type { Watch } from './watch.ts';

const MINUTE = 60_000;
/** For so long what a rollout replaced is kept when nothing is said. */
const DEFAULT_WINDOW = '24h';

/** What people asked for, and whether it is that which rollouts bring, take back and try again. */
export class Intent {
  readonly #watch: Watch;
  /** Those that began since the world was last at rest. */
  readonly #rollouts = new Map<string, PolicyRollout>();
  /** How each that is over has ended. */
  readonly #ended = new Map<string, string>();
  readonly #told = new Map<string, string>();
  /** Of each rollout that there ever was. */
  readonly #revisions = new Map<string, string>();
  /** Revisions that came back other than by a commit. */
  readonly #takenBack = new Set<string>();
  /** When the brake of each candidate was pulled last. */
  readonly #pulledAt = new Map<string, number>();
  /** Every text that Git ever asked for, by the name of the policy. */
  readonly #asked = new Map<string, Set<string>>();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  asksFor(grants: readonly SimPolicy[]): void {
    for (const { name, grant } of grants)
      this.#asked.set(name, (this.#asked.get(name) ?? new Set()).add(JSON.stringify(documentOf(grant))));
  }

  atRest(): void {
    this.#rollouts.clear();
  }

  knows(rollout: string): boolean {
    return this.#rollouts.has(rollout);
  }

  /** Made again under its name after the state was lost: what it began with may be another document than before. */
  madeAgain(rollout: PolicyRollout): void {
    const { name, uid } = rollout.metadata;
    if (this.#rollouts.get(name)?.metadata.uid === uid) return;
    this.#rollouts.delete(name);
    this.#rollouts.set(name, rollout);
  }

  hasEnded(rollout: string): boolean {
    return this.#ended.has(rollout);
  }

  /** Undefined for a rollout that the world was at rest after. */
  candidatesOf(rollout: string | undefined): readonly string[] | undefined {
    return this.#rollouts.get(rollout ?? '')?.spec.policies.map(({ candidateName }) => candidateName);
  }

  /** What was aborted is not tried again until somebody says so. */
  begins(rollout: PolicyRollout): void {
    const { metadata, spec } = rollout;
    const { name } = metadata;
    if (!this.#revisions.has(name) && this.#takenBack.has(spec.revision))
      this.#watch.say(3, `${name} tries ${spec.revision} again, which was aborted, and nobody asked for that`);
    this.#revisions.set(name, spec.revision);
    this.#rollouts.set(name, rollout);
    this.#notByBrake(rollout);
  }

  /** A person asks for a change once more that was taken back. */
  retried(revision: string): void {
    this.#takenBack.delete(revision);
  }

  onStatus(name: string, status: PolicyRolloutStatus): void {
    const { phase = '', reason = '', message = '' } = status;
    this.#notTooEarly(name, status);
    const text = `${phase}/${reason}`;
    if (this.#ended.get(name) === text || this.#told.get(name) === text) return;
    this.#told.set(name, text);
    this.#watch.tell(`rollout ${name}: ${phase}, ${reason} (${message})`);
    if (['Succeeded', 'Aborted', 'Superseded'].includes(phase)) this.#ended.set(name, text);
    const rollout = this.#rollouts.get(name);
    if (rollout !== undefined) this.#notByBrake({ ...rollout, status });
    const revision = this.#revisions.get(name);
    if (phase === 'Aborted' && reason !== 'Reverted' && revision !== undefined) this.#takenBack.add(revision);
  }

  /** What was replaced is kept for the time that the strategy gives people to go back quickly. */
  #notTooEarly(name: string, { homedAt, cleanedAt }: PolicyRolloutStatus): void {
    const { config, say } = this.#watch;
    if (cleanedAt === undefined) return;
    const keptMs = Date.parse(cleanedAt) - Date.parse(homedAt ?? cleanedAt);
    if (keptMs < durationMs(String(config.strategy.rollbackWindow ?? DEFAULT_WINDOW)))
      say(3, `${name} kept what it had replaced for ${Math.round(keptMs / MINUTE)} min only`);
  }

  /** A brake that was pulled on another rollout of the same document ends none that comes later. */
  #notByBrake({ metadata, spec, status }: PolicyRollout): void {
    if (status?.phase !== 'Aborted' || status.reason !== 'EmergencyBrakeApplied') return;
    const since = Date.parse(metadata.creationTimestamp ?? '');
    if (!spec.policies.some(({ candidateName }) => (this.#pulledAt.get(candidateName) ?? 0) >= since))
      this.#watch.say(3, `${metadata.name} was ended by a brake that nobody pulled on it`);
  }

  /** One call gives everybody on the candidate what was there before: its document is the baseline's again. */
  brakePulled(candidate: string): void {
    const { view, answers, clock, say } = this.#watch;
    this.#pulledAt.set(candidate, clock.now());
    const last = [...this.#rollouts.values()].findLast((rollout) =>
      rollout.spec.policies.some(({ candidateName }) => candidateName === candidate),
    );
    const baseline = last?.spec.policies.find(({ candidateName }) => candidateName === candidate)?.baseline;
    const now = view.document(candidate);
    if (baseline === undefined || now === undefined) return;
    if (answers.of(now, 'press-1').join() !== answers.of(baseline, 'press-1').join())
      say(3, `the brake of ${candidate} does not bring back what was before`);
  }

  /** Whatever the operator writes is a document that Git asked for at some time. */
  written(policy: string): void {
    const { view, answers, say } = this.#watch;
    const text = view.document(policy);
    const asked = this.#asked.get(policy.split('@')[0] ?? '');
    if (text === undefined || asked === undefined) return;
    const said = answers.of(text, 'press-1').join();
    if (![...asked].some((one) => answers.of(one, 'press-1').join() === said))
      say(11, `${policy} got a document that Git never asked for: ${text}`);
  }
}
