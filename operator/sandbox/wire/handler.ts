import type { WireRequest, WireResponse } from './http.ts';

/** What the SDK hands to a request handler (its HttpRequest, as far as it is used here). */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** Fits the `requestHandler` option of every SDK client. */
export interface RequestHandler {
  handle(request: SdkRequest, options?: { readonly abortSignal?: AbortSignalLike }): Promise<{ response: SdkResponse }>;
  destroy(): void;
  updateHttpClientConfig(key: never, value: never): void;
  httpHandlerConfigs(): Record<string, never>;
}

interface AbortSignalLike {
  readonly aborted: boolean;
}

/** Calls the sandbox without a socket, so that a virtual clock is the only time there is. */
export function inProcessHandler(handle: (request: WireRequest) => Promise<WireResponse>): RequestHandler {
  return {
    async handle(request, options) {
      if (options?.abortSignal?.aborted) throw named('AbortError', 'Request aborted');
      const response = await handle(toWire(request));
      if (response.transport === 'reset') throw named('ECONNRESET', 'socket hang up');
      const body = Buffer.from(response.body);
      const cut = response.transport === 'truncate' ? body.subarray(0, Math.floor(body.length / 2)) : body;
      return { response: { statusCode: response.status, headers: { ...response.headers }, body: new Uint8Array(cut) } };
    },
    destroy() {},
    updateHttpClientConfig() {},
    httpHandlerConfigs: () => ({}),
  };
}

function named(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, name: code === 'AbortError' ? code : 'Error' });
}

function toWire(request: SdkRequest): WireRequest {
  const query = Object.entries(request.query ?? {}).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((v) => `${encodeURIComponent(name)}=${encodeURIComponent(v ?? '')}`),
  );
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value;
  return {
    method: request.method,
    path: query.length > 0 ? `${request.path}?${query.join('&')}` : request.path,
    headers,
    body: toBytes(request.body),
  };
}

function toBytes(body: unknown): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (!(body instanceof Uint8Array)) return new Uint8Array();
  // A view on the same bytes: newer SDKs warn when any of the text methods they put on the body is touched.
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
