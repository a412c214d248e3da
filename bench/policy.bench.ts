import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import {
  compare,
  compilePolicies,
  evaluate,
  findUncovered,
  globOf,
  type PolicyDocument,
  parsePolicyValue,
  validityOf,
  withDefaults,
} from '../operator/policy/index.ts';
import { readCaseFile } from '../test/policy/case-file.ts';
import type { BenchResult } from './types.ts';

/** How the value stands to its goal; whether more or less is better, the result says itself. */
const goal = (value: number, wanted: number): Pick<BenchResult, 'baseline' | 'ratio'> => ({
  baseline: { name: 'goal', value: wanted },
  ratio: value / wanted,
});

/** The policy engine's own figures: comparison, inclusion, evaluation. One core, warmed up. */
export async function run(): Promise<BenchResult[]> {
  return [...comparisons(), inclusionFamily(), ...evaluation(), documentOfManyResources()];
}

function casePairs(): [PolicyDocument[], PolicyDocument[]][] {
  const file = new URL('../test/policy/cases/policy-pairs.json', import.meta.url);
  const parsed = (values: readonly unknown[]): PolicyDocument[] =>
    values.flatMap((value) => parsePolicyValue(value).document ?? []);
  return readCaseFile(readFileSync(file, 'utf8')).pairs.map((pair) => [parsed(pair.before), parsed(pair.after)]);
}

function comparisons(): BenchResult[] {
  const pairs = casePairs();
  const times: number[] = [];
  for (let round = 0; round < 12; round += 1)
    for (const [before, after] of pairs) {
      const started = performance.now();
      compare(before, after, { probeSwitches: false });
      if (round >= 4) times.push(performance.now() - started);
    }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  const probing = performance.now();
  for (const [before, after] of pairs) compare(before, after);
  const withSwitches = performance.now() - probing;
  return [
    {
      name: 'policy compare p50 over the cases',
      value: at(0.5),
      unit: 'ms',
      better: 'lower',
      ...goal(at(0.5), 1),
    },
    {
      name: 'policy compare p99 over the cases',
      value: at(0.99),
      unit: 'ms',
      better: 'lower',
      ...goal(at(0.99), 20),
    },
    { name: 'policy compare, whole file with all readings', value: withSwitches, unit: 'ms', better: 'lower' },
  ];
}

/** One pattern in a union of two that covers it only together, with 120 `?` behind a star: doubles for each `?` when determinised. */
function inclusionFamily(): BenchResult {
  const tail = '?'.repeat(120);
  const problem = {
    left: [globOf(`*a${tail}`)],
    right: [globOf(`*aa${'?'.repeat(119)}`), globOf(`*a${tail}`)],
    valid: validityOf('topic', 7),
  };
  const shifted = {
    left: [globOf(`*a${tail}`)],
    right: [globOf(`*a?${tail}`), globOf(`*aa${tail}`)],
    valid: validityOf('topic', 7),
  };
  const times: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const started = performance.now();
    findUncovered({ ...problem, budget: { left: 1e6 } });
    findUncovered({ ...shifted, budget: { left: 1e6 } });
    times.push(performance.now() - started);
  }
  const value = times.sort((a, b) => a - b)[5] ?? 0;
  return { name: 'policy inclusion, *a and 120 ?', value, unit: 'ms', better: 'lower', ...goal(value, 50) };
}

const arn = 'arn:aws:iot:us-east-1:123456789012:';
const thing = '${iot:Connection.Thing.ThingName}';

function devicePolicy(): PolicyDocument {
  const { document } = parsePolicyValue({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        Resource: `${arn}client/${thing}`,
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
      },
      {
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: [`${arn}topic/dt/${thing}/*`, `${arn}topic/$aws/things/${thing}/shadow/*`],
      },
      { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${arn}topicfilter/cmd/${thing}/*` },
      { Effect: 'Allow', Action: 'iot:Receive', Resource: `${arn}topic/cmd/${thing}/*` },
      { Effect: 'Deny', Action: 'iot:Publish', Resource: `${arn}topic/dt/*/private` },
    ],
  });
  if (document === undefined) throw new Error('the policy of the benchmark does not parse');
  return document;
}

function evaluation(): BenchResult[] {
  const set = compilePolicies([devicePolicy()], withDefaults());
  const requests = Array.from({ length: 1000 }, (_unused, index) => ({
    action: 'iot:Publish',
    resource: `${arn}topic/dt/dev${index % 100}/temperature/${index}`,
    context: { 'iot:ClientId': `dev${index % 50}`, 'iot:Connection.Thing.ThingName': `dev${index % 50}` },
  }));
  let allowed = 0;
  const pass = (): number => {
    const started = performance.now();
    for (let round = 0; round < 50; round += 1)
      for (const request of requests) if (evaluate(set, request).decision === 'allowed') allowed += 1;
    return (requests.length * 50) / ((performance.now() - started) / 1000);
  };
  pass();
  const value = Math.max(pass(), pass());
  if (allowed === 0) throw new Error('the benchmark evaluates nothing');
  return [{ name: 'policy evaluation', value, unit: 'requests/s', better: 'higher', ...goal(value, 200_000) }];
}

/** 40 patterns against 41, none of which covers one of the others alone. */
function documentOfManyResources(): BenchResult {
  const globs = (count: number): PolicyDocument[] => {
    const Resource = Array.from({ length: count }, (_unused, index) => `${arn}topic/plant/${index}/*/v?`);
    const { document } = parsePolicyValue({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'iot:Publish', Resource }],
    });
    return document === undefined ? [] : [document];
  };
  const [before, after] = [globs(40), globs(41)];
  compare(before, after);
  const started = performance.now();
  for (let round = 0; round < 20; round += 1) compare(before, after, { probeSwitches: false });
  return {
    name: 'policy compare, 40 patterns against 41',
    value: (performance.now() - started) / 20,
    unit: 'ms',
    better: 'lower',
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
