/**
 * Finds the real cluster binaries, or builds them once per machine from the Go module in `parts/`.
 * Order: KUBEBUILDER_ASSETS (what users of envtest have) → a cache keyed by go.sum → a build with Go → none.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export interface Parts {
  readonly kubeApiserver: string;
  readonly kubeControllerManager: string;
  readonly etcd: string;
  readonly kubectl: string;
  readonly helm: string;
}

export type Found =
  | { readonly kind: 'found'; readonly parts: Parts }
  | { readonly kind: 'missing'; readonly why: string };

const MODULE = join(import.meta.dirname, '..', 'parts');
const VERSION = { gitVersion: 'v1.35.4', gitMajor: '1', gitMinor: '35' };

/** File name → Go package. etcd's package is called `server`, hence the explicit output names. */
const PACKAGES: Readonly<Record<string, string>> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  helm: 'helm.sh/helm/v4/cmd/helm',
};
const NAMES = Object.keys(PACKAGES);

export async function findParts(progress: (line: string) => void): Promise<Found> {
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (assets) {
    // setup-envtest brings neither controller manager nor helm: those may come from PATH.
    const found = await locate([assets, ...(process.env.PATH ?? '').split(delimiter)]);
    if (found.missing.length === 0) return { kind: 'found', parts: found.parts };
    progress(`KUBEBUILDER_ASSETS=${assets} lacks ${found.missing.join(', ')}; looking further`);
  }
  const cache = await cacheFolder();
  const cached = await locate([cache]);
  if (cached.missing.length === 0) return { kind: 'found', parts: cached.parts };
  if (!(await hasGo())) {
    return {
      kind: 'missing',
      why: 'no KUBEBUILDER_ASSETS with etcd, kube-apiserver, kube-controller-manager, kubectl and helm, and no Go ≥ 1.26 to build them',
    };
  }
  await buildOnce(cache, cached.missing, progress);
  const built = await locate([cache]);
  if (built.missing.length === 0) return { kind: 'found', parts: built.parts };
  return { kind: 'missing', why: `the build left out ${built.missing.join(', ')}` };
}

async function cacheFolder(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(join(MODULE, 'go.sum')))
    .digest('hex');
  const base = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  return join(base, 'fleetward', 'cluster-parts', digest.slice(0, 16));
}

async function locate(
  folders: readonly string[],
): Promise<{ readonly parts: Parts; readonly missing: readonly string[] }> {
  const paths = new Map<string, string>();
  for (const name of NAMES) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (folder !== '' && (await executable(path))) {
        paths.set(name, path);
        break;
      }
    }
  }
  const path = (name: string): string => paths.get(name) ?? '';
  return {
    missing: NAMES.filter((name) => !paths.has(name)),
    parts: {
      kubeApiserver: path('kube-apiserver'),
      kubeControllerManager: path('kube-controller-manager'),
      etcd: path('etcd'),
      kubectl: path('kubectl'),
      helm: path('helm'),
    },
  };
}

async function executable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function hasGo(): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('go', ['version'], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

/** Several test runs may start at once: the first takes the lock, the others wait for its result. */
async function buildOnce(folder: string, names: readonly string[], progress: (line: string) => void): Promise<void> {
  await mkdir(folder, { recursive: true });
  const lock = join(folder, 'building');
  const mine = await takeLock(lock, progress);
  try {
    const still = mine ? names : [];
    for (const [index, name] of still.entries()) {
      if (await executable(join(folder, name))) continue;
      progress(`building ${name} (${index + 1} of ${names.length}; once per machine, minutes on a cold cache)`);
      await build(PACKAGES[name]!, join(folder, name));
    }
  } finally {
    if (mine) await rm(lock, { force: true });
  }
}

/** True when this process holds the lock; false after another process finished the build. */
async function takeLock(lock: string, progress: (line: string) => void): Promise<boolean> {
  for (let waited = false; ; waited = true) {
    try {
      const file = await open(lock, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return true;
    } catch {
      if (!(await holderAlive(lock))) {
        await rm(lock, { force: true });
        continue;
      }
    }
    if (!waited) progress('another process builds the cluster parts; waiting for it');
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function holderAlive(lock: string): Promise<boolean> {
  try {
    const pid = Number(await readFile(lock, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0) return (await stat(lock)).mtimeMs > Date.now() - 5000;
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function build(pkg: string, target: string): Promise<void> {
  const flags = Object.entries(VERSION).map(([key, value]) => `-X k8s.io/component-base/version.${key}=${value}`);
  const partial = `${target}.partial`;
  const args = ['build', '-trimpath', '-ldflags', ['-s', '-w', ...flags].join(' '), '-o', partial, pkg];
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, {
      cwd: MODULE,
      env: { ...process.env, CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // A build takes minutes, and whoever ends us does not want it any more.
    const end = () => child.kill();
    process.once('exit', end);
    child.on('close', () => process.off('exit', end));
    let tail = '';
    child.stderr.on('data', (chunk: Buffer) => {
      tail = (tail + chunk.toString('utf8')).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) rename(partial, target).then(resolve, reject);
      else reject(new Error(`go build ${pkg} ended with ${code}:\n${tail}`));
    });
  });
}
