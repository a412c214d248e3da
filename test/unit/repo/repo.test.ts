/** The repository's promises about itself: what a newcomer looks for is where they look. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Crd {
  readonly spec: { readonly names: { readonly kind: string; readonly plural: string } };
}

const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
})
  .split('\0')
  .filter((file) => file !== '' && existsSync(file));
const read = (file: string): string => readFileSync(file, 'utf8');
const crds = readdirSync('crds').map((file) => parse(read(`crds/${file}`)) as Crd);
const kinds = crds.map((crd) => crd.spec.names);
const awsKinds = kinds.filter(({ kind }) =>
  ['Device', 'ThingType', 'ThingGroup', 'IoTPolicy', 'SecurityProfile'].includes(kind),
);

describe('every kind is complete', () => {
  test.each(kinds)('$kind has a type, a page, a sample and rights in the chart', ({ kind, plural }) => {
    const lower = kind.toLowerCase();
    expect(existsSync(`crds/${lower}.yaml`), 'CRD').toBe(true);
    expect(existsSync(`operator/api/${lower}.gen.ts`), 'type').toBe(true);
    expect(existsSync(`docs/kinds/${lower}.md`), 'page').toBe(true);
    expect(existsSync(`operator/controllers/${lower}`), 'controller').toBe(true);
    const rules = read('charts/fleetward/templates/_helpers.tpl');
    expect(rules.includes(plural), 'operator may work on it').toBe(true);
    expect(read('charts/fleetward/templates/rbac.yaml').includes(plural), 'users get it by role').toBe(true);
  });

  test.each(awsKinds)('$kind has the six files of an AWS kind', ({ kind }) => {
    for (const file of ['kind.ts', 'observe.ts', 'diff.ts', 'apply.ts', 'remove.ts', 'status.ts']) {
      expect(existsSync(`operator/controllers/${kind.toLowerCase()}/${file}`), file).toBe(true);
    }
  });

  test('every kind has a sample that people can apply', () => {
    const samples = tracked.filter((file) => file.startsWith('manifests/examples/') && file.endsWith('.yaml'));
    const text = samples.map(read).join('\n');
    // Made by the operator, or named by the person who follows the README.
    const made = ['PolicyRollout', 'FleetSource'];
    for (const { kind } of kinds) if (!made.includes(kind)) expect(text).toContain(`kind: ${kind}`);
  });
});

describe('documents are true', () => {
  test('every file that docs/architecture.md names exists', () => {
    const named = [
      ...read('docs/architecture.md').matchAll(
        /`((?:operator|crds|test|charts|manifests|bench|scripts|docs)\/[^`\s*<]+)`/g,
      ),
    ].map((m) => m[1]!);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
  });

  test('every relative link in a page leads somewhere', () => {
    const broken: string[] = [];
    for (const page of tracked.filter((file) => file.endsWith('.md'))) {
      const folder = page.includes('/') ? page.slice(0, page.lastIndexOf('/')) : '.';
      for (const match of read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (!existsSync(`${folder}/${match[1]}`)) broken.push(`${page}: ${match[1]}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test('every decision is in the index', () => {
    const index = read('docs/adr/README.md');
    const missing = readdirSync('docs/adr').filter((file) => /^\d{4}-/.test(file) && !index.includes(file));
    expect(missing).toEqual([]);
  });

  test('every npm script that a page names exists', () => {
    const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts);
    const named = new Set<string>();
    for (const page of tracked.filter((file) => file.endsWith('.md'))) {
      for (const match of read(page).matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)) named.add(match[1]!);
    }
    expect([...named].filter((script) => !scripts.includes(script))).toEqual([]);
  });
});

describe('nothing in the repository', () => {
  test('is a private key', () => {
    const begin = ['-----BEGIN ', 'PRIVATE KEY-----'];
    const found = tracked.filter((file) => {
      const text = read(file);
      // A whole key, not the marker alone: tests and redaction name the marker.
      return new RegExp(`${begin[0]}(?:EC |RSA |ENCRYPTED )?${begin[1]}\\s+[A-Za-z0-9+/=\\s]{100,}-----END`).test(text);
    });
    expect(found).toEqual([]);
  });

  test('records a registry host in the lock file', () => {
    expect(read('package-lock.json')).not.toContain('"resolved"');
  });

  test('skips or narrows a test without a reason, or escapes the type checker', () => {
    const found: string[] = [];
    for (const file of tracked.filter(
      (f) => /^(operator|test|bench|scripts)\/.*\.ts$/.test(f) && !f.startsWith('test/unit/repo/'),
    )) {
      const lines = read(file).split('\n');
      for (const [index, line] of lines.entries()) {
        if (
          /\b(?:it|test|describe)\.(?:only|todo)\b|\bas any\b|@ts-(?:ignore|nocheck|expect-error)|\b(?:TODO|FIXME)\b/.test(
            line,
          )
        )
          found.push(`${file}:${index + 1}`);
      }
    }
    expect(found).toEqual([]);
  });

  test('is a source file that nobody can read at once', () => {
    const long = tracked
      .filter((file) => /^operator\/.*\.ts$/.test(file) && !file.endsWith('.gen.ts'))
      .map((file) => ({ file, lines: read(file).split('\n').length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });
});
