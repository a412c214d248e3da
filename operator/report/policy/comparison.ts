import { type Comparison, type Level, type Residual, valuesTriedReason, type Witness } from '../../policy/index.ts';
import type { LintFinding } from '../../policy/lint/index.ts';
import { type ResidualJson, residualJson, residualText } from './residual.ts';
import {
  type PlainRequest,
  type PolicySource,
  paragraph,
  plainRequest,
  shortArn,
  statementLine,
  statementPlace,
  whoAsks,
} from './source.ts';

/** Everything that a comparison of two sets of documents shows. */
export interface ComparisonReport {
  /** What is compared, for the title: a policy name or a file. */
  readonly subject: string;
  readonly before: readonly PolicySource[];
  readonly after: readonly PolicySource[];
  /** The level that was asked for; its verdict decides the exit status. */
  readonly level: Level;
  readonly levels: Readonly<Record<Level, Comparison>>;
  /** One side lets no client connect, so that the second level says little. */
  readonly cannotConnect: boolean;
  /** Denies on Subscribe in `after` that messages get around; only those that `before` does not have. */
  readonly bypassed: readonly LintFinding[];
  /** What sessions that exist already keep. */
  readonly residual: Residual;
  /** Only where it was asked for: the verdict whatever other policies are attached beside. */
  readonly besideOthers?: BesideOthers;
}

export interface BesideOthers {
  readonly verdict: Comparison['verdict'];
  /** The comparison of the two sides alone, on which it rests. */
  readonly alone: Comparison;
}

const headlines: Readonly<Record<Comparison['verdict'], string>> = {
  equivalent: 'EQUIVALENT: the same requests are allowed before and after.',
  tightens: 'TIGHTENS: some requests are no longer allowed, none is new.',
  widens: 'WIDENS: some requests are newly allowed, none is lost.',
  incomparable: 'CHANGES BOTH WAYS: some requests are newly allowed and others are lost.',
  undecided: 'UNDECIDED: no answer was found. Treat this as a change both ways.',
};

/** It stands in a list, without capital and full stop. */
const valuesTried = `${valuesTriedReason.charAt(0).toLowerCase()}${valuesTriedReason.slice(1, -1)}`;

/** What keeps the verdict from being certain, a sentence each; empty where it is. */
function doubts(comparison: Comparison): string[] {
  return [...comparison.undecidedBecause, ...assumed(comparison)];
}

/** What the verdict rests on beside the documents, a sentence each. */
export function assumed({ assumptions, testedValuesOnly }: Comparison): string[] {
  return [...assumptions.map((text) => `assumes: ${text}`), ...(testedValuesOnly ? [valuesTried] : [])];
}

/** What witnesses in both directions leave open: the verdict is certain, and the lists behind it may be too short. */
export function maybeMissing({ verdict, incomplete }: Comparison): string[] {
  if (verdict !== 'incomparable') return [];
  const reasons = [...new Set(incomplete.map(({ because }) => because))];
  return reasons.map((because) => {
    const actions = incomplete.filter((one) => one.because === because).map(({ action }) => action);
    return `the verdict is certain, but more of ${actions.join(', ')} may be new or lost than is listed: ${because}`;
  });
}

/** For a verdict that stands in a table: whether it is certain. */
function mark(comparison: Comparison): string {
  const rests = [
    ...(comparison.assumptions.length > 0 ? ['an assumption'] : []),
    ...(comparison.testedValuesOnly ? ['tested values only'] : []),
  ];
  return rests.length === 0 ? '' : `  (rests on ${rests.join(' and ')})`;
}

/** The headline weighs the levels against each other: most flaws are changes on paper that change nothing on the wire. */
function headline({ levels, bypassed }: ComparisonReport): string {
  const { raw, delivery } = levels;
  if (raw.verdict === 'tightens' && delivery.verdict === 'equivalent') {
    return bypassed.length > 0
      ? 'TIGHTENS ON PAPER ONLY: the new Deny does not stop delivery. Every message that arrived before still arrives.'
      : 'TIGHTENS ON PAPER ONLY: fewer requests are allowed, but every message that arrived before still arrives.';
  }
  return headlines[raw.verdict];
}

const levelNames: Readonly<Record<Level, string>> = {
  raw: 'each request by itself',
  session: 'what a client that can connect may do',
  delivery: 'which messages arrive',
};

