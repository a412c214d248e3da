import type { Logger } from '../../runtime/log.ts';
import { durationFrom, type Parsed } from '../args/parse.ts';
import type { ConfigFile } from '../config/file.ts';
import { UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';

/** What both modes of `run` start from. */
export interface RunInput {
  readonly args: Parsed;
  readonly config: ConfigFile;
  readonly io: CliIo;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** `:8080`, `127.0.0.1:8080` or `[::1]:8080`. */
export function listenAddress(text: string | undefined): { host: string; port: number } | undefined {
  if (text === undefined || text === '') return undefined;
  const match = /^(\[[0-9a-f:]+\]|[^\s:]*):(\d{1,5})$/i.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) throw new UsageError(`--listen takes HOST:PORT or :PORT, not "${text}"`);
  return { host: (match[1] ?? '').replace(/^\[|\]$/g, '') || '::', port };
}

/** A duration flag within its least value. */
export function durationFlag(args: Parsed, flag: string, fallback: string, leastMs: number): number {
  const text = args.text(flag) ?? fallback;
  const ms = durationFrom(`--${flag}`, text);
  if (ms < leastMs) throw new UsageError(`--${flag} must be at least ${leastMs / 1000}s, not ${text}`);
  return ms;
}
