/** A request as it came off the wire: the path still encoded and with its query, header names in lower case. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Who the peer is on a served connection; absent in process. */
  readonly remoteAddress?: string;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** What an injected fault does to the connection instead of answering properly. */
  readonly transport?: 'reset' | 'truncate';
}

/** A body as text, without copying its bytes first. */
export function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
}

export interface SplitPath {
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

/** Segments stay percent-encoded: a slash inside a label must not become a separator. */
export function splitPath(path: string): SplitPath {
  const mark = path.indexOf('?');
  const pathname = mark < 0 ? path : path.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : path.slice(mark + 1));
  const segments = pathname.split('/').slice(1);
  return { segments, query };
}
