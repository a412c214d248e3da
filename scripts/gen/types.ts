import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { type Crd, type CrdFile, type JsonSchema, storedVersion } from './crds.ts';

const HEADER = '// Generated from crds/ by `npm run gen`. Change the CRD, not this file.\n';

/** One file of types a kind, and one that lists the kinds. */
export async function generateTypes(crds: readonly CrdFile[]): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { crd } of crds) {
    files.set(`operator/api/${crd.spec.names.singular}.gen.ts`, await typesOf(crd));
  }
  files.set('operator/api/kinds.gen.ts', kindsFile(crds));
  return files;
}

async function typesOf(crd: Crd): Promise<string> {
  const { kind } = crd.spec.names;
  const root = storedVersion(crd).schema.openAPIV3Schema;
  const schema = {
    title: `${kind}Content`,
    type: 'object',
    required: ['spec'],
    additionalProperties: false,
    properties: {
      spec: named(root.properties?.spec ?? {}, `${kind}Spec`, kind),
      status: named(root.properties?.status ?? {}, `${kind}Status`, `${kind}Status`),
    },
  };
  const text = await compile(schema as JSONSchema, `${kind}Content`, {
    bannerComment: '',
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    unknownAny: true,
    enableConstEnums: false,
    style: { printWidth: 120, singleQuote: true },
  });
  const body = readonlyMembers(text.replace(/export interface \w+Content \{[\s\S]*?\n\}\n/, ''));
  const uses = body.includes('Condition[]') ? 'Condition, KubeObject' : 'KubeObject';
  return `${HEADER}import type { ${uses} } from './meta.ts';

/** ${root.description ?? kind} */
export interface ${kind} extends KubeObject<${kind}Spec, ${kind}Status> {
  readonly apiVersion: 'fleetward.dev/v1alpha1';
  readonly kind: '${kind}';
  readonly spec: ${kind}Spec;
  readonly status?: ${kind}Status;
}

${body.trim()}
`;
}

/**
 * Gives every nested object a name, and turns a default into a required field: types describe objects as they are
 * stored, where the default has been filled in.
 */
function named(schema: JsonSchema, title: string, prefix: string): unknown {
  if (schema['x-kubernetes-list-map-keys']?.includes('type') && title.endsWith('Condition')) {
    return { description: schema.description, tsType: 'readonly Condition[]' };
  }
  const { required = [], properties, items, additionalProperties, ...rest } = schema;
  const plain = Object.fromEntries(Object.entries(rest).filter(([key]) => !key.startsWith('x-') && key !== 'default'));
  if (properties) {
    const defaulted = Object.keys(properties).filter((key) => properties[key]?.default !== undefined);
    return {
      ...plain,
      title,
      additionalProperties: false,
      required: [...new Set([...required, ...defaulted])],
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, child]) => [
          key,
          named(child, childTitle(prefix, key, child), childPrefix(prefix, key)),
        ]),
      ),
    };
  }
  if (items) return { ...plain, items: named(items, title, prefix === title ? prefix : title) };
  if (additionalProperties)
    return { ...plain, additionalProperties: named(additionalProperties, `${title}Value`, `${title}Value`) };
  return plain;
}

const childPrefix = (prefix: string, key: string) => `${prefix}${pascal(singular(key))}`;
const childTitle = (prefix: string, key: string, child: JsonSchema) =>
  `${prefix}${pascal(child.type === 'array' ? singular(key) : key)}`;
const pascal = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const singular = (text: string) =>
  text.endsWith('ies')
    ? `${text.slice(0, -3)}y`
    : text.endsWith('s') && !/(ss|us|SNS)$/.test(text)
      ? text.slice(0, -1)
      : text;

function readonlyMembers(text: string): string {
  return text
    .replace(/^( +)((?:\w+|'[^']+'|\[k: string\])\??: )/gm, '$1readonly $2')
    .replace(/: ((?:\w+|\{[^{}\n]*\})\[\]);/g, ': readonly $1;')
    .replace(/: (\([^()\n]*\)\[\]);/g, ': readonly $1;');
}

function kindsFile(crds: readonly CrdFile[]): string {
  const kinds = crds.map(({ crd }) => crd.spec.names.kind);
  const imports = crds.map(
    ({ crd }) => `import type { ${crd.spec.names.kind} } from './${crd.spec.names.singular}.gen.ts';`,
  );
  return `${HEADER}${imports.join('\n')}

/** Every kind of our group, in the order of the files in crds/. */
export const KINDS = [${kinds.map((kind) => `'${kind}'`).join(', ')}] as const;

export type Kind = (typeof KINDS)[number];

/** Any object of our group; \`kind\` tells which. */
export type FleetObject = ${kinds.join(' | ')};
`;
}
