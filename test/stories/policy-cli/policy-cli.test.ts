import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyCommand } from '../../../operator/cli/policy/command.ts';

const arn = 'arn:aws:iot:eu-west-1:111122223333:';
const thing = '${iot:Connection.Thing.ThingName}';
const allow = (action: string, resource: string) => ({ Effect: 'Allow', Action: action, Resource: arn + resource });
const policy = (...statements: readonly unknown[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements }, null, 2);

const manifest = (name: string, body: string): string => `---
apiVersion: fleetward.dev/v1alpha1
kind: IoTPolicy
metadata: { name: ${name} }
spec:
  document:
    Version: "2012-10-17"
    Statement:
${body}`;
const yamlAllow = (action: string, resource: string): string => `      - Effect: Allow
        Action: [${action}]
        Resource: ["${arn}${resource}"]
`;
const device = (name: string, policyName: string): string => `---
apiVersion: fleetward.dev/v1alpha1
kind: Device
metadata: { name: ${name} }
spec: { policyRefs: [{ kind: IoTPolicy, name: ${policyName} }] }
`;

const filters = [allow('iot:Subscribe', 'topicfilter/a/*'), allow('iot:Receive', 'topic/a/*')];
const fleet =
  manifest('press', yamlAllow('iot:Connect', `client/${thing}`) + yamlAllow('iot:Publish', `topic/plant/${thing}`)) +
  manifest(
    'ear',
    yamlAllow('iot:Connect', `client/${thing}`) +
      yamlAllow('iot:Subscribe', 'topicfilter/plant/press-1') +
      yamlAllow('iot:Receive', 'topic/plant/press-1'),
  ) +
  device('press-1', 'press') +
  device('press-2', 'press') +
  device('ear', 'ear');

const ordered = (bound: string) => ({
  ...allow('iot:Connect', 'client/*'),
  Condition: { NumericLessThan: { 'iot:ClientId': bound } },
});
const flawless = policy(allow('iot:Publish', 'topic/a'));

