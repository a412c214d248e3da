import type { Witness } from '../../policy/index.ts';
import { assumed, type ComparisonReport, maybeMissing } from './comparison.ts';
import type { SarifLog } from './sarif.ts';
import { location } from './sarif.ts';
import { type PolicySource, plainRequest, shortArn, statementLine, whoAsks } from './source.ts';

const ruleIds = ['newly-allowed', 'no-longer-allowed', 'deny-subscribe-bypassed', 'undecided', 'uncertain'] as const;

const descriptions: Readonly<Record<(typeof ruleIds)[number], string>> = {
  'newly-allowed': 'The change allows something that was not allowed before',
  'no-longer-allowed': 'The change takes something away that was allowed before',
  'deny-subscribe-bypassed': 'A new Deny on Subscribe does not stop delivery',
  undecided: 'The comparison came to no verdict',
  uncertain: 'The verdict rests on an assumption or on tested values only',
};

/** A comparison as SARIF 2.1.0, so that a review shows what is new on the line that causes it. */
export function comparisonSarif(reports: readonly ComparisonReport[], version: string): SarifLog {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'fleetward policy compare',
            semanticVersion: version,
            rules: ruleIds.map((id) => ({ id, shortDescription: { text: descriptions[id] } })),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: reports.flatMap(resultsOf),
      },
    ],
  };
}

function resultsOf(report: ComparisonReport) {
  const { after, before } = report;
  const comparison = report.levels[report.level];
  // A policy that is removed has no line on the new side.
  const source = after[0] ?? before[0];
  const text = [descriptions.undecided, ...comparison.undecidedBecause].join('. ');
  const undecided = comparison.verdict === 'undecided' ? [result('undecided', 'error', text, source, undefined)] : [];
  const uncertain = [...assumed(comparison), ...maybeMissing(comparison)].map((why) =>
    result('uncertain', 'warning', why, source, undefined),
  );
  return [
    ...undecided,
    ...uncertain,
    ...comparison.gained.map((witness) => witnessResult('newly-allowed', witness, after)),
    ...comparison.lost.map((witness) => witnessResult('no-longer-allowed', witness, before)),
    ...report.bypassed.map((finding) =>
      result('deny-subscribe-bypassed', 'error', finding.message, after[finding.document], finding.at),
    ),
  ];
}

function witnessResult(id: 'newly-allowed' | 'no-longer-allowed', witness: Witness, sources: readonly PolicySource[]) {
  const source = sources[witness.allowedBy.document];
  const at = source?.document.statements[witness.allowedBy.statement]?.at;
  const word = id === 'newly-allowed' ? 'newly allowed' : 'no longer allowed';
  const text = `${witness.action} on ${shortArn(witness.resource)} is ${word} for ${whoAsks(witness)}. Statement: ${statementLine(sources, witness.allowedBy)}.`;
  return {
    ...result(id, id === 'newly-allowed' ? 'warning' : 'note', text, source, at),
    properties: { witness: plainRequest(witness) },
  };
}

function result(
  id: (typeof ruleIds)[number],
  level: 'error' | 'warning' | 'note',
  text: string,
  ...[source, at]: [PolicySource | undefined, Parameters<typeof location>[1]]
) {
  return {
    ruleId: id,
    ruleIndex: ruleIds.indexOf(id),
    level,
    message: { text },
    locations: [location(source?.path ?? 'policy', at)],
  };
}
