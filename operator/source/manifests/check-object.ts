import type { KubeObject } from '../../api/meta.ts';
import { isOurKey, REQUESTED_AT } from '../../api/names.ts';
import type { StructuralSchema } from '../../api/schema-types.ts';
import type { FieldError, SchemaRegistry } from '../../api/validate.ts';
import { nearestMetadataField } from '../../api/validation/metadata.ts';
import { nearest } from '../../api/validation/nearest.ts';
import { type Path, pathText } from '../../api/validation/path.ts';
import { isObject } from '../../api/validation/values.ts';
import type { ManifestProblem } from './types.ts';

/** A problem of one object, before its position is known. */
export interface ObjectProblem extends Pick<ManifestProblem, 'severity' | 'code' | 'message' | 'nearest'> {
  readonly path: Path;
  /** Whether to point at the name of the field or at its value. */
  readonly at: 'key' | 'value';
  /** The remedy is to quote what stands there; shown with the text as it was written. */
  readonly needsQuotes?: true;
}

/** AWS counts the characters of a policy without white space. https://docs.aws.amazon.com/general/latest/gr/iot-core.html */
const MAX_DOCUMENT_CHARACTERS = 2048;

/** Fields that a server fills in; in Git they are left-overs of `kubectl get -o yaml`. */
const SERVER_FIELDS = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'managedFields',
  'selfLink',
];

/** Everything that is wrong with an object of ours, apart from its relations to others. */
export function checkObject(object: KubeObject, registry: SchemaRegistry): readonly ObjectProblem[] {
  const admitted = registry.admit(object);
  const schema = registry.definition(object.kind)?.schema;
  return [
    ...admitted.unknown.map((path) => unknownField(path, schema)),
    ...admitted.errors.map((error) => fieldProblem(error)),
    ...checkMetadata(object),
    ...(object.kind === 'IoTPolicy' && admitted.errors.length === 0 ? checkDocumentLength(object) : []),
  ];
}

function fieldProblem(error: FieldError): ObjectProblem {
  const isMissing = error.keyword === 'required';
  return {
    severity: 'error',
    code: 'BadValue',
    path: error.path,
    at: isMissing ? 'key' : 'value',
    message: error.message,
    ...(error.nearest === undefined ? {} : { nearest: error.nearest }),
    ...(error.needsQuotes ? { needsQuotes: true } : {}),
  };
}

function unknownField(path: Path, schema: StructuralSchema | undefined): ObjectProblem {
  const name = String(path.at(-1));
  const isMetadata = path[0] === 'metadata';
  const known = isMetadata ? [] : Object.keys(parentSchema(path, schema)?.properties ?? {});
  const close = isMetadata ? nearestMetadataField(name) : nearest(name, known);
  const parent = pathText(path.slice(0, -1)) || 'the object';
  const hint = close === undefined ? listed(known) : `did you mean ${close}?`;
  const message = `${parent} has no field ${name}; ${hint}`;
  return {
    severity: 'error',
    code: 'UnknownField',
    path,
    at: 'key',
    message,
    ...(close === undefined ? {} : { nearest: close }),
  };
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'remove it' : `it has ${names.slice(0, 20).join(', ')}`;
}

function parentSchema(path: Path, schema: StructuralSchema | undefined): StructuralSchema | undefined {
  let at = schema;
  for (const step of path.slice(0, -1)) {
    if (typeof step === 'number') at = at?.items;
    else at = at?.properties && Object.hasOwn(at.properties, step) ? at.properties[step] : at?.additionalProperties;
  }
  return at;
}

function checkMetadata(object: KubeObject): readonly ObjectProblem[] {
  const problems: ObjectProblem[] = [];
  const metadata: unknown = object.metadata;
  if (!isObject(metadata)) return problems;
  for (const key of Object.keys(isObject(metadata.annotations) ? metadata.annotations : {})) {
    if (isOurKey(key)) problems.push(verbInGit(key));
  }
  for (const key of Object.keys(isObject(metadata.labels) ? metadata.labels : {})) {
    if (isOurKey(key)) problems.push(reservedLabel(key));
  }
  for (const field of SERVER_FIELDS) {
    if (metadata[field] === undefined || metadata[field] === null) continue;
    const message = `${field} is filled in by the server and is ignored here: remove it`;
    problems.push({ severity: 'warning', code: 'ServerField', path: ['metadata', field], at: 'key', message });
  }
  if (object.status !== undefined) {
    const message = 'status is written by the operator and is ignored here: remove it';
    problems.push({ severity: 'warning', code: 'ServerField', path: ['status'], at: 'key', message });
  }
  return problems;
}

function verbInGit(key: string): ObjectProblem {
  const how = key === REQUESTED_AT ? 'kubectl annotate' : '`kubectl annotate` or the `fleetward` command';
  const message = `${key} asks the running operator to act once, and is not part of a desired state: take it out of Git and use ${how}`;
  return { severity: 'error', code: 'VerbInGit', path: ['metadata', 'annotations', key], at: 'key', message };
}

function reservedLabel(key: string): ObjectProblem {
  const message = `labels of fleetward.dev are set by the operator: remove ${key}`;
  return { severity: 'error', code: 'ServerField', path: ['metadata', 'labels', key], at: 'key', message };
}

function checkDocumentLength(object: KubeObject): readonly ObjectProblem[] {
  const document = (object.spec as { document?: unknown } | undefined)?.document;
  const characters = documentCharacters(document);
  if (characters <= MAX_DOCUMENT_CHARACTERS) return [];
  const message =
    `has ${characters} characters without white space, and AWS takes at most ${MAX_DOCUMENT_CHARACTERS}: shorten ARNs with ` +
    'wildcards or variables, join statements over the same resources, or split the policy (10 on a certificate, 2 on a group)';
  return [{ severity: 'error', code: 'DocumentTooLong', path: ['spec', 'document'], at: 'key', message }];
}

/** Characters of a policy document as AWS counts them. */
function documentCharacters(document: unknown): number {
  return JSON.stringify(document ?? {}).replace(/\s/g, '').length;
}
