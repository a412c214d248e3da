/** A real control plane on free ports: etcd, kube-apiserver, kube-controller-manager. No kubelet, so no pod runs. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:https';
import { join } from 'node:path';
import { freePort } from '../../support/ports.ts';
import { PATIENCE_MS } from './cluster.ts';
import type { Parts } from './parts.ts';
import { type Child, startChild } from './process.ts';

export interface ControlPlane {
  readonly server: string;
  readonly kubeconfig: string;
  readonly caFile: string;
  readonly auditLog: string;
  readonly etcdEndpoint: string;
  readonly folder: string;
  readonly parts: Parts;
  /** Stops and starts the API server alone; etcd keeps its data. */
  stopApiServer(): Promise<void>;
  startApiServer(): Promise<void>;
  stopEtcd(): Promise<void>;
  startEtcd(): Promise<void>;
  stop(): Promise<void>;
}

const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
`;

/** Aborted while it starts, what has been started is stopped before this rejects. */
export async function startControlPlane(parts: Parts, folder: string, stop?: AbortSignal): Promise<ControlPlane> {
  const [clientPort, peerPort, securePort, kcmPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const certificates = join(folder, 'certificates');
  await mkdir(certificates, { recursive: true });
  const file = (name: string): string => join(folder, name);
  const token = randomBytes(24).toString('hex');
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(file('sa.key'), keys.privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
  await writeFile(file('tokens.csv'), `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
  await writeFile(file('audit-policy.yaml'), AUDIT_POLICY);

  const server = `https://127.0.0.1:${securePort}`;
  const etcdEndpoint = `http://127.0.0.1:${clientPort}`;
  const caFile = join(certificates, 'apiserver.crt');
  await writeFile(file('kubeconfig'), kubeconfig(server, caFile, token), { mode: 0o600 });

  const commands = {
    etcd: [
      parts.etcd,
      `--data-dir=${file('etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${etcdEndpoint}`,
      `--advertise-client-urls=${etcdEndpoint}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      '--quota-backend-bytes=4294967296',
    ],
    apiServer: [
      parts.kubeApiserver,
      `--etcd-servers=${etcdEndpoint}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${securePort}`,
      `--cert-dir=${certificates}`,
      '--authorization-mode=RBAC',
      '--service-cluster-ip-range=10.0.0.0/24',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('sa.key')}`,
      `--service-account-signing-key-file=${file('sa.key')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      `--audit-policy-file=${file('audit-policy.yaml')}`,
      `--audit-log-path=${file('audit.log')}`,
      // Stories count its lines from the first on; by default it begins anew after 100 MiB.
      '--audit-log-maxsize=4096',
      '--profiling=false',
    ],
    controllerManager: [
      parts.kubeControllerManager,
      `--kubeconfig=${file('kubeconfig')}`,
      '--controllers=*,-nodeipam,-nodelifecycle,-cloud-node-lifecycle',
      `--service-account-private-key-file=${file('sa.key')}`,
      '--use-service-account-credentials=true',
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${kcmPort}`,
      `--cert-dir=${certificates}`,
    ],
  };

  const running = new Map<string, Child>();
  const start = (name: string, command: readonly string[]): void => {
    running.set(name, startChild(name, command, { logFile: file(`${name}.log`) }));
  };
  const halt = async (name: string): Promise<void> => {
    await running.get(name)?.stop();
    running.delete(name);
  };
  const startApiServer = async (): Promise<void> => {
    start('kube-apiserver', commands.apiServer);
    const child = () => running.get('kube-apiserver');
    await ready(`${server}/readyz`, { token, child, stop });
    // It is made by a controller of the server, which being ready does not wait for.
    await ready(`${server}/api/v1/namespaces/default`, { token, child, stop });
  };

  const plane: ControlPlane = {
    server,
    kubeconfig: file('kubeconfig'),
    caFile,
    auditLog: file('audit.log'),
    etcdEndpoint,
    folder,
    parts,
    startApiServer,
    stopApiServer: () => halt('kube-apiserver'),
    async startEtcd() {
      start('etcd', commands.etcd);
    },
    stopEtcd: () => halt('etcd'),
    async stop() {
      // The API server first: without etcd it would hang in its shutdown.
      await halt('kube-controller-manager');
      await halt('kube-apiserver');
      await halt('etcd');
    },
  };
  try {
    await plane.startEtcd();
    await startApiServer();
    start('kube-controller-manager', commands.controllerManager);
  } catch (error) {
    await plane.stop();
    throw error;
  }
  return plane;
}

function kubeconfig(server: string, caFile: string, token: string): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'fleetward',
    clusters: [{ name: 'fleetward', cluster: { server, 'certificate-authority': caFile } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'fleetward', context: { cluster: 'fleetward', user: 'admin', namespace: 'default' } }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Asks until it is answered with 200; the certificate is checked by everything else, here it may not exist yet. */
async function ready(
  url: string,
  {
    token,
    child,
    stop,
  }: { readonly token: string; readonly child: () => Child | undefined; readonly stop: AbortSignal | undefined },
): Promise<void> {
  const agent = new Agent({ rejectUnauthorized: false });
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    stop?.throwIfAborted();
    const current = child();
    if (!current || current.exited()) throw new Error(`the API server ended while starting:\n${current?.tail() ?? ''}`);
    if (await answersOk(url, token, agent)) break;
    if (Date.now() > deadline)
      throw new Error(`the API server is not ready after ${PATIENCE_MS / 1000} s:\n${current.tail()}`);
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  agent.destroy();
}

function answersOk(url: string, token: string, agent: Agent): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent, headers: { authorization: `Bearer ${token}` }, timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
