import fc from 'fast-check';
import { checkDelivery, checkRaw, checkSession, newTally, type Tally, withAllFilters } from '../policy/differential.ts';
import { missingMeansMissing, redundantMeansRedundant, witnessesHold } from '../policy/lint-properties.ts';
import type { RawPolicy } from '../policy/oracle.ts';
import { alikeUniverse } from '../policy/random-alike.ts';
import { arnUniverse } from '../policy/random-arns.ts';
import { connectUniverse, orderUniverse, setUniverse } from '../policy/random-conditions.ts';
import { filterUniverse, largeUniverse, smallUniverse, type Universe } from '../policy/random-policies.ts';
import { sessionValueUniverse, tiedUniverse } from '../policy/random-ties.ts';
import { typeUniverse } from '../policy/random-types.ts';
import { twoValueUniverse, valueUniverse } from '../policy/random-values.ts';
import { agreesWithRefa } from '../policy/refa-inclusion.ts';

export interface FuzzReport {
  readonly area: string;
  readonly seed: number;
  readonly runs: number;
  readonly failures: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
  /** How often what was tried, by tables of kinds. */
  readonly coverage?: object;
}

type Check = (before: readonly RawPolicy[], after: readonly RawPolicy[], universe: Universe, tally: Tally) => void;

interface Mode {
  readonly universe: Universe;
  readonly check: Check;
}

const modes: Readonly<Record<string, Mode>> = {
  policy: { universe: smallUniverse, check: checkRaw },
  'policy-large': { universe: largeUniverse, check: checkRaw },
  'policy-values': { universe: valueUniverse, check: checkRaw },
  'policy-two-values': { universe: twoValueUniverse, check: checkRaw },
  'policy-delivery': { universe: withAllFilters(smallUniverse), check: checkDelivery },
  'policy-delivery-wild': { universe: withAllFilters(filterUniverse), check: checkDelivery },
  'policy-tied-values': { universe: tiedUniverse, check: checkRaw },
  'policy-session-values': { universe: sessionValueUniverse, check: checkSession },
  'policy-connect': { universe: connectUniverse, check: checkRaw },
  'policy-order': { universe: orderUniverse, check: checkRaw },
  'policy-sets': { universe: setUniverse, check: checkRaw },
  'policy-arns': { universe: arnUniverse, check: checkRaw },
  'policy-types': { universe: typeUniverse, check: checkRaw },
  'policy-alike': { universe: alikeUniverse, check: checkRaw },
  'policy-session': { universe: smallUniverse, check: checkSession },
};

const inclusion = 'policy-inclusion';
const lints = 'policy-lint';

export const policyAreas: readonly string[] = [...Object.keys(modes), inclusion, lints];

/** Runs one differential search; stops at the first disagreement, shrunk to a small pair. */
export function fuzzPolicy(area: string, count: number, seed: number): FuzzReport {
  if (area === inclusion) return reportOf(area, seed, fc.check(agreesWithRefa, { numRuns: count, seed }), {});
  if (area === lints) return fuzzLint(count, seed);
  const mode = modes[area];
  if (mode === undefined) throw new Error(`no such area: ${area}`);
  const tally = newTally();
  const property = fc.property(mode.universe.policies, ([before, after]) =>
    mode.check(before, after, mode.universe, tally),
  );
  return reportOf(area, seed, fc.check(property, { numRuns: count, seed }), tally);
}

function fuzzLint(count: number, seed: number): FuzzReport {
  const reports = [witnessesHold, redundantMeansRedundant, missingMeansMissing].map((property) =>
    reportOf(lints, seed, fc.check(property, { numRuns: count, seed }), {}),
  );
  const runs = reports.reduce((sum, report) => sum + report.runs, 0);
  return { area: lints, seed, runs, failures: reports.flatMap((report) => report.failures), figures: {} };
}

function reportOf<T>(area: string, seed: number, details: fc.RunDetails<T>, figures: object): FuzzReport {
  const failures = details.failed
    ? [`${String(details.errorInstance)}\n${JSON.stringify(details.counterexample, null, 1)}`]
    : [];
  return { area, seed, runs: details.numRuns, failures, figures: { ...figures } };
}
