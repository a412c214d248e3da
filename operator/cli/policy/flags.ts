import { defaultSwitches, type GivenOptions, type PolicyDocument, type Switches } from '../../policy/index.ts';
import type { Parsed } from '../args/parse.ts';
import type { FlagSpec } from '../args/spec.ts';
import { UsageError } from '../exit.ts';

/** Flags that every sub-command takes: what the deployment is like. */
export const deploymentFlags: readonly FlagSpec[] = [
  {
    name: 'account',
    value: 'ID',
    summary: 'AWS account of the devices, 12 digits. Default: the one that the ARNs name most often.',
  },
  { name: 'region', value: 'REGION', summary: 'AWS region. Default: the one that the ARNs name most often.' },
  {
    name: 'partition',
    value: 'NAME',
    complete: ['aws', 'aws-cn', 'aws-us-gov'],
    summary: 'AWS partition. Default: that of the ARNs.',
  },
  {
    name: 'exclusive-things',
    summary: 'Certificates may be attached exclusively to a thing, so that the client ID may differ from its name.',
  },
  { name: 'no-exclusive-things', summary: 'No certificate is attached exclusively.' },
  {
    name: 'assume',
    value: 'SWITCH=VALUE',
    many: true,
    summary: 'Reading of a point that AWS leaves open; docs/policy-engine.md lists the switches.',
  },
];

export const outputFlagOf = (formats: readonly string[]): FlagSpec => ({
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  complete: formats,
  summary: `How to print: ${formats.join(', ')}. Default text.`,
});

function mostFrequent(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** Account, region and partition that the documents' own ARNs speak of: the likeliest deployment when nothing was said. */
export function deploymentOf(documents: readonly PolicyDocument[]): GivenOptions {
  const arns = documents.flatMap((document) =>
    document.statements.flatMap((statement) => statement.resources.map((resource) => resource.text.split(':'))),
  );
  const account = mostFrequent(arns.map((parts) => parts[4] ?? '').filter((text) => /^\d{12}$/.test(text)));
  const region = mostFrequent(
    arns.map((parts) => parts[3] ?? '').filter((text) => /^[a-z]{2,}(-[a-z]+)+-\d+$/.test(text)),
  );
  const partition = mostFrequent(arns.map((parts) => parts[1] ?? '').filter((text) => /^aws(-[a-z]+)*$/.test(text)));
  return { ...(account && { account }), ...(region && { region }), ...(partition && { partition }) };
}

function switchesFrom(given: readonly string[]): Partial<Switches> {
  const out: Record<string, unknown> = {};
  for (const text of given) {
    const equals = text.indexOf('=');
    const name = text.slice(0, Math.max(0, equals));
    const value = text.slice(equals + 1);
    if (!Object.hasOwn(defaultSwitches, name)) {
      throw new UsageError(
        `--assume knows no switch "${name || text}"; there are ${Object.keys(defaultSwitches).join(', ')}`,
      );
    }
    out[name] = value === 'true' ? true : value === 'false' ? false : value;
  }
  return out as Partial<Switches>;
}

/** Engine options from the flags, with what the documents suggest where nothing was said. */
export function optionsFrom(parsed: Parsed, documents: readonly PolicyDocument[]): GivenOptions {
  const account = parsed.text('account');
  if (account !== undefined && !/^\d{12}$/.test(account))
    throw new UsageError(`--account takes 12 digits, not "${account}"`);
  const region = parsed.text('region');
  const partition = parsed.text('partition');
  const exclusive = parsed.has('exclusive-things') ? true : parsed.has('no-exclusive-things') ? false : undefined;
  return {
    ...deploymentOf(documents),
    ...(account !== undefined && { account }),
    ...(region !== undefined && { region }),
    ...(partition !== undefined && { partition }),
    ...(exclusive !== undefined && { exclusiveThings: exclusive }),
    switches: switchesFrom(parsed.all('assume')),
  };
}
