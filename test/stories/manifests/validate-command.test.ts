import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { validateCommand } from '../../../operator/cli/commands/validate.ts';

const repository = join(import.meta.dirname, '../../..');
const group = 'apiVersion: fleetward.dev/v1alpha1\nkind: ThingGroup\nmetadata:\n  name: a\nspec: {}\n';
const child = group.replace('name: a', 'name: b').replace('{}', '{parentRef: {name: c}}');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetward-validate-'));
  await writeFile(join(folder, 'good.yaml'), group);
  await writeFile(join(folder, 'child.yaml'), child);
  await writeFile(
    join(folder, 'bad.yaml'),
    `${group.replace('name: a', 'name: x')}  colour: red\n---\n${group.replace('spec: {}', 'spec: {query: 1}')}`,
  );
  await writeFile(join(folder, 'foreign.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function validate(...argv: readonly string[]) {
  let [stdout, stderr] = ['', ''];
  const io = {
    stdout: (text: string) => {
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
    isTTY: false,
    cwd: folder,
  };
  return { code: await validateCommand(argv, io), stdout, stderr };
}

describe('fleetward validate', () => {
  it('ends with 0 and says what it found', async () => {
    expect(await validate('good.yaml', 'foreign.yaml')).toEqual({
      code: 0,
      stdout: '2 files: valid (1 ThingGroup)\n',
      stderr: 'Skipped, because Fleetward does not apply them: 1 v1/ConfigMap\n',
    });
  });

  it('ends with 1 and names every mistake with its place', async () => {
    const { code, stdout, stderr } = await validate('bad.yaml');
    expect(code).toBe(1);
    expect(stdout).toBe('1 file: 2 errors (no objects of fleetward.dev)\n');
    expect(stderr).toMatch(/^bad\.yaml:6:3: error: /m);
    expect(stderr).toMatch(
      /^bad\.yaml:12:15: error: ThingGroup\/a spec\.query: must be a string, and YAML reads 1 as something else: write query: "1"$/m,
    );
  });

  it('takes a reference to nothing for a mistake, unless the paths are only a part', async () => {
    expect(await validate('child.yaml')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('there is no ThingGroup c'),
    });
    expect(await validate('--partial', 'child.yaml')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('warning'),
    });
    expect(await validate('--partial', '--strict', 'child.yaml')).toMatchObject({ code: 1 });
  });

  it('prints JSON for machines', async () => {
    const { code, stdout, stderr } = await validate('bad.yaml', '--output', 'json');
    expect([code, stderr]).toEqual([1, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: false,
      files: 1,
      errorCount: 2,
      errors: [{ file: 'bad.yaml', line: 6, column: 3 }, { object: 'ThingGroup/a' }],
    });
  });

  it.each([
    ['no path', [], 'Name at least one file or folder'],
    ['an unknown option', ['--stric', 'x'], 'no flag --stric; did you mean --strict?'],
    ['an unknown output', ['-o', 'xml', 'x'], '--output takes text, json'],
  ])('ends with 2 and a hint: %s', async (_, argv, expected) => {
    const { code, stderr } = await validate(...argv);
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
    expect(stderr).toContain('fleetward validate --help');
  });

  it('teaches with --help', async () => {
    const { code, stdout } = await validate('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('references to objects that are');
  });

  it('finds nothing wrong with the example factory, and everything in it that the demo needs', async () => {
    const { code, stdout, stderr } = await validate(join(repository, 'manifests/examples/factory'), '--output', 'json');
    expect([code, stderr]).toEqual([0, '']);
    const { objects, warningCount } = JSON.parse(stdout) as { objects: Record<string, number>; warningCount: number };
    expect(warningCount).toBe(0);
    expect(objects).toMatchObject({ AWSAccount: 1, ThingType: 3, SecurityProfile: 1 });
    expect(objects.Device).toBeGreaterThanOrEqual(24);
    expect(objects.IoTPolicy).toBeGreaterThanOrEqual(4);
  });
});
