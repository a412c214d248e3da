import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { parse } from 'yaml';
import { systemClock } from '../../operator/runtime/clock.ts';
import { KubeClient } from '../../operator/runtime/kube/client.ts';
import { loadKubeConfig } from '../../operator/runtime/kube/config.ts';
import { KubeSecrets } from '../../operator/runtime/kube/secrets.ts';
import { KubeStore } from '../../operator/runtime/store/kube/kube-store.ts';
import { runStoreConformance } from '../stories/store/conformance.ts';
import { runSecretConformance } from '../stories/store/secrets.ts';

const kubeconfig = process.env.FLEETWARD_TEST_KUBECONFIG;
const CRDS = new URL('../../crds/', import.meta.url);

/** Our CRDs as this checkout has them, and served. */
async function installCrds(client: KubeClient): Promise<void> {
  for (const file of readdirSync(CRDS).filter((name) => name.endsWith('.yaml'))) {
    const body = parse(readFileSync(new URL(file, CRDS), 'utf8')) as { metadata: { name: string } };
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${body.metadata.name}`;
    const what = `Installing ${file}`;
    const query = { fieldManager: 'conformance', force: 'true' };
    await client.json({ method: 'PATCH', path, query, body, what, contentType: 'application/apply-patch+yaml' });
    while (!JSON.stringify(await client.json({ method: 'GET', path, what })).includes('"type":"Established"')) {
      await setTimeout(100);
    }
  }
}

async function open() {
  const client = new KubeClient({
    config: loadKubeConfig({ file: kubeconfig ?? '' }),
    clock: systemClock,
    random: Math.random,
  });
  await installCrds(client);
  const namespace = `conformance-${createHash('sha256').update(randomUUID()).digest('hex').slice(0, 8)}`;
  const path = '/api/v1/namespaces';
  await client.json({ method: 'POST', path, body: { metadata: { name: namespace } }, what: 'Making a namespace' });
  return {
    client,
    store: new KubeStore({ client, random: Math.random }),
    namespace,
    async [Symbol.asyncDispose]() {
      await client.json({ method: 'DELETE', path: `${path}/${namespace}`, what: 'Removing the namespace' });
      await client.close();
    },
  };
}

if (kubeconfig === undefined) {
  describe('the store contract on an API server', () => {
    it.skip('needs a cluster: npm run test:cluster', () => {});
  });
} else {
  runStoreConformance({ name: 'an API server', open });
  describe('beside the store', () => {
    let opened: Awaited<ReturnType<typeof open>> | undefined;
    const current = () => {
      if (!opened) throw new Error('the API server is not open');
      return opened;
    };
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened?.[Symbol.asyncDispose]());
    runSecretConformance('an API server', () => ({
      secrets: new KubeSecrets(current().client),
      namespace: current().namespace,
      writeForeign: async ({ namespace, name }) => {
        const body = { metadata: { name }, stringData: { 'tls.key': 'somebody made this' } };
        const what = 'Making a foreign Secret';
        await current().client.json({ method: 'POST', path: `/api/v1/namespaces/${namespace}/secrets`, body, what });
      },
    }));
  });
}
