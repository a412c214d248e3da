import { API_VERSION, GROUP } from '../../api/meta.ts';
import type { SchemaRegistry } from '../../api/validate.ts';
import { nearest } from '../../api/validation/nearest.ts';
import type { Path } from '../../api/validation/path.ts';
import { isObject, typeName } from '../../api/validation/values.ts';
import type { ObjectProblem } from './check-object.ts';

export type Identity =
  | { readonly kind: 'ours' }
  | { readonly kind: 'foreign'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly unknown[] }
  | { readonly kind: 'kustomization'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'problem'; readonly problem: ObjectProblem };

/** What a document is: an object of ours, of somebody else's, a list of objects, or a mistake. */
export function identify(value: unknown, fileName: string, registry: SchemaRegistry): Identity {
  if (!isObject(value)) return notAnObject(`is ${typeName(value)}, not an object with apiVersion, kind and metadata`);
  const { apiVersion, kind } = value;
  if (isKustomization(fileName, apiVersion)) return { kind: 'kustomization', value };
  if (typeof kind !== 'string' || kind === '') return missing('kind', `for example kind: Device`);
  if (typeof apiVersion !== 'string' || apiVersion === '')
    return missing('apiVersion', `for example apiVersion: ${API_VERSION}`);
  if (apiVersion === 'v1' && kind === 'List') return listOf(value);
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  if (group !== GROUP) return foreign(apiVersion, kind, group, registry);
  if (apiVersion !== API_VERSION) {
    return problem(['apiVersion'], `${apiVersion} is not a version that is served: use ${API_VERSION}`, API_VERSION);
  }
  if (registry.definition(kind)) return { kind: 'ours' };
  if (kind.endsWith('List') && registry.definition(kind.slice(0, -4))) return listOf(value);
  return unknownKind(kind, registry);
}

function isKustomization(fileName: string, apiVersion: unknown): boolean {
  const name = fileName.slice(fileName.lastIndexOf('/') + 1);
  if (/^kustomization(\.ya?ml)?$/i.test(name)) return true;
  return typeof apiVersion === 'string' && apiVersion.startsWith('kustomize.config.k8s.io/');
}

function listOf(value: Readonly<Record<string, unknown>>): Identity {
  const { items } = value;
  if (items === undefined || items === null) return { kind: 'list', items: [] };
  return Array.isArray(items)
    ? { kind: 'list', items }
    : problem(['items'], `must be a list, but is ${typeName(items)}`);
}

/** A kind of ours under a group that is nearly ours is a slip of the pen; anything else belongs to others. */
function foreign(apiVersion: string, kind: string, group: string, registry: SchemaRegistry): Identity {
  const looksOurs = registry.definition(kind) !== undefined && nearest(group, [GROUP]) !== undefined;
  if (looksOurs)
    return problem(['apiVersion'], `${apiVersion} is not our group: did you mean ${API_VERSION}?`, API_VERSION);
  return { kind: 'foreign', name: `${apiVersion}/${kind}` };
}

function unknownKind(kind: string, registry: SchemaRegistry): Identity {
  const kinds = registry.kinds.map((definition) => definition.kind);
  const close = nearest(kind, kinds);
  const hint = close === undefined ? `there are ${kinds.join(', ')}` : `did you mean ${close}?`;
  const message = `${kind} is not a kind of ${API_VERSION}; ${hint}`;
  return {
    kind: 'problem',
    problem: {
      severity: 'error',
      code: 'UnknownKind',
      path: ['kind'],
      at: 'value',
      message,
      ...(close === undefined ? {} : { nearest: close }),
    },
  };
}

function missing(field: string, example: string): Identity {
  return notAnObject(
    `${field} is missing, so this is no Kubernetes object: add it (${example}), or move the file out of the tree`,
  );
}

function notAnObject(message: string): Identity {
  return { kind: 'problem', problem: { severity: 'error', code: 'NotAnObject', path: [], at: 'value', message } };
}

function problem(path: Path, message: string, close?: string): Identity {
  const base = { severity: 'error', code: 'BadValue', path, at: 'value', message } as const;
  return { kind: 'problem', problem: close === undefined ? base : { ...base, nearest: close } };
}

/** Fields of a kustomization that only name files; with no others the plain files mean the same. */
const HARMLESS = new Set(['apiVersion', 'kind', 'metadata', 'resources']);

/** Kustomize is not run here; say what that means for this file. */
export function explainKustomization(value: Readonly<Record<string, unknown>>): ObjectProblem {
  const changing = Object.keys(value).filter((key) => !HARMLESS.has(key));
  if (changing.length === 0) {
    const message =
      'this kustomization only lists resources; Fleetward does not run kustomize and reads every manifest of the folder, listed or not';
    return { severity: 'warning', code: 'Kustomization', path: [], at: 'value', message };
  }
  const message =
    `Fleetward does not run kustomize, so ${changing.join(', ')} would have no effect: ` +
    'commit the output of `kustomize build` instead, or point the path at a folder of plain manifests';
  return { severity: 'error', code: 'Kustomization', path: changing.slice(0, 1), at: 'key', message };
}
