import type { KubeObject } from '../../api/meta.ts';

export interface Selection {
  readonly kind: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Whether a list or watch with this selection shows the object. */
export function selects(selection: Selection, object: KubeObject): boolean {
  if (object.kind !== selection.kind) return false;
  if (selection.namespace !== undefined && (object.metadata.namespace ?? '') !== selection.namespace) return false;
  for (const [label, value] of Object.entries(selection.labels ?? {})) {
    if (object.metadata.labels?.[label] !== value) return false;
  }
  return true;
}
