/** The CRDs, installed as a person does it: apply, then wait until every client is told of them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { must, type Output, until } from './cluster.ts';

const CRDS = join(import.meta.dirname, '../../../crds');

/**
 * An established CRD is served, but the list of what the server has follows a moment later. `kubectl` keeps that list for
 * hours: one that reads it too early would not know the category `fleet`, or not all of its kinds.
 */
export async function installCrds(kubectl: (...args: readonly string[]) => Promise<Output>): Promise<void> {
  await must(kubectl('apply', '-f', CRDS));
  await must(kubectl('wait', '--for=condition=Established', '--timeout=60s', '-f', CRDS));
  const count = readdirSync(CRDS).length;
  await until(async () => {
    const names = await must(kubectl('api-resources', '--api-group=fleetward.dev', '--cached=false', '--output=name'));
    return names.trim().split('\n').length === count || undefined;
  }, `a list of the ${count} kinds`);
}
