import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Crd, type CrdFile, type JsonSchema, storedVersion } from './crds.ts';

/** The page whose table explains the lifeline; other kinds point to it. */
const LIFELINE_PAGE = 'Device';

/** Fills the tables of fields in docs/kinds/ from the CRDs; the words around them are written by hand. */
export async function generateDocs(crds: readonly CrdFile[], root: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { crd } of crds) {
    const path = `docs/kinds/${crd.spec.names.singular}.md`;
    const page = await readFile(join(root, path), 'utf8');
    files.set(
      path,
      ['spec', 'status'].reduce((text, part) => fill(text, part, tableOf(crd, part), path), page),
    );
  }
  return files;
}

function fill(page: string, part: string, table: string, path: string): string {
  const [begin, end] = [`<!-- fields: ${part} -->`, `<!-- end of fields: ${part} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from)
    throw new Error(`${path} needs the lines "${begin}" and "${end}" around the table of fields`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n${page.slice(to)}`;
}

function tableOf(crd: Crd, part: string): string {
  const schema = storedVersion(crd).schema.openAPIV3Schema.properties?.[part];
  const rows = [...rowsOf(schema ?? {}, '', crd.spec.names.kind)];
  return ['| Field | Type | Meaning |', '| --- | --- | --- |', ...rows, ''].join('\n');
}

function* rowsOf(schema: JsonSchema, prefix: string, kind: string): Generator<string> {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const field = prefix === '' ? name : `${prefix}.${name}`;
    const isElsewhere = name === 'lifeline' && kind !== LIFELINE_PAGE;
    const more = isElsewhere ? ' Its fields are those of the [Device](device.md#fields).' : '';
    const mark = schema.required?.includes(name) ? ' (required)' : '';
    yield `| \`${field}\`${mark} | ${typeOf(child)} | ${cell(child.description ?? '')}${more} |`;
    if (!isElsewhere && name !== 'conditions')
      yield* rowsOf(child.items ?? child, child.items ? `${field}[]` : field, kind);
  }
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(' \\| ');
  if (schema.type === 'array') return `list of ${plural(schema.items ?? {})}`;
  if (schema.additionalProperties) return `map of ${plural(schema.additionalProperties)}`;
  if (schema.format === 'date-time') return 'time';
  return schema.type ?? '';
}

function plural(schema: JsonSchema): string {
  if (schema.type === 'array') return 'lists';
  return schema.additionalProperties ? 'maps' : `${schema.type ?? 'value'}s`;
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ').trim();