function levelTable(report: ComparisonReport): string[] {
  const width = Math.max(...Object.values(levelNames).map((name) => name.length));
  return (['raw', 'session', 'delivery'] as const).map(
    (level) =>
      `  ${levelNames[level].padEnd(width)}  ${report.levels[level].verdict}${mark(report.levels[level])}${level === 'session' && report.cannotConnect ? '  (these documents alone let no client connect)' : ''}`,
  );
}

function besideLine({ besideOthers }: ComparisonReport): string[] {
  if (besideOthers === undefined) return [];
  return [`  beside any other attached policies: ${besideOthers.verdict}${mark(besideOthers.alone)}`];
}

function causeOfGain(witness: Witness, report: ComparisonReport): string[] {
  const lines = [
    `because of  ${statementPlace(report.after, witness.allowedBy)}  ${statementLine(report.after, witness.allowedBy)}`,
  ];
  if (witness.deniedBy !== undefined) {
    lines.push(
      `until now denied by  ${statementPlace(report.before, witness.deniedBy)}  ${statementLine(report.before, witness.deniedBy)}`,
    );
  }
  return lines;
}

function causeOfLoss(witness: Witness, report: ComparisonReport): string[] {
  const allowed = `was allowed by  ${statementPlace(report.before, witness.allowedBy)}  ${statementLine(report.before, witness.allowedBy)}`;
  return witness.deniedBy === undefined
    ? [allowed, 'no statement allows it any more']
    : [
        allowed,
        `now denied by  ${statementPlace(report.after, witness.deniedBy)}  ${statementLine(report.after, witness.deniedBy)}`,
      ];
}

function witnessLines(witness: Witness, cause: readonly string[]): string[] {
  const through = witness.filter === undefined ? '' : `  (through the filter ${witness.filter})`;
  return [
    `  ${witness.action}  ${shortArn(witness.resource)}${through}`,
    `    for ${whoAsks(witness)}`,
    ...cause.map((line) => `    ${line}`),
    '',
  ];
}

const maxShown = 12;

function section(
  title: string,
  witnesses: readonly Witness[],
  cause: (witness: Witness) => readonly string[],
): string[] {
  if (witnesses.length === 0) return [];
  const shown = witnesses.slice(0, maxShown).flatMap((witness) => witnessLines(witness, cause(witness)));
  const rest = witnesses.length - maxShown;
  return [title, ...shown, ...(rest > 0 ? [`  and ${rest} more; --output json lists all`, ''] : [])];
}

