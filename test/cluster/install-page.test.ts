import { chmod, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSandbox, type Sandbox } from '../../operator/sandbox/index.ts';
import { freePort } from '../support/ports.ts';
import { recordCalls } from './support/aws-calls.ts';
import { cluster, execute, missing, must, type Output, until, why } from './support/cluster.ts';
import { startDeployed } from './support/deployed.ts';
import { type Kubelet, playKubelet, runImage } from './support/kubelet.ts';
import type { OperatorProcess } from './support/operator.ts';
import { type OwnPlane, openPlane } from './support/own-plane.ts';

const ROOT = join(import.meta.dirname, '../..');
const SYSTEM = 'fleetward-system';

/** What a person would paste, in the order of the page; each is named by the words that it begins with. */
const BLOCKS = [
  'fleetward iam-policy',
  'helm install',
  'kubectl create namespace fleetward-system',
  'kubectl create namespace factory',
  'kubectl -n factory apply -R',
  'kubectl -n factory create secret',
  'helm upgrade',
  'helm uninstall',
  'fleetward release',
];

/** Checks what it is given and does nothing, where the AWS CLI would be. */
const AWS = `#!/usr/bin/env bash
set -euo pipefail
for word in "$@"; do case "$word" in file://*) node -e 'JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")).Statement[0].Effect' "\${word#file://}";; esac; done
echo "$@" > aws.called
`;

