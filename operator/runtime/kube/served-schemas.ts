import { schemaGap } from '../../api/schema-gap.ts';
import type { KindDefinition, StructuralSchema } from '../../api/schema-types.ts';
import type { Clock } from '../clock.ts';
import type { Store } from '../store.ts';
import { isStoreError, StoreError } from '../store.ts';
import type { KubeClient } from './client.ts';

export interface ServedSchemasOptions {
  readonly client: Pick<KubeClient, 'json'>;
  readonly clock: Clock;
  readonly definitions: readonly KindDefinition[];
}

/** Readable for everybody who is authenticated. https://kubernetes.io/docs/reference/using-api/#openapi-specification */
const DOCUMENT = '/openapi/v3/apis/fleetward.dev/v1alpha1';
/** All kinds are listed at about the same time; the document has half a megabyte. */
const KEPT_MS = 3_000;
const NAMED = 3;

type Schemas = ReadonlyMap<string, StructuralSchema>;

/**
 * Lists only what the cluster can keep. An older CustomResourceDefinition drops the fields that it does not know, the
 * marks that make creations safe among them: then the list fails with what is missing, nothing is synced and nothing
 * written, and the next try after an upgrade of the definitions goes through.
 */
export function listsOfThisRelease(store: Store, options: ServedSchemasOptions): Store {
  const { client, clock, definitions } = options;
  let kept: { readonly until: number; readonly schemas: Promise<Schemas | undefined> } | undefined;

  async function check(kind: string): Promise<void> {
    const definition = definitions.find((each) => each.kind === kind);
    if (definition === undefined) return;
    if (kept === undefined || clock.monotonic() > kept.until) {
      kept = { until: clock.monotonic() + KEPT_MS, schemas: read(client) };
    }
    const served = (await kept.schemas)?.get(kind);
    // Not published, or not for us to see: the list itself will tell.
    if (served === undefined) return;
    const gaps = schemaGap(definition.schema, served);
    if (gaps.length === 0) return;
    const more = gaps.length > NAMED ? ` and ${gaps.length - NAMED} more` : '';
    throw new StoreError(
      'unavailable',
      `The CustomResourceDefinition of ${kind} is older than this operator: it lacks ${gaps.slice(0, NAMED).join(', ')}${more}. Nothing is done with any object until crds/ of this release is applied`,
    );
  }

  return {
    get: (key) => store.get(key),
    watch: (query) => store.watch(query),
    apply: (document, how) => store.apply(document, how),
    applyStatus: (key, status, how) => store.applyStatus(key, status, how),
    setFinalizer: (key, finalizer, present) => store.setFinalizer(key, finalizer, present),
    delete: (key, how) => store.delete(key, how),
    async list(query) {
      if (query.continue === undefined) await check(query.kind);
      return store.list(query);
    },
  };
}

async function read(client: Pick<KubeClient, 'json'>): Promise<Schemas | undefined> {
  try {
    const what = 'Reading the schemas of the cluster';
    return schemasOf(await client.json({ method: 'GET', path: DOCUMENT, what }));
  } catch (error) {
    // Not for us to see, or not there. Anything else says nothing about the definitions, so it must not pass for consent.
    if (isStoreError(error, 'forbidden') || isStoreError(error, 'notFound')) return undefined;
    throw error;
  }
}

function schemasOf(document: unknown): Schemas {
  const { components } = document as { components?: { schemas?: Record<string, PublishedSchema> } };
  const found = new Map<string, StructuralSchema>();
  for (const schema of Object.values(components?.schemas ?? {})) {
    for (const { kind } of schema['x-kubernetes-group-version-kind'] ?? []) {
      if (kind !== undefined && !kind.endsWith('List')) found.set(kind, schema);
    }
  }
  return found;
}

interface PublishedSchema extends StructuralSchema {
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly kind?: string }[];
}
