import type { KubeObject, ObjectKey } from '../../api/meta.ts';

/** The queue's form of a key, the same as `keyOf` gives for an object: `Device/factory/press-1`. */
export function keyText(key: ObjectKey): string {
  return `${key.kind}/${key.namespace}/${key.name}`;
}

/** Names and namespaces of Kubernetes hold no slash, so the first two slashes are the borders. */
export function parseKey(text: string): ObjectKey {
  const first = text.indexOf('/');
  const second = text.indexOf('/', first + 1);
  return { kind: text.slice(0, first), namespace: text.slice(first + 1, second), name: text.slice(second + 1) };
}

export function objectKey(object: KubeObject): ObjectKey {
  return { kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name };
}
