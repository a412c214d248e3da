import type { KubeObject } from '../../api/meta.ts';
import type { KindDefinition, PrinterColumn } from '../../api/schema-types.ts';
import { age } from './age.ts';
import { jsonPath } from './json-path.ts';

export interface TableOptions {
  readonly wide: boolean;
  /** Adds NAMESPACE, for more than one. */
  readonly namespaces: boolean;
  /** Milliseconds since the epoch, for ages. */
  readonly now: number;
  readonly headers: boolean;
  /** Names as `device/press-1`, when several kinds are shown. */
  readonly prefixed: boolean;
}

/** The columns and cells that `kubectl get` shows for these objects, from the CRD's printer columns. */
export function objectTable(definition: KindDefinition, objects: readonly KubeObject[], options: TableOptions): string {
  const columns = definition.columns.filter(({ priority = 0 }) => options.wide || priority === 0);
  const rows = objects.map((object) => {
    const { name, namespace = '' } = object.metadata;
    const shown = options.prefixed ? `${definition.singular}.fleetward.dev/${name}` : name;
    return [
      ...(options.namespaces ? [namespace] : []),
      shown,
      ...columns.map((column) => cell(column, object, options.now)),
    ];
  });
  const header = [
    ...(options.namespaces ? ['NAMESPACE'] : []),
    'NAME',
    ...columns.map(({ name }) => name.toUpperCase()),
  ];
  return alignedText(options.headers ? [header, ...rows] : rows);
}

/** Columns three spaces apart, as wide as their widest cell; none after the last. */
export function alignedText(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) for (const [i, text] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, text.length);
  return rows
    .map(
      (row) =>
        `${row
          .map((text, i) => text.padEnd(widths[i] ?? 0))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('');
}

function cell(column: PrinterColumn, object: KubeObject, now: number): string {
  const found = jsonPath(column.jsonPath, object).filter((value) => value !== undefined && value !== null);
  const [first] = found;
  if (first === undefined) return '';
  if (column.type === 'date') return age(String(first), now);
  return found.map((value) => (typeof value === 'object' ? JSON.stringify(value) : oneLine(String(value)))).join(',');
}

/** A message with a line break must not look like two objects. */
function oneLine(text: string): string {
  return text.replaceAll('\n', '\\n');
}
