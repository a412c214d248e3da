import {
  type CompareOptions,
  compare,
  compilePolicies,
  evaluate,
  type PolicyDocument,
  parsePolicyValue,
  type Witness,
  withDefaults,
} from '../../operator/policy/index.ts';
import type { CaseRequest, PairCase } from './case-file.ts';

/** One failed expectation. */
export interface Failure {
  readonly name: string;
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

const settingNames = ['account', 'region', 'partition', 'exclusiveThings', 'maxSlashes', 'budget', 'switches'];
/** Settings that describe the file in words; they hold no value that an option could take. */
const words = ['actionTable', 'requests', 'context'];

/** Options out of a file's defaults and a case's assumptions; a setting that is not known is an error. */
export function optionsOf(...sources: readonly Readonly<Record<string, unknown>>[]): CompareOptions {
  const merged: Record<string, unknown> = Object.assign({}, ...sources);
  for (const name of Object.keys(merged)) {
    if (words.includes(name)) delete merged[name];
    else if (!settingNames.includes(name)) throw new Error(`unknown setting ${name}`);
  }
  return merged;
}

export function parseAll(values: readonly unknown[]): PolicyDocument[] {
  return values.map((value, index) => {
    const { document, findings } = parsePolicyValue(value, { name: `policy ${index}` });
    if (document === undefined) throw new Error(`cannot be read: ${findings.map((one) => one.message).join('; ')}`);
    return document;
  });
}

/** The options and level that a name in `levels` stands for. */
function readingOf(level: string, options: CompareOptions): CompareOptions {
  switch (level) {
    case 'raw':
    case 'session':
    case 'delivery':
      return { ...options, level };
    case 'nonExclusive':
      return { ...options, exclusiveThings: false };
    case 'segmentwise':
      return { ...options, switches: { ...options.switches, starCrossesColons: false } };
    case 'noQuota':
      return { ...options, maxSlashes: Number.POSITIVE_INFINITY };
    default:
      throw new Error(`unknown level ${level}`);
  }
}

/** Checks every verdict and witness that a pair states, and every witness that the engine gives. */
export function runPair(item: PairCase, defaults: Readonly<Record<string, unknown>>): Failure[] {
  const failures: Failure[] = [];
  const fail = (what: string, expected: string, got: string): void => {
    failures.push({ name: item.name, what, expected, got });
  };
  try {
    const options = optionsOf(defaults, item.assume);
    const before = parseAll(item.before);
    const after = parseAll(item.after);
    for (const [level, verdict] of [['raw', item.verdict] as const, ...Object.entries(item.levels)]) {
      const reading = readingOf(level, options);
      const result = compare(before, after, { probeSwitches: false, ...reading });
      if (result.verdict !== verdict)
        fail(level, verdict, `${result.verdict}; gained ${show(result.gained)}, lost ${show(result.lost)}`);
      if (result.assumptions.some((text) => text.startsWith('Internal error')))
        fail(level, 'no internal error', result.assumptions.join(' '));
      const directions = [
        [result.gained, before, after, 'gained'] as const,
        [result.lost, after, before, 'lost'] as const,
      ];
      for (const [witnesses, refuses, allows, name] of directions)
        for (const one of witnesses)
          if (reading.level === undefined || reading.level === 'raw') {
            const problem = disagreement(one, refuses, allows, reading);
            if (problem !== undefined) fail(`${level} ${name}`, 'a confirmed request', problem);
          }
    }
    const wanted = [['witness', item.witness, before, after] as const, ['lost', item.lost, after, before] as const];
    for (const [name, request, refuses, allows] of wanted) {
      const problem = request === undefined ? undefined : disagreement(request, refuses, allows, options);
      if (problem !== undefined) fail(name, `${request?.action} ${request?.resource} as the file says`, problem);
    }
    if ((item.witness !== undefined) !== (item.verdict === 'widens' || item.verdict === 'incomparable'))
      fail('witness', `one that fits the verdict ${item.verdict}`, String(item.witness?.resource));
  } catch (error) {
    fail('run', 'a result', error instanceof Error ? error.message : String(error));
  }
  return failures;
}

/** Why the request does not tell the two sides apart; undefined when it does. */
function disagreement(
  request: CaseRequest | Witness,
  refuses: readonly PolicyDocument[],
  allows: readonly PolicyDocument[],
  options: CompareOptions,
): string | undefined {
  const full = withDefaults(options);
  const granted = evaluate(compilePolicies(allows, full), request).decision;
  const refused = evaluate(compilePolicies(refuses, full), request).decision;
  if (granted === 'allowed' && refused !== 'allowed') return undefined;
  return `${request.action} ${request.resource} ${JSON.stringify(request.context)}: ${granted} where it should be allowed, ${refused} where not`;
}

function show(witnesses: readonly Witness[]): string {
  const [first] = witnesses;
  return first === undefined ? 'none' : `${first.action} ${first.resource} ${JSON.stringify(first.context)}`;
}
