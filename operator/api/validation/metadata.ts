import type { FieldError } from './field-error.ts';
import { nearest } from './nearest.ts';
import { type Path, pathText } from './path.ts';
import { isObject, show } from './values.ts';

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const MAX_ANNOTATION_BYTES = 256 * 1024;

const KNOWN = new Set([
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
]);

export interface CheckedMetadata {
  readonly metadata: unknown;
  readonly errors: readonly FieldError[];
  readonly unknown: readonly Path[];
}

/** The rules of Kubernetes for ObjectMeta, which no CRD repeats. */
export function checkMetadata(metadata: unknown): CheckedMetadata {
  if (!isObject(metadata)) {
    return { metadata: {}, errors: [problem(['metadata'], 'is required, with at least a name')], unknown: [] };
  }
  const errors = [
    ...checkName(metadata.name),
    ...checkNamespace(metadata.namespace),
    ...checkLabels(metadata.labels),
    ...checkAnnotations(metadata.annotations),
  ];
  const unknown = Object.keys(metadata).filter((key) => !KNOWN.has(key));
  const kept =
    unknown.length === 0 ? metadata : Object.fromEntries(Object.entries(metadata).filter(([key]) => KNOWN.has(key)));
  return { metadata: kept, errors, unknown: unknown.map((key) => ['metadata', key]) };
}

/** The metadata field that was probably meant. */
export function nearestMetadataField(name: string): string | undefined {
  return nearest(name, KNOWN);
}

function problem(path: Path, message: string): FieldError {
  return { field: pathText(path), path, message, keyword: 'metadata' };
}

function checkName(name: unknown): readonly FieldError[] {
  const path = ['metadata', 'name'];
  if (name === undefined || name === null || name === '') return [problem(path, 'is required')];
  if (typeof name !== 'string') return [problem(path, `must be a string, but is ${show(name)}: put it in quotes`)];
  if (name.length <= 253 && SUBDOMAIN.test(name)) return [];
  return [
    problem(
      path,
      `${show(name)} is not a name for Kubernetes: lower-case letters, digits, "-" and ".", at most 253, beginning and ending with a letter or digit. The name in AWS has a field of its own in spec.`,
    ),
  ];
}

function checkNamespace(namespace: unknown): readonly FieldError[] {
  if (namespace === undefined || namespace === null || namespace === '') return [];
  if (typeof namespace === 'string' && namespace.length <= 63 && LABEL.test(namespace)) return [];
  const message = `${show(namespace)} is not a namespace: lower-case letters, digits and "-", at most 63`;
  return [problem(['metadata', 'namespace'], message)];
}

function checkLabels(labels: unknown): readonly FieldError[] {
  return entries(labels, 'labels').flatMap(([key, value, path]) => {
    if (typeof value !== 'string') return [notText(path, value)];
    if (!isQualified(key)) return [badKey(path, key)];
    if (value === '' || (value.length <= 63 && QUALIFIED.test(value))) return [];
    return [problem(path, `${show(value)} is not a label value: letters, digits, "-", "_" and ".", at most 63`)];
  });
}

function checkAnnotations(annotations: unknown): readonly FieldError[] {
  const all = entries(annotations, 'annotations');
  const errors = all.flatMap(([key, value, path]) => {
    if (typeof value !== 'string') return [notText(path, value)];
    return isQualified(key.toLowerCase()) ? [] : [badKey(path, key)];
  });
  const size = all.reduce((sum, [key, value]) => sum + key.length + (typeof value === 'string' ? value.length : 0), 0);
  if (size <= MAX_ANNOTATION_BYTES) return errors;
  return [...errors, problem(['metadata', 'annotations'], 'has more than 256 KiB, which Kubernetes refuses')];
}

function entries(map: unknown, name: string): readonly (readonly [string, unknown, Path])[] {
  if (!isObject(map)) return [];
  return Object.entries(map).map(([key, value]) => [key, value, ['metadata', name, key]] as const);
}

const notText = (path: Path, value: unknown) =>
  problem(path, `must be a string, but is ${show(value)}: put it in quotes`);
const badKey = (path: Path, key: string) =>
  problem(path, `${show(key)} is not a key: [prefix/]name with letters, digits, "-", "_" and ".", at most 63`);

function isQualified(key: string): boolean {
  const slash = key.indexOf('/');
  const name = slash < 0 ? key : key.slice(slash + 1);
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  if (name.length === 0 || name.length > 63 || !QUALIFIED.test(name)) return false;
  return prefix === undefined || (prefix.length <= 253 && SUBDOMAIN.test(prefix));
}
