import { type EvaluatedRequest, evaluationLines, statementJson } from './evaluation.ts';
import type { NearMiss } from './near-misses.ts';
import {
  type PlainRequest,
  type PolicySource,
  paragraph,
  plainRequest,
  statementLine,
  statementPlace,
} from './source.ts';

export interface ExplainedRequest extends EvaluatedRequest {
  readonly misses: readonly NearMiss[];
}

const maxShown = 8;

/** A decision with the statements that nearly made it another, and what kept each from it. */
export function explanationText(results: readonly ExplainedRequest[], sources: readonly PolicySource[]): string {
  return results.map((result) => `${lines(result, sources).join('\n')}\n`).join('\n');
}

function lines(result: ExplainedRequest, sources: readonly PolicySource[]): string[] {
  const wanted = result.decision === 'allowed' ? 'Deny' : 'Allow';
  const misses = result.misses.filter((miss) => miss.effect === wanted);
  const head = evaluationLines(result, sources);
  if (misses.length === 0) return [...head, `  no ${wanted} comes near`];
  const title = wanted === 'Allow' ? '  statements that would allow it, but:' : '  statements that would deny it, but:';
  const shown = misses
    .slice(0, maxShown)
    .flatMap(({ ref, reason }) => [
      `    ${statementPlace(sources, ref)}  ${statementLine(sources, ref)}`,
      paragraph(reason, '      '),
    ]);
  const rest = misses.length - maxShown;
  return [...head, title, ...shown, ...(rest > 0 ? [`    and ${rest} further ones`] : [])];
}

export const explanationFormat = 'fleetward.dev/policy-explanation/v1';

/** The published form; schema: docs/schemas/policy-explanation.v1.schema.json. */
export interface ExplanationJson {
  readonly format: typeof explanationFormat;
  readonly results: readonly {
    readonly request: PlainRequest;
    readonly decision: EvaluatedRequest['decision'];
    readonly statement: ReturnType<typeof statementJson> | null;
    readonly accepted: boolean;
    readonly nearMisses: readonly {
      readonly effect: 'Allow' | 'Deny';
      readonly statement: ReturnType<typeof statementJson>;
      readonly reason: string;
    }[];
  }[];
}

export function explanationJson(
  results: readonly ExplainedRequest[],
  sources: readonly PolicySource[],
): ExplanationJson {
  return {
    format: explanationFormat,
    results: results.map(({ request, decision, by, accepted, misses }) => ({
      request: plainRequest(request),
      decision,
      statement: by === undefined ? null : statementJson(by, sources),
      accepted,
      nearMisses: misses.map(({ effect, ref, reason }) => ({ effect, statement: statementJson(ref, sources), reason })),
    })),
  };
}
