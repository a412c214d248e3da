import { API_VERSION } from '../operator/api/meta.ts';
import { largeRollout } from './large-rollout.ts';
import type { BenchResult } from './types.ts';

const SIZES = [10, 1_000, 10_000];

/**
 * From the word of a person until every moved asset has its rights back: the calls to AWS of the pass that pulls the brake, all
 * copies being on the candidate, and the time until the last of them was answered. The assets' own way home comes afterwards,
 * without hurry, and is not in it.
 */
export async function run(): Promise<readonly BenchResult[]> {
  const results: BenchResult[] = [];
  for (const size of SIZES) results.push(...(await braked(size)));
  return results;
}

async function braked(size: number): Promise<readonly BenchResult[]> {
  await using large = await largeRollout(size, () => 'Succeeded');
  const { fleet } = large;
  await large.pass();
  // The one that is measured is alone: the operator that made the rollout must not pull the brake first.
  await fleet.kill();
  const { metadata, spec } = await fleet.rollout();
  const [policy] = spec.policies;
  const { name, namespace, uid } = metadata;
  const annotations = { 'rollout.fleetward.dev/brake': `t1@${spec.revision} by bench` };
  const asked = {
    apiVersion: API_VERSION,
    kind: 'PolicyRollout',
    metadata: { name, namespace, uid, annotations },
    spec,
  };
  await fleet.store.apply(asked as never, { owner: 'person' });
  await large.refresh();
  const calls: string[] = [];
  const began = performance.now();
  let answeredAt = Number.NaN;
  const stop = fleet.sandbox.ledger.subscribe(({ operation }) => {
    calls.push(operation);
    if (operation === 'SetDefaultPolicyVersion') answeredAt = performance.now();
  });
  await large.pass();
  stop();
  const at = calls.lastIndexOf('SetDefaultPolicyVersion');
  const before = calls.slice(0, at + 1);
  const isRead = (operation: string) => /^(Get|List|Describe)/.test(operation);
  const { policyDocument } = await fleet.aws.send('GetPolicy', { policyName: policy?.candidateName ?? '' });
  if (policyDocument !== policy?.baseline) throw new Error(`the brake did not give ${size} assets their rights back`);
  const lower = (name: string, value: number, unit: string, goal?: number): BenchResult => ({
    name,
    value,
    unit,
    better: 'lower',
    ...(goal === undefined ? {} : { baseline: { name: 'one call per policy', value: goal }, ratio: value / goal }),
  });
  return [
    lower(
      `brake of ${size} moved assets, calls that change AWS until their rights are back`,
      before.filter((operation) => !isRead(operation)).length,
      'calls',
      spec.policies.length,
    ),
    lower('  reads before them', before.filter(isRead).length, 'calls'),
    lower('  calls of the pass after them: tags that mirror the verdict', calls.length - before.length, 'calls'),
    lower('  from the pass that hears of it to the answer of AWS', answeredAt - began, 'ms'),
  ];
}