describe.skipIf(missing)(`docs/install.md, pasted into a shell${why}`, () => {
  let own: OwnPlane;
  let sandbox: Sandbox;
  let operator: OperatorProcess;
  let kubelet: Kubelet;
  let port: number;
  let folder: string;
  let page: readonly string[];

  /** A machine with kubectl, helm, fleetward, aws and a checkout, and nothing else of ours. */
  async function machine(plane: OwnPlane): Promise<{ folder: string; env: Record<string, string> }> {
    const place = await mkdtemp(join(plane.plane.folder, 'machine-'));
    const bin = join(place, 'bin');
    await mkdir(bin);
    const { parts, bundle } = cluster();
    await symlink(parts.kubectl, join(bin, 'kubectl'));
    await symlink(parts.helm, join(bin, 'helm'));
    await symlink(bundle, join(bin, 'fleetward'));
    await writeFile(join(bin, 'aws'), AWS);
    await chmod(join(bin, 'aws'), 0o755);
    for (const name of ['charts', 'manifests', 'crds']) await symlink(join(ROOT, name), join(place, name));
    await writeFile(join(place, 'token'), 'a-token');
    const env = {
      KUBECONFIG: plane.plane.kubeconfig,
      HOME: place,
      PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin`,
    };
    return { folder: place, env };
  }
  let env: Record<string, string>;
  const paste = (begins: string, where = { folder, env }): Promise<Output> => {
    const block = page.find((one) => one.startsWith(begins));
    if (block === undefined) throw new Error(`the page has no block that begins with ${begins}`);
    // Without --norc, Bash takes the socket that Node.js gives it as stdin for a remote login and reads the machine's start-up file.
    return execute('/bin/bash', ['--norc', '-euo', 'pipefail', '-c', block], { cwd: where.folder, env: where.env });
  };

  beforeAll(async () => {
    const text = await readFile(join(ROOT, 'docs/install.md'), 'utf8');
    const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]+?)^```$/gm)];
    page = blocks.flatMap(([, language, block = '']) => (language === '' ? [block] : []));
    own = await openPlane('install');
    ({ folder, env } = await machine(own));
    sandbox = createSandbox({ quotas: 'off' });
    port = await freePort();
    kubelet = playKubelet(
      (...args) => own.kubectl('-n', SYSTEM, ...args),
      async (args) => {
        // The process that stands for the pods may take longer to start than a pod that is only played.
        await until(() => operator as OperatorProcess | undefined, 'the operator');
        const here = (arg: string) =>
          arg.startsWith('http') ? `http://127.0.0.1:${port}${new URL(arg).pathname}` : arg;
        return runImage(cluster().bundle, args.map(here));
      },
    );
  });
  afterAll(async () => {
    await operator?.stop();
    await kubelet?.stop();
    if (sandbox) recordCalls(sandbox);
    await sandbox?.close();
    await own?.[Symbol.asyncDispose]();
  });

  test('every block of it is a step of this story', () => {
    expect(page.map((block) => BLOCKS.find((words) => block.startsWith(words)) ?? block)).toEqual(BLOCKS);
  });

  test('a policy for AWS', async () => {
    await must(paste('fleetward iam-policy'));
    expect(await readFile(join(folder, 'aws.called'), 'utf8')).toContain('create-policy --policy-name fleetward');
  });

  test('the operator by helm, and helm test', async () => {
    const { url } = await sandbox.listen();
    // The pods are only played, and helm test asks the process that stands for them, which can start once they are made.
    const installing = paste('helm install');
    await until(
      async () => (await own.kubectl('-n', SYSTEM, 'get', 'deployment', 'fleetward')).status === 0 || undefined,
      'the Deployment',
    );
    operator = await startDeployed(own, { namespace: SYSTEM, port, env: { AWS_ENDPOINT_URL: url } });
    expect(await must(installing)).toMatch(/Phase: +Succeeded/);
  });

  test('an account that is Ready', async () => {
    expect(await must(paste('kubectl create namespace factory'))).toContain(
      'awsaccount.fleetward.dev/default condition met',
    );
  });

  test('a factory that converges', async () => {
    expect(await must(paste('kubectl -n factory apply -R'))).toContain('condition met');
    expect(sandbox.ledger.count({ operation: 'CreateThing', changed: true })).toBeGreaterThan(20);
  });

  test('a source in Git, which says that nobody answers at the address of the page', async () => {
    expect(await must(paste('kubectl -n factory create secret'))).toMatch(/fleetsource\.fleetward\.dev\/fleet /);
    // The page's last line may come before the first answer of the operator.
    const shown = () => must(own.kubectl('-n', 'factory', 'get', 'fleetsource', 'fleet', '--no-headers'));
    await until(async () => /^fleet +False /.test(await shown()) || undefined, 'a source that is not Ready');
    await must(own.kubectl('-n', 'factory', 'delete', 'fleetsource', 'fleet', '--timeout=60s'));
  });

  test('an upgrade keeps what was set, and uninstalling takes nothing of AWS and of the fleet', async () => {
    await must(paste('helm upgrade'));
    const config = ['-n', SYSTEM, 'get', 'configmap', 'fleetward', '-o', 'yaml'];
    expect(await must(own.kubectl(...config))).toContain('installation: "plant-1"');
    const writes = sandbox.ledger.count({ mutating: true });
    const refused = await paste('fleetward release');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('An operator leads');
    await must(paste('helm uninstall'));
    await operator.stop();
    expect(JSON.parse(await must(own.kubectl('-n', 'factory', 'get', 'fleet', '-o', 'json'))).items).toHaveLength(43);
    // Without its rights it could not give its Lease back.
    await until(async () => (await paste('fleetward release')).status === 0 || undefined, 'the release');
    await must(own.kubectl('delete', 'namespace', 'factory', '--timeout=200s'));
    expect(sandbox.ledger.count({ mutating: true })).toBe(writes);
  });

  test('with kustomize instead, on a cluster of its own', async () => {
    await using other = await openPlane('kustomize');
    const where = await machine(other);
    const player = playKubelet(
      (...args) => other.kubectl('-n', SYSTEM, ...args),
      async () => 0,
    );
    try {
      // The last line is for clusters with the Prometheus Operator, whose kinds are not here.
      const { status, stderr } = await paste('kubectl create namespace fleetward-system', where);
      expect(status).toBe(1);
      const errors = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Warning:'));
      for (const line of errors)
        expect(line).toMatch(/ServiceMonitor|PrometheusRule|resource mapping not found|ensure CRDs/);
      await must(
        other.kubectl('-n', SYSTEM, 'wait', '--for=condition=Available', 'deployment/fleetward', '--timeout=120s'),
      );
      await using started = closing(await startDeployed(other, { namespace: SYSTEM, port: await freePort() }));
      expect((await started.operator.get('/readyz')).status).toBe(200);
    } finally {
      await player.stop();
    }
  });
});

function closing(operator: OperatorProcess) {
  return { operator, [Symbol.asyncDispose]: () => operator.stop() };
}
