/** What the Dockerfile and its ignore file say, where no container engine can be asked; test/cluster/image.test.ts builds what it copies. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

const read = (file: string): string => readFileSync(file, 'utf8');
const json = (file: string) => JSON.parse(read(file)) as { readonly version: string; readonly packages: Lock };
type Lock = Readonly<Record<string, { readonly version: string }>>;

/** Comments out, continued lines as one. */
function instructions(text: string): readonly Instruction[] {
  const lines = text.replaceAll(/^\s*#.*$\n?/gm, '').replaceAll(/\\\n\s*/g, ' ');
  return lines.split('\n').flatMap((line) => {
    const found = /^([A-Z]+)\s+(.+)$/.exec(line.trim());
    return found ? [{ name: found[1] ?? '', rest: found[2] ?? '' }] : [];
  });
}

const all = instructions(read('Dockerfile'));
const starts = all.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
const build = all.slice(starts[0], starts[1]);
const final = all.slice(starts[1]);
const of = (stage: readonly Instruction[], name: string) =>
  stage.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
const argument = (name: string) =>
  of(all, 'ARG')
    .find((rest) => rest.startsWith(`${name}=`))
    ?.slice(name.length + 1);

/** Sources of COPY that come from the checkout. */
const copied = (stage: readonly Instruction[]) =>
  of(stage, 'COPY')
    .filter((rest) => !rest.startsWith('--from='))
    .flatMap((rest) => rest.split(/\s+/).slice(0, -1));

/** The last line that matches a path, or a folder above it, decides. https://docs.docker.com/build/concepts/context/#dockerignore-files */
const rules = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const pattern = line.replace(/^!/, '').replaceAll('.', '\\.').replaceAll('**/', '\u0000').replaceAll('*', '[^/]*');
    return { again: line.startsWith('!'), match: new RegExp(`^${pattern.replaceAll('\u0000', '(?:.*/)?')}(?:/|$)`) };
  });
function ignored(path: string): boolean {
  let answer = false;
  for (const { again, match } of rules) if (match.test(path)) answer = !again;
  return answer;
}

describe('the build', () => {
  test('has two stages on one base, which is the release of Node that the tests run with', () => {
    expect(of(all, 'FROM')).toEqual(['node:${NODE} AS build', 'node:${NODE}']);
    const node = json('package-lock.json').packages['node_modules/node']?.version;
    expect(argument('NODE')).toBe(`${node}-bookworm-slim`);
    // Whoever pins by content does so through the argument, as the page says.
    expect(read('docs/operations.md')).toContain('--build-arg NODE=VERSION@sha256:…');
  });

  test('copies what exists, file by file and folder by folder, and its context holds all of it', () => {
    expect(copied(all).length).toBeGreaterThan(6);
    for (const source of copied(all)) {
      expect(existsSync(source), `${source} exists`).toBe(true);
      expect(ignored(source), `${source} is in the context`).toBe(false);
    }
    for (const dangerous of ['.', './', '*']) expect(copied(all)).not.toContain(dangerous);
    expect(of(all, 'ADD')).toEqual([]);
  });

  test('installs what the lock file says, before the sources, so that a change of them costs no download', () => {
    const order = build.map(({ name, rest }) => `${name} ${rest}`);
    const install = order.findIndex((line) => line.startsWith('RUN npm ci'));
    expect(install).toBeGreaterThan(order.indexOf('COPY package.json package-lock.json ./'));
    expect(install).toBeLessThan(order.findIndex((line) => line.startsWith('COPY operator')));
    expect(order[install]).toContain('--strict-allow-scripts');
  });
});

