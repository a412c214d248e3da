/** One log record as the JSON lines carry it. */
export type LogRecord = Readonly<Record<string, unknown>>;

const COLOURS: Readonly<Record<string, string>> = { debug: '90', info: '36', warn: '33', error: '31' };
const HIDDEN = new Set(['ts', 'level', 'msg', 'err', 'logger', 'reconcileID']);

/**
 * A line for a person: time of day (UTC), level, message, then `key=value`. The stack of an error stands below it.
 * `colour` only for terminals. The reconcile id is left out: on a terminal there is nothing to join it with.
 */
export function prettyLine(record: LogRecord, colour: boolean): string {
  const level = String(record.level ?? 'info');
  const paint = (code: string | undefined, text: string) => (colour && code ? `\u001b[${code}m${text}\u001b[0m` : text);
  const time = String(record.ts ?? '').slice(11, 23);
  const fields = Object.entries(record)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${paint('2', `${key}=`)}${fieldText(value)}`);
  const head = [
    paint('2', time),
    paint(COLOURS[level], level.toUpperCase().padEnd(5)),
    oneLine(String(record.msg ?? '')),
  ];
  const error = errorText(record.err);
  return `${[...head, ...fields].join(' ')}${error}\n`;
}

function fieldText(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const { kind, namespace, name } = value as LogRecord;
    if (typeof name === 'string' && typeof namespace === 'string') {
      return [kind, namespace, name].filter((part) => part !== undefined && part !== '').join('/');
    }
    return JSON.stringify(value);
  }
  const text = String(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}

function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  const { message, stack } = error as LogRecord;
  return `\n    ${String(stack ?? message ?? '').replaceAll('\n', '\n    ')}`;
}

/** A line break inside a message would let foreign text pass for a log line of ours. */
function oneLine(text: string): string {
  return text.replaceAll(/\r?\n/g, ' ⏎ ');
}