/** Why a Deny on Subscribe did not do what its author meant, in the order in which one would find it out oneself. */
function bypassLines(report: ComparisonReport): string[] {
  return report.bypassed.flatMap((finding) => {
    const ref = { document: finding.document, statement: finding.statement ?? 0 };
    const statement = report.after[ref.document]?.document.statements[ref.statement];
    const denied = statement?.resources.map((resource) => shortArn(resource.text).replace(/^topicfilter\//, '')) ?? [];
    const filter = shortArn(finding.witness?.resource ?? '').replace(/^topicfilter\//, '');
    return [
      `The Deny does not stop delivery: ${statementPlace(report.after, ref)}  ${statementLine(report.after, ref)}`,
      paragraph(
        `1. A device subscribes to "${filter}". That is still allowed: the Deny is compared with the text of the filter, and "${filter}" is not of the form "${denied.join('", "')}".`,
        '  ',
      ),
      paragraph(
        `2. The broker then delivers every topic that "${filter}" matches, the denied ones included. Only iot:Receive is checked on each message, and it is allowed.`,
        '  ',
      ),
      paragraph(`So: ${finding.message.replace(/^the Deny does not stop delivery: /, '')}.`, '  '),
      paragraph(`To stop it, deny iot:Receive as well: ${denied.map((tail) => `topic/${tail}`).join(', ')}`, '  '),
      '',
    ];
  });
}

function caveats(report: ComparisonReport): string[] {
  const comparison = report.levels[report.level];
  const others = (['raw', 'session', 'delivery'] as const).filter((level) => level !== report.level);
  const own = doubts(comparison);
  // What is uncertain at another level alone is told with the level that it concerns.
  const lines = [
    ...[...own, ...maybeMissing(comparison)].map((text) => paragraph(text, '  ')),
    ...others.flatMap((level) =>
      doubts(report.levels[level])
        .filter((text) => !own.includes(text))
        .map((text) => paragraph(`at level ${level}: ${text}`, '  ')),
    ),
  ];
  if (comparison.addsDeny)
    lines.push(paragraph('adds a Deny: other policies on the same certificate may lose rights by it', '  '));
  if (comparison.dropsDeny)
    lines.push(
      paragraph('drops a Deny: together with other policies on the same certificate more may become allowed', '  '),
    );
  return lines.length === 0 ? [] : ['Mind', ...lines, ''];
}

/** The comparison for people: the answer first, then what is new, what is lost, to whom, an example and the line behind it. */
export function comparisonText(report: ComparisonReport): string {
  const comparison = report.levels[report.level];
  const delivery = report.levels.delivery;
  // What newly arrives is told even where another level was asked for; it is what people mean by access.
  const arrives =
    report.level === 'delivery' ? [] : delivery.gained.filter((witness) => witness.action === 'iot:Receive');
  return [
    report.subject,
    '',
    paragraph(headline(report), ''),
    '',
    ...levelTable(report),
    ...besideLine(report),
    '',
    ...bypassLines(report),
    ...section('Newly allowed', comparison.gained, (witness) => causeOfGain(witness, report)),
    ...section('No longer allowed', comparison.lost, (witness) => causeOfLoss(witness, report)),
    ...section('Messages that newly arrive', arrives, (witness) => causeOfGain(witness, report)),
    ...residualText(report.residual),
    ...caveats(report),
  ].join('\n');
}

export const comparisonFormat = 'fleetward.dev/policy-comparison/v1';

interface WitnessDetail {
  readonly allowedBy: string;
  readonly deniedBy?: string;
  readonly filter?: string;
}

/** The published form; schema: docs/schemas/policy-comparison.v1.schema.json. */
export interface ComparisonJson {
  readonly format: typeof comparisonFormat;
  readonly subject: string;
  readonly verdict: Comparison['verdict'];
  readonly level: Level;
  readonly gained: readonly PlainRequest[];
  readonly lost: readonly PlainRequest[];
  readonly causes: { readonly gained: readonly WitnessDetail[]; readonly lost: readonly WitnessDetail[] };
  readonly levels: Readonly<Record<Level, Comparison['verdict']>>;
  readonly doubts: Readonly<Record<Level, readonly string[]>>;
  readonly undecidedBecause: readonly string[];
  readonly incomplete: Comparison['incomplete'];
  readonly assumptions: readonly string[];
  readonly testedValuesOnly: boolean;
  readonly addsDeny: boolean;
  readonly dropsDeny: boolean;
  readonly bypassedDenies: readonly {
    readonly place: string;
    readonly message: string;
    readonly witness: PlainRequest | null;
  }[];
  readonly residual: ResidualJson;
  readonly besideOthers?: Comparison['verdict'];
}

function detail(witness: Witness, allows: readonly PolicySource[], refuses: readonly PolicySource[]): WitnessDetail {
  return {
    allowedBy: statementPlace(allows, witness.allowedBy),
    ...(witness.deniedBy !== undefined && { deniedBy: statementPlace(refuses, witness.deniedBy) }),
    ...(witness.filter !== undefined && { filter: witness.filter }),
  };
}

export function comparisonJson(report: ComparisonReport): ComparisonJson {
  const { before, after, level, levels } = report;
  const comparison = levels[level];
  return {
    format: comparisonFormat,
    subject: report.subject,
    verdict: comparison.verdict,
    level,
    gained: comparison.gained.map(plainRequest),
    lost: comparison.lost.map(plainRequest),
    causes: {
      gained: comparison.gained.map((witness) => detail(witness, after, before)),
      lost: comparison.lost.map((witness) => detail(witness, before, after)),
    },
    levels: { raw: levels.raw.verdict, session: levels.session.verdict, delivery: levels.delivery.verdict },
    doubts: { raw: doubts(levels.raw), session: doubts(levels.session), delivery: doubts(levels.delivery) },
    undecidedBecause: comparison.undecidedBecause,
    incomplete: comparison.incomplete,
    assumptions: comparison.assumptions,
    testedValuesOnly: comparison.testedValuesOnly,
    addsDeny: comparison.addsDeny,
    dropsDeny: comparison.dropsDeny,
    bypassedDenies: report.bypassed.map((finding) => ({
      place: statementPlace(after, { document: finding.document, statement: finding.statement ?? 0 }),
      message: finding.message,
      witness: finding.witness === undefined ? null : plainRequest(finding.witness),
    })),
    residual: residualJson(report.residual),
    ...(report.besideOthers !== undefined && { besideOthers: report.besideOthers.verdict }),
  };
}