describe('the context', () => {
  const tracked = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\0');

  test('holds of the repository only what is copied', () => {
    const wanted = (file: string) => copied(all).some((source) => file === source || file.startsWith(`${source}/`));
    const sent = tracked.filter((file) => file !== '' && !ignored(file));
    expect(sent.length).toBeGreaterThan(300);
    expect(sent.filter((file) => !wanted(file))).toEqual([]);
    expect(tracked.filter((file) => file !== '' && wanted(file) && ignored(file))).toEqual([]);
  });

  test.each([
    ['.env', 'environment of a shell'],
    ['operator/.env.local', 'the same, deep inside'],
    ['.git/config', 'history, and tokens in remotes'],
    ['node_modules/x/index.js', 'what another platform built'],
    ['.fleetward/state/secrets/press-1.key', 'keys of a fleet'],
    ['operator/x/device.key', 'a key beside the code'],
    ['operator/x/device.pem', 'a certificate beside the code'],
    ['kubeconfig', 'rights on a cluster'],
    ['.aws/credentials', 'rights in AWS'],
    ['manifests/bases/operator/operator.yaml', 'not needed'],
  ])('leaves out %s: %s', (path) => {
    expect(ignored(path)).toBe(true);
  });
});

describe('the image', () => {
  const runs = of(final, 'RUN').join('\n');

  test('takes the bundle and the licence, and nothing else', () => {
    expect(of(final, 'COPY')).toEqual(['--from=build /src/dist /app', 'LICENSE /app/LICENSE']);
  });

  test('has git, ssh and the roots of TLS, and no lists of packages', () => {
    expect(runs).toMatch(/--no-install-recommends/);
    for (const name of ['git', 'openssh-client', 'ca-certificates']) expect(runs.split(/\s+/)).toContain(name);
    expect(runs).toContain('rm -rf /var/lib/apt/lists/*');
    expect(runs).not.toMatch(/curl|wget/);
  });

  test('runs as nobody, by number, which is the one of the chart', () => {
    const values = parse(read('charts/fleetward/values.yaml')) as { podSecurityContext: { runAsUser: number } };
    const { runAsUser } = values.podSecurityContext;
    expect(of(final, 'USER')).toEqual([`${runAsUser}:${runAsUser}`]);
    // By number: with a name Kubernetes could not see that it is not root.
    expect(runAsUser).toBeGreaterThan(0);
    const names = final.map(({ name }) => name);
    expect(names.lastIndexOf('RUN'), 'what runs as root comes before').toBeLessThan(names.indexOf('USER'));
    expect(runs).toContain('--shell /usr/sbin/nologin');
  });

  test('starts what the chart starts, where it listens', () => {
    const deployment = read('charts/fleetward/templates/deployment.yaml');
    expect(of(final, 'ENTRYPOINT')).toEqual(['["node", "/app/fleetward.mjs"]']);
    expect(of(final, 'CMD')).toEqual(['["run"]']);
    expect(of(final, 'EXPOSE')).toEqual(['8080']);
    expect(deployment).toContain('containerPort: 8080');
    expect(deployment).not.toContain('command:');
  });

  test('writes to /tmp alone: the chart gives it no other place', () => {
    expect(of(final, 'ENV')).toEqual(['NODE_ENV=production HOME=/tmp TMPDIR=/tmp']);
    expect(of(final, 'WORKDIR')).toEqual(['/tmp']);
  });

  test('says what it is', () => {
    const [label = ''] = of(final, 'LABEL');
    for (const key of ['title', 'description', 'licenses', 'url', 'source', 'version', 'revision']) {
      expect(label).toMatch(new RegExp(`org\\.opencontainers\\.image\\.${key}="[^"]+"`));
    }
    expect(label).toContain('licenses="Apache-2.0"');
    expect(argument('VERSION')).toBe(json('package.json').version);
    const chart = parse(read('charts/fleetward/Chart.yaml')) as { appVersion: string };
    expect(chart.appVersion).toBe(argument('VERSION'));
  });

  test('no secret goes in by argument or environment', () => {
    const named = [...of(all, 'ARG'), ...of(all, 'ENV')].join(' ');
    expect(named).not.toMatch(/token|secret|password|passwd|credential|_key|npmrc/i);
    expect(read('Dockerfile')).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}/);
  });
});