const files: Readonly<Record<string, string | Buffer>> = {
  'old.json': policy(...filters),
  'new.json': policy(...filters, {
    Effect: 'Deny',
    Action: 'iot:Subscribe',
    Resource: `${arn}topicfilter/a/restricted/*`,
  }),
  'wide.json': policy(...filters, allow('iot:Publish', 'topic/*')),
  'clean.json': policy({
    ...allow('iot:Connect', `client/${thing}`),
    Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
  }),
  'ordered-5.json': policy(ordered('5')),
  'ordered-6.json': policy(ordered('6')),
  'both-5.json': policy(ordered('5'), allow('iot:Publish', 'topic/a')),
  'both-6.json': policy(ordered('6'), allow('iot:Publish', 'topic/b')),
  'two-in-a-level.json': policy(allow('iot:Publish', `topic/${thing}${thing}`)),
  'two-but-one.json': policy(allow('iot:Publish', `topic/${thing}${thing}`), {
    ...allow('iot:Publish', 'topic/aa'),
    Effect: 'Deny',
  }),
  'old-version.json': policy(allow('iot:Publish', 'topic/a')).replace('2012', '2008'),
  'latin-1.json': Buffer.from(flawless.replace('topic/a', 'topic/\u00e9'), 'latin1'),
  'replaced.json': Buffer.concat([Buffer.from(flawless.replace('topic/a', 'topic/\ufffd')), Buffer.from([0xff])]),
  'long.yaml': `Version: "2012-10-17"\nStatement:\n${'  - { Effect: Allow, Action: iot:Publish, Resource: "*" }\n'.repeat(20_000)}`,
  'deep.yaml': `Version: "2012-10-17"\nStatement: ${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  'broken.json': '{ "Version": "2012-10-17", "Statement": [ }',
  'requests.json': JSON.stringify([{ action: 'Receive', resource: 'topic/a/x', context: { 'iot:ClientId': 'c' } }]),
  'fleet/fleet.yaml': fleet,
  'wider/policies.yaml': manifest(
    'ear',
    yamlAllow('iot:Connect', `client/${thing}`) +
      yamlAllow('iot:Subscribe', 'topicfilter/plant/*') +
      yamlAllow('iot:Receive', 'topic/plant/*'),
  ),
  'a/one.json': policy(...filters),
  'a/two.json': policy(allow('iot:Publish', 'topic/x')),
  'b/one.json': policy(...filters),
  'b/three.json': policy(allow('iot:Publish', 'topic/y')),
};

let cwd = '';
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'fleetward-policy-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, name)), { recursive: true });
    await writeFile(join(cwd, name), text);
  }
});
afterAll(async () => {
  await rm(cwd, { recursive: true, force: true });
});

async function run(...argv: readonly string[]) {
  let [stdout, stderr] = ['', ''];
  const io = {
    stdout: (text: string) => {
      stdout += text;
    },
    stderr: (text: string) => {
      stderr += text;
    },
    isTTY: false,
    cwd,
  };
  const status = await policyCommand(argv, io);
  return { status, stdout, stderr };
}

async function conforms(schema: string, json: unknown): Promise<void> {
  const text = await readFile(new URL(`../../../docs/schemas/${schema}.v1.schema.json`, import.meta.url), 'utf8');
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(text) as object);
  validate(json);
  expect(validate.errors ?? []).toEqual([]);
}

describe('fleetward policy compare', () => {
  it('makes plain that a Deny on Subscribe does not stop delivery', async () => {
    const { status, stdout } = await run('compare', 'old.json', 'new.json');
    const flat = stdout.replace(/\s+/g, ' ');
    expect(status).toBe(0);
    expect(flat).toContain(
      'TIGHTENS ON PAPER ONLY: the new Deny does not stop delivery. Every message that arrived before still arrives.',
    );
    expect(flat).toContain('which messages arrive equivalent');
    expect(flat).toContain('1. A device subscribes to "a/#". That is still allowed');
    expect(flat).toContain('a/# still receives a/restricted/');
    expect(flat).toContain('To stop it, deny iot:Receive as well: topic/a/restricted/*');
    expect(stdout).toMatch(/The Deny does not stop delivery: new\.json:\d+:\d+ {2}Deny iot:Subscribe/);
  });

  it('says what is newly allowed, to whom, with the line that causes it, and fails the pipeline', async () => {
    const { status, stdout } = await run('compare', 'old.json', 'wide.json');
    expect(status).toBe(1);
    expect(stdout).toContain('WIDENS');
    expect(stdout).toMatch(
      /Newly allowed\n {2}iot:Publish {2}topic\/\S+\n {4}for .*\n {4}because of {2}wide\.json:\d+:\d+ {2}Allow iot:Publish on topic\/\*/,
    );
  });

  it('prints the published JSON, with requests of three members', async () => {
    const { stdout } = await run('compare', '--output', 'json', 'old.json', 'wide.json');
    const json = JSON.parse(stdout) as { verdict: string; level: string; gained: object[]; lost: object[] };
    await conforms('policy-comparison', json);
    expect(json).toMatchObject({ verdict: 'widens', level: 'raw', lost: [] });
    expect(json.gained.map((one) => Object.keys(one))).toEqual([['action', 'resource', 'context']]);
  });

  it('answers at the level that was asked for', async () => {
    const { stdout } = await run('compare', '--level=delivery', '-o', 'json', 'old.json', 'new.json');
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'equivalent', level: 'delivery', levels: { raw: 'tightens' } });
  });

  it('says why there is no verdict and what to do, in every form', async () => {
    const [text, json, sarif] = await Promise.all(
      ['text', 'json', 'sarif'].map((form) => run('compare', 'ordered-5.json', 'ordered-6.json', '-o', form)),
    );
    expect(text?.status).toBe(1);
    for (const result of [text, json, sarif])
      expect(result?.stdout.replace(/\s+/g, ' ')).toContain('Compare the client ID as text (StringEquals, StringLike)');
    await conforms('policy-comparison', JSON.parse(json?.stdout ?? ''));
  });

  it('says of a certain verdict which action the lists may lack, in every form', async () => {
    const [text, json, sarif] = await Promise.all(
      ['text', 'json', 'sarif'].map((form) => run('compare', 'both-5.json', 'both-6.json', '-o', form)),
    );
    for (const result of [text, sarif])
      expect(result?.stdout.replace(/\s+/g, ' ')).toContain('more of iot:Connect may be new or lost than is listed');
    const parsed = JSON.parse(json?.stdout ?? '') as object;
    await conforms('policy-comparison', parsed);
    const because = expect.stringContaining('Compare the client ID as text');
    const incomplete = [{ action: 'iot:Connect', because }];
    expect(parsed).toMatchObject({ verdict: 'incomparable', undecidedBecause: [], incomplete });
  });

  it.each([
    ['tested values only', 'two-in-a-level.json', 'two-but-one.json', /only tested values/, ['testedValuesOnly', true]],
    ['an assumption', 'clean.json', 'old-version.json', /Version 2008-10-17 is taken/, ['verdict', 'incomparable']],
  ])('says that a verdict rests on %s, in every form', async (_, before, after, words, [member, value]) => {
    const { stdout } = await run('compare', before, after);
    expect(stdout).toMatch(/each request by itself +\S+ {2}\(rests on/);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(words);
    const json = JSON.parse((await run('compare', before, after, '-o', 'json')).stdout) as Record<string, unknown>;
    await conforms('policy-comparison', json);
    expect(json[String(member)]).toBe(value);
    expect((json.doubts as Record<string, string[]>).raw?.join(' ')).toMatch(words);
    expect((await run('compare', before, after, '-o', 'sarif')).stdout).toMatch(words);
  });

  it('pairs the policies of two folders by name', async () => {
    const { stdout } = await run('compare', 'a', 'b', '-o', 'json');
    const list = JSON.parse(stdout) as { subject: string; verdict: string }[];
    await conforms('policy-comparison', list);
    expect(list.map(({ subject, verdict }) => [subject, verdict])).toEqual([
      ['one.json', 'equivalent'],
      ['three.json (new)', 'widens'],
      ['two.json (removed)', 'tightens'],
    ]);
  });

  it('names the devices that gain something', async () => {
    const text = await run('compare', 'fleet', 'wider', '--fleet', 'fleet');
    expect(text.stdout).toContain('3 of 3 devices gain or lose something, in 2 ways');
    const { stdout, status } = await run('compare', 'fleet', 'wider', '--fleet', 'fleet', '-o', 'json');
    await conforms('policy-distance', JSON.parse(stdout));
    expect(status).toBe(1);
  });
});

describe('fleetward policy lint', () => {
  it('exits 0 on a clean policy and 1 on a flawed one, with file, line and column', async () => {
    expect(await run('lint', 'clean.json')).toMatchObject({ status: 0, stdout: '1 policy; no findings\n' });
    const { status, stdout } = await run('lint', 'new.json');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^new\.json:\d+:\d+ {2}high {2}deny-subscribe-bypassed {2}statement 2$/m);
  });

  it('points into the lines of a YAML manifest', async () => {
    const { stdout } = await run('lint', 'fleet', '-o', 'json');
    const json = JSON.parse(stdout) as { findings: { path: string; policy: string; line: number; code: string }[] };
    await conforms('policy-lint', json);
    const lines = fleet.split('\n');
    const found = json.findings.find((finding) => finding.policy === 'press' && finding.code === 'thing-not-required');
    expect(lines[found!.line - 1]).toContain('client/');
  });

  it('writes SARIF in which every result names a rule and a place', async () => {
    const { stdout } = await run('lint', '--output', 'sarif', 'new.json', 'broken.json');
    const { version, runs } = JSON.parse(stdout) as {
      version: string;
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: { ruleId: string; ruleIndex?: number; locations: object[] }[];
      }[];
    };
    expect(version).toBe('2.1.0');
    const [{ tool, results }] = runs as [(typeof runs)[number]];
    const ids = tool.driver.rules.map((rule) => rule.id);
    expect(results.length).toBeGreaterThan(2);
    for (const result of results) {
      expect(ids).toContain(result.ruleId);
      if (result.ruleIndex !== undefined) expect(ids[result.ruleIndex]).toBe(result.ruleId);
      expect(result.locations).toHaveLength(1);
    }
  });

  it('reports a document that cannot be read and goes on with the others', async () => {
    const { status, stdout } = await run('lint', 'broken.json', 'clean.json');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^broken\.json:1:\d+ {2}error$/m);
    expect(stdout).toContain('1 policy, 1 not readable');
  });

  it.each([
    ['bytes that are no UTF-8', 'latin-1.json', /^latin-1\.json:7:\d+ .*\n.*not valid UTF-8/],
    ['such bytes behind a replacement character', 'replaced.json', /^replaced\.json:10:2 .*\n.*not valid UTF-8/],
    ['a document of a million characters', 'long.yaml', /^long\.yaml:1:1 .*\n.*AWS accepts 2048/],
    ['nesting of 10,000 levels', 'deep.yaml', /^deep\.yaml:2:\d+ .*\n.*nested too deeply/],
  ])('refuses %s with the place', async (_, file, text) => {
    const { status, stdout } = await run('lint', file);
    expect(status).toBe(1);
    expect(stdout).toMatch(text);
  });

  it('lets findings below --fail-on and ignored ones pass', async () => {
    expect((await run('lint', '--fail-on', 'critical', 'new.json')).status).toBe(0);
    expect(
      (await run('lint', '--ignore', 'deny-subscribe-bypassed', '--ignore=missing-connect', 'new.json')).status,
    ).toBe(0);
  });
});

describe('fleetward policy eval and explain', () => {
  it('decide a request and name the statement', async () => {
    const { status, stdout } = await run(
      'eval',
      'old.json',
      '--action',
      'receive',
      '--resource',
      'topic/a/x',
      '--thing',
      'd1',
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^ALLOWED {2}iot:Receive on topic\/a\/x\n {2}for the device of thing "d1"\n {2}by old\.json:\d+:\d+ {2}Allow iot:Receive on topic\/a\/\*/,
    );
  });

  it('read requests from a file and print the published JSON', async () => {
    const evaluated = await run('eval', 'old.json', '--requests', 'requests.json', '-o', 'json');
    await conforms('policy-evaluation', JSON.parse(evaluated.stdout));
    const explained = await run('explain', 'new.json', '--requests', 'requests.json', '-o', 'json');
    await conforms('policy-explanation', JSON.parse(explained.stdout));
  });

  it.each([
    ['a misspelt member', { action: 'Publish', resource: 'topic/a', contxt: {} }, 'did you mean context?'],
    ['no resource', { action: 'Publish' }, 'iot:Publish needs a resource, for example topic/…'],
    ['an unknown action', { action: 'Pubish', resource: 'topic/a' }, 'did you mean Publish?'],
    ['a context that is no object', { action: 'Publish', resource: 'topic/a', context: 'x' }, 'must be an object'],
    ['a number in the context', { action: 'Publish', resource: 'topic/a', context: { k: 5 } }, 'k must be a string'],
    ['text in place of a request', 'iot:Publish', 'it has no action'],
  ])('refuse a file of requests with %s, naming the request', async (_, request, text) => {
    await writeFile(join(cwd, 'odd.json'), JSON.stringify([{ action: 'Publish', resource: 'topic/a' }, request]));
    const { status, stderr } = await run('eval', 'old.json', '--requests', 'odd.json');
    expect(status).toBe(3);
    expect(stderr).toContain('odd.json: request 1: ');
    expect(stderr).toContain(text);
  });

  it.each([
    [
      'the wrong type of ARN',
      ['--action', 'Subscribe', '--resource', 'topic/a/x'],
      /the request names topic\/…, but iot:Subscribe is checked against topicfilter\/…/,
    ],
    ['upper and lower case', ['--action', 'Receive', '--resource', 'topic/A/x'], /upper and lower case differ/],
    ['another form', ['--action', 'Receive', '--resource', 'topic/b'], /topic\/b is not of the form topic\/a\/\*/],
    ['another action', ['--action', 'Publish', '--resource', 'topic/a/x'], /it is about iot:Receive, not iot:Publish/],
  ])('name the near miss: %s', async (_, flags, reason) => {
    const { status, stdout } = await run('explain', 'old.json', ...flags);
    expect(status).toBe(1);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(reason);
  });

  it('name the Allow that a Deny overrules', async () => {
    const flags = ['--action', 'Subscribe', '--resource', 'topicfilter/a/restricted/x'];
    const { stdout } = await run('explain', 'new.json', ...flags);
    expect(stdout).toContain('DENIED by a Deny');
    expect(stdout).toMatch(/Allow iot:Subscribe on topicfilter\/a\/\*\n +it allows the request, but a Deny wins/);
    const other = await run('explain', 'new.json', '--action', 'Receive', '--resource', 'topic/b');
    expect(other.stdout).not.toContain('a Deny wins');
  });

  it('say why a thing variable has no value', async () => {
    const flags = ['--action', 'Publish', '--resource', 'topic/plant/x', '--context', 'iot:ClientId=x'];
    const { stdout } = await run('explain', 'fleet', ...flags);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      "resolves only when the certificate is attached to a thing and the client ID is the thing's name",
    );
  });
});

describe('fleetward policy reach', () => {
  it('answers who is isolated from whom', async () => {
    expect((await run('reach', 'fleet', '--isolated', 'press-2,ear')).status).toBe(0);
    const { status, stdout } = await run('reach', 'fleet', '--isolated', 'press-1,ear');
    expect(status).toBe(1);
    expect(stdout).toContain('"press-1" can send to "ear" on topics such as plant/press-1');
  });

  it('prints the published JSON for every question', async () => {
    const questions = [
      [],
      ['--hears', 'ear'],
      ['--reaches', 'press-1'],
      ['--stolen', 'press-1'],
      ['--isolated', 'press-1,ear'],
      ['--proposal', 'wider'],
    ];
    for (const question of questions) {
      const { stdout } = await run('reach', 'fleet', '-o', 'json', ...question);
      await conforms('policy-reach', JSON.parse(stdout));
    }
  });

  it('fails when a proposal connects what was apart', async () => {
    const { status, stdout } = await run('reach', 'fleet', '--proposal', 'wider');
    expect(status).toBe(1);
    expect(stdout).toContain('Newly reachable');
    expect((await run('reach', 'fleet', '--proposal', 'fleet')).status).toBe(0);
  });
});

describe('the command line', () => {
  it.each([
    [['lnt', 'x'], 2, 'did you mean lint?'],
    [['lint'], 2, 'needs a file or folder'],
    [['lint', '--outptu', 'json', 'x'], 2, 'did you mean --output?'],
    [['compare', 'old.json'], 2, 'needs BEFORE and AFTER'],
    [['compare', 'old.json', 'broken.json'], 3, 'broken.json:1:'],
    [['compare', 'old.json', 'none.json'], 3, 'no such file or folder'],
    [['eval', 'old.json', '--action', 'Pubish', '--resource', 'topic/a'], 2, 'did you mean Publish?'],
    [['eval', 'old.json', '--action', 'Publish', '--resource', 'topic/a', '--assume', 'x=y'], 2, 'knows no switch'],
    [['reach', 'fleet', '--hears', 'pres-1'], 2, 'did you mean press-1?'],
  ])('%j exits %i and says why', async (argv, status, text) => {
    const result = await run(...argv);
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(text);
    expect(result.stdout).toBe('');
  });

  it('teaches itself', async () => {
    expect((await run('--help')).stdout).toContain('fleetward policy compare old.json new.json');
    for (const name of ['eval', 'explain', 'compare', 'lint', 'reach']) {
      const { status, stdout } = await run(name, '--help');
      expect(status).toBe(0);
      expect(stdout).toContain('Exit status:');
    }
  });
});
