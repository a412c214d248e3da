import type { StoreErrorCode } from '../store.ts';
import { StoreError } from '../store.ts';

/** metav1.Status, as far as we read it. */
export interface ApiStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs: number | undefined;
  readonly causes: readonly { readonly field: string; readonly message: string }[];
  /** Set when the answer speaks of an object; without it a 404 means that the kind itself is not known. */
  readonly name: string | undefined;
}

/** What was asked, for the message; `secret` keeps the server's own words out, which may quote what was sent. */
export interface Asked {
  readonly what: string;
  readonly secret?: boolean;
}

const MESSAGE_LIMIT = 800;
/** Somebody has to install the CRDs: looking again more often helps nobody. */
const UNKNOWN_KIND_MS = 15_000;

export function parseStatus(code: number, body: unknown, retryAfter?: string): ApiStatus {
  const status = record(body);
  const details = record(status.details);
  const seconds = Number(retryAfter ?? details.retryAfterSeconds ?? Number.NaN);
  return {
    code: typeof status.code === 'number' ? status.code : code,
    reason: text(status.reason) ?? '',
    message: text(status.message) ?? '',
    retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined,
    causes: list(details.causes).map((cause) => ({
      field: text(record(cause).field) ?? '',
      message: text(record(cause).message) ?? '',
    })),
    name: text(details.name),
  };
}

/** The one table from answers of the API server to our errors. */
export function toStoreError(status: ApiStatus, asked: Asked): StoreError {
  const code = codeOf(status);
  const said = asked.secret ? status.reason : status.message || status.reason;
  const hint = hintFor(code, status);
  const message = `${asked.what}: the API server answered ${status.code} ${said}`.slice(0, MESSAGE_LIMIT) + hint;
  const causes = asked.secret ? [] : [...status.causes, ...typingCauses(status.message)];
  const retryAfterMs = isUnknownKind(status) ? UNKNOWN_KIND_MS : status.retryAfterMs;
  return new StoreError(code, message, { causes, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

const isUnknownKind = (status: ApiStatus): boolean => status.code === 404 && status.name === undefined;

const TYPING_FAILED = 'failed to create typed patch object';

/** The fields out of `failed to create typed patch object (…): .spec.a: expected string, got …`, one a line. */
function typingCauses(message: string): ApiStatus['causes'] {
  if (!message.startsWith(TYPING_FAILED)) return [];
  const lines = message.slice(message.indexOf('): ') + 3).split('\n');
  return lines.flatMap((line) => {
    const found = /^\s*\.(\S+?): (.+)$/.exec(line);
    if (!found) return [];
    return [{ field: found[1]!, message: found[2]!.replace(/&value\.valueUnstructured\{Value:(.*)\}/, '$1') }];
  });
}

/** Nothing came back, or not what was asked for: refused connection, closed socket, timeout, no JSON. */
export function toTransportError(thrown: unknown, asked: Asked): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const reason = thrown instanceof Error ? rootMessage(thrown) : String(thrown);
  return new StoreError('unavailable', `${asked.what}: no answer from the API server: ${reason}`, { cause: thrown });
}

function codeOf(status: ApiStatus): StoreErrorCode {
  // etcd's quota is used up: reads go on, and only a person can make room.
  if (/database space exceeded/.test(status.message)) return 'full';
  // A field of a wrong type or unknown to the schema: with server-side apply that comes as an internal error [500].
  if (status.message.startsWith(TYPING_FAILED)) return 'invalid';
  // Said of an apply that names the uid of an earlier object of this name.
  if (status.causes.some((cause) => cause.field === 'metadata.uid')) return 'conflict';
  switch (status.code) {
    case 400:
    case 405:
    case 406:
    case 413:
    case 415:
    case 422:
      return 'invalid';
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      // Nothing is known of such a kind, which says nothing about the object.
      return status.name === undefined ? 'unavailable' : 'notFound';
    case 409:
    case 412:
      return 'conflict';
    case 410:
      return 'gone';
    case 429:
      return 'throttled';
    default:
      return 'unavailable';
  }
}

function hintFor(code: StoreErrorCode, status: ApiStatus): string {
  if (isUnknownKind(status)) return '. Are the CRDs installed (kubectl apply -f crds/)?';
  if (code === 'forbidden') return '. Check the RBAC rules of this user or service account';
  if (code === 'full') return '. The database of the cluster is full; nothing can be written until there is room';
  return '';
}

function rootMessage(error: Error): string {
  return error.cause instanceof Error ? rootMessage(error.cause) : error.message || error.name;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
