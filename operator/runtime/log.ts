import { AsyncLocalStorage } from 'node:async_hooks';
import { pino } from 'pino';
import type { ObjectKey } from '../api/meta.ts';
import { type LogRecord, prettyLine } from './log/pretty.ts';
import { redactText, redactValue } from './log/redact.ts';

export { REDACTED, redactText, redactValue } from './log/redact.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Lower camel case keys; kinds in upper camel. `err` takes an Error. Values that look like secrets are replaced. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured logging for SREs (users read conditions and events). Messages start with a capital, have no period, and are
 * written before the act with an -ing verb ("Creating thing"), so that the last line before a crash tells what was tried.
 */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
  /** True when `debug` lines are written: lets hot paths skip building their fields. */
  readonly debugEnabled: boolean;
}

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel;
  /** `json` for machines (default), `pretty` for a terminal. */
  readonly format?: 'json' | 'pretty';
  /** Only with `pretty`. Default false. */
  readonly colour?: boolean;
  /** Receives one finished line at a time, line break included. The caller decides where it goes; ours is stderr. */
  readonly write: (line: string) => void;
  /** Milliseconds since the epoch, for the `ts` field. */
  readonly now: () => number;
}

/**
 * A logger whose lines carry `level`, `ts` (RFC 3339, UTC), `msg`, and for errors `err {name, message, stack}`: the keys
 * that controller-runtime and klog's JSON format use, so that existing parsers work.
 */
export function createLogger(options: LoggerOptions): Logger {
  const pretty = options.format === 'pretty';
  const write = pretty
    ? (line: string) => options.write(prettyLine(JSON.parse(line) as LogRecord, options.colour ?? false))
    : options.write;
  const root = pino(
    {
      level: options.level ?? 'info',
      base: null,
      messageKey: 'msg',
      timestamp: () => `,"ts":"${new Date(options.now()).toISOString()}"`,
      // Errors come here already cut to what may be shown; pino's own form would fold causes into the message.
      serializers: { err: (shown: unknown) => shown },
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return new LazyLogger(root, () => root);
}

interface Sink {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: object): Sink;
  isLevelEnabled(level: string): boolean;
}

/** Children are made when they first write: most reconciles have nothing to say, and there are a hundred thousand. */
class LazyLogger implements Logger {
  readonly #root: Sink;
  readonly #make: () => Sink;
  #sink: Sink | undefined;

  constructor(root: Sink, make: () => Sink) {
    this.#root = root;
    this.#make = make;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }

  child(fields: LogFields): Logger {
    return new LazyLogger(this.#root, () => this.#get().child(clean(fields)));
  }

  get debugEnabled(): boolean {
    return this.#root.isLevelEnabled('debug');
  }

  #get(): Sink {
    this.#sink ??= this.#make();
    return this.#sink;
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    if (!this.#root.isLevelEnabled(level)) return;
    this.#get()[level](fields === undefined ? {} : clean(fields), redactText(message));
  }
}

// Keys of the record itself must not be overwritten by a field of the same name: a parser would trust the last one.
const RESERVED = new Set(['level', 'ts', 'msg']);

function clean(fields: LogFields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const safe = redactValue(fields) as Record<string, unknown>;
  for (const [key, value] of Object.entries(safe)) out[RESERVED.has(key) ? `${key}_` : key] = value;
  return out;
}

/** The form in which an object appears in log lines: `{kind, namespace, name}`. */
export function objectField(key: ObjectKey): {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
} {
  return { kind: key.kind, namespace: key.namespace, name: key.name };
}

const current = new AsyncLocalStorage<Logger>();

/** Runs `work` so that `contextLogger` inside it, also after awaits, answers with `logger`. */
export function withLogger<T>(logger: Logger, work: () => T): T {
  return current.run(logger, work);
}

/** The logger of the reconcile that is running (carries controller, object, reconcileID), else `fallback`. */
export function contextLogger(fallback: Logger): Logger {
  return current.getStore() ?? fallback;
}

/** Discards everything; for tests and for library use. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
  debugEnabled: false,
};
