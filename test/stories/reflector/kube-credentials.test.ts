import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../../operator/runtime/kube/client.ts';
import { KubeStore } from '../../../operator/runtime/store/kube/kube-store.ts';
import { StoreError } from '../../../operator/runtime/store.ts';
import { document, temporaryFolder } from '../../support/store.ts';
import type { Handler } from '../../support/tls-server.ts';
import { sendJson, TlsServer } from '../../support/tls-server.ts';

const OBJECT = document('Device', 'press-1', { spec: {}, metadata: { uid: 'u', resourceVersion: '1' } });
const ok: Handler = (_, response) => sendJson(response, 200, OBJECT);
const get = (client: KubeClient) => client.json({ method: 'GET', path: '/apis/x', what: 'Reading' });
const patch = (client: KubeClient) =>
  client.json({ method: 'PATCH', path: '/apis/x', what: 'Writing', body: { a: 1 } });

async function refusal(promise: Promise<unknown>): Promise<StoreError> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(StoreError);
  return thrown as StoreError;
}

describe('a token that is refused', () => {
  const only =
    (token: string): Handler =>
    (request, response) =>
      request.headers.authorization === `Bearer ${token}` ? ok(request, response) : sendJson(response, 401, {});

  it('is read again from its file, once, also for a write', async () => {
    using folder = temporaryFolder();
    const tokenFile = join(folder.path, 'token');
    writeFileSync(tokenFile, 'old');
    await using server = await TlsServer.start(only('old'));
    const client = server.client({ tokenFile });
    await get(client);
    writeFileSync(tokenFile, 'new');
    server.handler = only('new');
    expect(await patch(client)).toMatchObject({ kind: 'Device' });
    await get(client);
    expect(server.requests.map((request) => request.headers.authorization)).toEqual(
      ['old', 'old', 'new', 'new'].map((token) => `Bearer ${token}`),
    );
  });

  it('and has not changed is an error at once, which does not show it', async () => {
    using folder = temporaryFolder();
    const tokenFile = join(folder.path, 'token');
    writeFileSync(tokenFile, 'old-secret');
    await using server = await TlsServer.start(only('other'));
    const error = await refusal(get(server.client({ tokenFile })));
    expect(error.code).toBe('unauthorized');
    expect(server.requests).toHaveLength(1);
    expect(JSON.stringify([error.message, error])).not.toContain('old-secret');
  });

  it('given by value is not tried twice', async () => {
    await using server = await TlsServer.start(only('other'));
    expect((await refusal(get(server.client()))).code).toBe('unauthorized');
    expect(server.requests).toHaveLength(1);
  });
});

describe('what is sent', () => {
  it('by apply is server-side apply under its owner, without status, finalizers and bookkeeping', async () => {
    await using server = await TlsServer.start(ok);
    const store = new KubeStore({ client: server.client(), random: () => 0 });
    const doc = document('IoTPolicy', 'p', {
      spec: { a: 1 },
      metadata: { uid: 'u', finalizers: ['a/b'], generation: 4 },
    });
    await store.apply({ ...doc, status: { x: 1 } }, { owner: 'fleetward-source' });
    const [sent] = server.requests;
    expect(sent?.method).toBe('PATCH');
    expect(sent?.path).toBe('/apis/fleetward.dev/v1alpha1/namespaces/factory/iotpolicies/p');
    expect(Object.fromEntries(sent?.query ?? [])).toEqual({ fieldManager: 'fleetward-source', force: 'true' });
    expect(sent?.headers['content-type']).toBe('application/apply-patch+yaml');
    expect(JSON.parse(sent?.body ?? '')).toEqual({
      apiVersion: 'fleetward.dev/v1alpha1',
      kind: 'IoTPolicy',
      metadata: { name: 'p', namespace: 'factory', uid: 'u' },
      spec: { a: 1 },
    });
  });

  it('is stripped of managed fields and of what kubectl remembers on the way in', async () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', note: 'kept' };
    const wire = { ...OBJECT, metadata: { ...OBJECT.metadata, annotations, managedFields: [{ manager: 'x' }] } };
    await using server = await TlsServer.start((_, response) => sendJson(response, 200, wire));
    const store = new KubeStore({ client: server.client(), random: () => 0 });
    const read = await store.get({ kind: 'Device', namespace: 'factory', name: 'press-1' });
    expect(read?.metadata).not.toHaveProperty('managedFields');
    expect(read?.metadata.annotations).toEqual({ note: 'kept' });
  });

  it('asks for kinds that are not installed in words that help, and does not take that for a missing object', async () => {
    await using server = await TlsServer.start((_, response) => void response.writeHead(404).end('404 page not found'));
    const store = new KubeStore({ client: server.client(), random: () => 0 });
    const error = await refusal(store.get({ kind: 'Device', namespace: 'factory', name: 'press-1' }));
    expect(error.code).toBe('unavailable');
    expect(error.message).toContain('kubectl apply -f crds/');
  });
});
