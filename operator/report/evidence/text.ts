import type { EvidenceEntry } from './chain.ts';
import type { Verification } from './verify.ts';

/** The log as a person reads it: number, time, what. */
export function evidenceText({ chain, problems, strays, result }: Verification): string {
  const rows = chain.map(({ seq, at, kind, data }) => [
    String(seq),
    at.slice(0, 19).replace('T', ' '),
    kind,
    summary(kind, data),
  ]);
  const widths = [0, 1, 2].map((column) => Math.max(0, ...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell))
      .join('  ')
      .trimEnd(),
  );
  const verdict = {
    complete: `The chain is complete: ${chain.length} entries, each with the hash of the one before.`,
    tailLost: 'The end of the chain is missing; what is here is proven.',
    broken: 'The chain is broken.',
  }[result];
  const more =
    strays.length === 0
      ? []
      : [
          `${strays.length} entries belong to a process that ended before their hash was kept; what they tell was done again.`,
        ];
  if (chain.length === 0 && result === 'complete')
    return 'There is no entry, and the rollout’s status knows of none.\n';
  return `${[...lines, ...(lines.length === 0 ? [] : ['']), verdict, ...problems.map((text) => `- ${text}`), ...more].join('\n')}\n`;
}

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : JSON.stringify(value);

function summary(kind: string, data: EvidenceEntry['data']): string {
  const of = (key: string) => (data[key] === undefined ? '' : text(data[key]));
  switch (kind) {
    case 'made': {
      const commit = of('commit') === '' ? '' : ` of ${of('commit')}`;
      return `revision ${of('revision')}${commit}, try ${of('attempt')}, ${of('assets')} assets, ${of('waves')} waves`;
    }
    case 'analysed':
      return `${of('result')}: ${of('class')}; lost ${witnesses(data.lost)}; gained ${witnesses(data.gained)}`;
    case 'verb':
      return `${of('verb')} by ${of('by')}${of('remark') === '' ? '' : `: ${of('remark')}`}`;
    case 'decision':
      return `${of('decision')} (${of('phase')}, ${of('reason')}): ${of('why')}${data.assets === undefined ? '' : ` [${(data.assets as string[]).join(', ')}]`}`;
    case 'asset':
      return `${of('device')}: ${of('from')} to ${of('to')}: ${of('why')}`;
    case 'call':
      return `${of('operation')} ${Object.entries(data)
        .filter(([key]) => key !== 'operation')
        .map(([key, value]) => `${key}=${text(value)}`)
        .join(' ')}`;
    default:
      return Object.entries(data)
        .map(([key, value]) => `${key}=${text(value)}`)
        .join(' ');
  }
}

function witnesses(found: unknown): string {
  if (!Array.isArray(found) || found.length === 0) return 'nothing';
  return found
    .map(({ action, resource }: { action: string; resource: string }) => `${action} on ${resource}`)
    .join(', ');
}
