import type { KubeObject } from '../../api/meta.ts';
import type { FieldError } from './admission.ts';

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const ANNOTATION_BYTES = 256 * 1024;

/**
 * The checks an API server makes on metadata of every kind, so that what the local store accepts can be moved to a
 * cluster later. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 */
export function checkMetadata(object: KubeObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (field: string, message: string) => errors.push({ field, message });
  const { name, namespace, labels = {}, annotations = {} } = object.metadata;
  if (typeof name !== 'string' || name.length > 253 || !DNS_SUBDOMAIN.test(name)) {
    refuse('metadata.name', 'must be at most 253 lower case letters, digits, "-" or ".", as in a DNS name');
  }
  if (typeof namespace !== 'string' || namespace.length > 63 || !DNS_LABEL.test(namespace)) {
    refuse('metadata.namespace', 'must be at most 63 lower case letters, digits or "-"');
  }
  for (const [label, value] of Object.entries(labels)) {
    const field = `metadata.labels[${label}]`;
    if (!isQualifiedName(label)) refuse(field, 'is not a label name (prefix/name, the name at most 63 characters)');
    if (typeof value !== 'string' || value.length > 63 || (value !== '' && !QUALIFIED_NAME.test(value))) {
      refuse(
        field,
        'must be a string of at most 63 letters, digits, "-", "_" or ".", not starting or ending with those',
      );
    }
  }
  let bytes = 0;
  for (const [annotation, value] of Object.entries(annotations)) {
    const field = `metadata.annotations[${annotation}]`;
    if (!isQualifiedName(annotation.toLowerCase())) refuse(field, 'is not an annotation name (prefix/name)');
    if (typeof value !== 'string') refuse(field, 'must be a string');
    else bytes += Buffer.byteLength(annotation) + Buffer.byteLength(value);
  }
  if (bytes > ANNOTATION_BYTES) refuse('metadata.annotations', `must be at most ${ANNOTATION_BYTES} bytes in all`);
  return errors;
}

/** A finalizer must be a qualified name as well; a bad one would block deletion in a cluster for ever. */
export function isQualifiedName(name: string): boolean {
  const slash = name.lastIndexOf('/');
  const prefix = slash < 0 ? undefined : name.slice(0, slash);
  const local = name.slice(slash + 1);
  if (prefix !== undefined && (prefix.length > 253 || !DNS_SUBDOMAIN.test(prefix))) return false;
  return local.length <= 63 && QUALIFIED_NAME.test(local);
}
