import type { Decision, Request, StatementRef } from '../../policy/index.ts';
import {
  type PlainRequest,
  type PolicySource,
  plainRequest,
  shortArn,
  statementLine,
  statementPlace,
  whoAsks,
} from './source.ts';

export interface EvaluatedRequest {
  readonly request: Request;
  readonly decision: Decision;
  readonly by: StatementRef | undefined;
  /** Whether the broker takes such a topic, filter or name at all. */
  readonly accepted: boolean;
}

const words: Readonly<Record<Decision, string>> = {
  allowed: 'ALLOWED',
  explicitDeny: 'DENIED by a Deny',
  implicitDeny: 'DENIED: no statement allows it',
};

/** Each request with its decision and the statement behind it. */
export function evaluationText(results: readonly EvaluatedRequest[], sources: readonly PolicySource[]): string {
  return results.map((result) => `${evaluationLines(result, sources).join('\n')}\n`).join('\n');
}

export function evaluationLines(
  { request, decision, by, accepted }: EvaluatedRequest,
  sources: readonly PolicySource[],
): string[] {
  const lines = [`${words[decision]}  ${request.action} on ${shortArn(request.resource)}`, `  for ${whoAsks(request)}`];
  if (by !== undefined) lines.push(`  by ${statementPlace(sources, by)}  ${statementLine(sources, by)}`);
  if (!accepted) {
    lines.push(
      '  note: the resource is not one that the broker checks for this action here (another ARN type, account or region, or a malformed name)',
    );
  }
  return lines;
}

export const evaluationFormat = 'fleetward.dev/policy-evaluation/v1';

/** The published form; schema: docs/schemas/policy-evaluation.v1.schema.json. */
export interface EvaluationJson {
  readonly format: typeof evaluationFormat;
  readonly results: readonly {
    readonly request: PlainRequest;
    readonly decision: Decision;
    readonly statement: { readonly path: string; readonly policy: string; readonly index: number } | null;
    readonly accepted: boolean;
  }[];
}

export function evaluationJson(results: readonly EvaluatedRequest[], sources: readonly PolicySource[]): EvaluationJson {
  return {
    format: evaluationFormat,
    results: results.map(({ request, decision, by, accepted }) => ({
      request: plainRequest(request),
      decision,
      statement: by === undefined ? null : statementJson(by, sources),
      accepted,
    })),
  };
}

export function statementJson(by: StatementRef, sources: readonly PolicySource[]) {
  const source = sources[by.document];
  return { path: source?.path ?? '', policy: source?.name ?? '', index: by.statement };
}
