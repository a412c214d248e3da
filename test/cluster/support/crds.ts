/** CRDs, installed as a person does it: apply, then wait until every client is told of them. */
import { join } from 'node:path';
import { must, type Output, until } from './cluster.ts';

const CRDS = join(import.meta.dirname, '../../../crds');

/**
 * An established CRD is served, but the list of what the server has follows a moment later. `kubectl` keeps that list for
 * hours: one that reads it too early would not know the category `fleet`, or not all of its kinds.
 */
export async function installCrds(
  kubectl: (...args: readonly string[]) => Promise<Output>,
  { path = CRDS, how = [] }: { readonly path?: string; readonly how?: readonly string[] } = {},
): Promise<void> {
  await must(kubectl('apply', ...how, '-f', path));
  await must(kubectl('wait', '--for=condition=Established', '--timeout=120s', '-f', path));
  const { items } = JSON.parse(await must(kubectl('get', '-f', path, '-o', 'json'))) as {
    items: { metadata: { name: string } }[];
  };
  await until(async () => {
    const told = await must(kubectl('api-resources', '--cached=false', '--output=name'));
    const known = new Set(told.trim().split('\n'));
    return items.every(({ metadata }) => known.has(metadata.name)) || undefined;
  }, `a list of all ${items.length} kinds`);
}
