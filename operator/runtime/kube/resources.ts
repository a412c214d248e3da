import { API_VERSION, GROUP } from '../../api/meta.ts';
import { StoreError } from '../store.ts';

/** Where objects of a kind live on the API server. */
export interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
}

/** Built-in kinds that the operator touches. Secrets are reached by name only. */
const BUILT_IN: Readonly<Record<string, Resource>> = {
  Secret: { apiVersion: 'v1', plural: 'secrets' },
  Event: { apiVersion: 'events.k8s.io/v1', plural: 'events' },
  Lease: { apiVersion: 'coordination.k8s.io/v1', plural: 'leases' },
};

export function resourceOf(kind: string): Resource {
  return BUILT_IN[kind] ?? { apiVersion: API_VERSION, plural: pluralOf(kind) };
}

/** Name of the CustomResourceDefinition of one of our kinds. */
export function crdNameOf(kind: string): string {
  return `${pluralOf(kind)}.${GROUP}`;
}

function pluralOf(kind: string): string {
  const singular = kind.toLowerCase();
  return singular.endsWith('y') ? `${singular.slice(0, -1)}ies` : `${singular}s`;
}

/** `/apis/<group>/<version>/namespaces/<namespace>/<plural>/<name>/<subresource>`; the core group has a path of its own. Throws StoreError. */
export function pathOf(
  kind: string,
  at: { readonly namespace?: string; readonly name?: string; readonly subresource?: string } = {},
): string {
  const { apiVersion, plural } = resourceOf(kind);
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const parts = [
    ...(at.namespace === undefined ? [] : ['namespaces', at.namespace]),
    plural,
    ...(at.name === undefined ? [] : [at.name]),
    ...(at.subresource === undefined ? [] : [at.subresource]),
  ];
  return `${root}/${parts.map((part) => safePart(part, kind)).join('/')}`;
}

/**
 * An empty name would address the whole collection, for a DELETE as well, and dots would climb out of the path however
 * they are encoded: neither is a name, so neither is ever sent.
 */
function safePart(part: string, kind: string): string {
  if (part !== '' && part !== '.' && part !== '..') return encodeURIComponent(part);
  throw new StoreError('invalid', `${JSON.stringify(part)} is not the name or namespace of a ${kind}`);
}
