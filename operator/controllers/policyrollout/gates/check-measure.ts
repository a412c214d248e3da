import { type CheckQuestion, judgeSeries, type Measurement } from '../../../rollout/checks.ts';
import type { BoundedGet } from '../../../runtime/outbound/bounded-get.ts';

/** Asks once. Whatever goes wrong on the way is an error of the measurement, never a failure of the device. */
export async function measure(get: BoundedGet, question: CheckQuestion, signal?: AbortSignal): Promise<Measurement> {
  return question.kind === 'http' ? measureHttp(get, question, signal) : measureQuery(get, question, signal);
}

async function measureHttp(
  get: BoundedGet,
  { url, status, contains }: Extract<CheckQuestion, { kind: 'http' }>,
  signal: AbortSignal | undefined,
): Promise<Measurement> {
  const answer = await get(url, signal);
  if (answer.kind !== 'answered') return { outcome: 'error', why: answer.why };
  if (answer.status !== status) {
    const why = `status ${answer.status}, not ${status}`;
    if (isRedirect(answer.status)) return { outcome: 'error', why: `${why}; redirects are not followed` };
    return { outcome: answer.status >= 500 ? 'error' : 'bad', why };
  }
  if (contains === undefined || answer.body.includes(contains)) return { outcome: 'good' };
  return { outcome: 'bad', why: 'the answer does not contain the text' };
}

async function measureQuery(
  get: BoundedGet,
  question: Extract<CheckQuestion, { kind: 'prometheus' }>,
  signal: AbortSignal | undefined,
): Promise<Measurement> {
  const address = `${question.url.replace(/\/+$/, '')}/api/v1/query?query=${encodeURIComponent(question.query)}`;
  const answer = await get(address, signal);
  if (answer.kind !== 'answered') return { outcome: 'error', why: answer.why };
  if (answer.cut) return { outcome: 'error', why: 'the answer is too large; aggregate in the query' };
  const values = answer.status === 200 ? valuesOf(answer.body) : undefined;
  if (values === undefined) return { outcome: 'error', why: `status ${answer.status} and no answer of Prometheus` };
  return judgeSeries(question, values);
}

/** A scalar or a vector (https://prometheus.io/docs/prometheus/latest/querying/api/). Undefined for anything else. */
function valuesOf(body: string): readonly number[] | undefined {
  const answer = parsed(body);
  if (answer?.status !== 'success') return undefined;
  const { resultType, result } = (answer.data ?? {}) as { readonly resultType?: unknown; readonly result?: unknown };
  if (!Array.isArray(result)) return undefined;
  const samples: readonly unknown[] =
    resultType === 'scalar'
      ? [result]
      : resultType === 'vector'
        ? result.map((one: { value?: unknown }) => one?.value)
        : [];
  if (resultType !== 'scalar' && resultType !== 'vector') return undefined;
  return samples.map((sample) =>
    Array.isArray(sample) && typeof sample[1] === 'string' ? numberOf(sample[1]) : Number.NaN,
  );
}

/** Prometheus writes `+Inf` and `-Inf`. */
function numberOf(text: string): number {
  if (/^[+-]?Inf$/.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return text.trim() === '' ? Number.NaN : Number(text);
}

function parsed(body: string): { readonly status?: unknown; readonly data?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

const isRedirect = (status: number): boolean => status >= 300 && status < 400;
