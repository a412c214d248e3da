/** `2026-01-01 00:10:05 UTC`. */
export function when(time: string): string {
  return `${time.slice(0, 19).replace('T', ' ')} UTC`;
}

/** `3 min ago`. */
export function ago(time: string, now: number): string {
  return `${span(now - Date.parse(time))} ago`;
}

/** `in 3 min`, or `now` when it has come. */
export function inTime(time: string, now: number): string {
  const left = Date.parse(time) - now;
  return left <= 0 ? 'now' : `in ${span(left)}`;
}

function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

/** Columns as wide as their widest cell; the last one as it is. Empty without rows. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, text] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, text.length);
  return rows
    .map(
      (row) =>
        `${row
          .map((text, i) => (i === row.length - 1 ? text : text.padEnd(widths[i] ?? 0)))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
