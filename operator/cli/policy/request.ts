import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { nearest } from '../../api/validation/nearest.ts';
import type { GivenOptions } from '../../policy/index.ts';
import {
  actionTable,
  arnPrefix,
  arnTypePrefix,
  type Context,
  findAction,
  type PolicyOptions,
  type Request,
  withDefaults,
} from '../../policy/index.ts';
import type { Parsed } from '../args/parse.ts';
import type { FlagSpec } from '../args/spec.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import { record } from './load.ts';

/** Flags that describe a request. */
export const requestFlags: readonly FlagSpec[] = [
  {
    name: 'action',
    value: 'ACTION',
    summary: 'What is asked for, for example iot:Publish (iot: may be left out).',
  },
  {
    name: 'resource',
    value: 'ARN',
    summary: 'On what: a whole ARN, or what stands behind the account, for example topic/a/b or topicfilter/a/#.',
  },
  {
    name: 'context',
    value: 'KEY=VALUE',
    many: true,
    summary: 'A context key of the request, for example iot:ClientId=dev1. Several values: separate them with commas.',
  },
  {
    name: 'thing',
    value: 'NAME',
    summary: 'Short for a device that is connected as this thing: thing name and client ID.',
  },
  {
    name: 'requests',
    value: 'FILE',
    complete: 'file',
    summary: 'JSON file with a list of requests {action, resource, context}, in place of the flags above.',
  },
];

/** The action as the table spells it; a prefix that was left out is filled in. */
function actionFrom(text: string): string {
  const found = findAction(text) ?? findAction(`iot:${text}`) ?? findAction(`iotjobsdata:${text}`);
  if (found !== undefined) return found.name;
  const guess = nearest(
    text,
    actionTable.flatMap(({ name }) => [name, name.slice(name.indexOf(':') + 1)]),
  );
  throw new UsageError(
    `AWS IoT has no device action "${text}"${guess === undefined ? '' : `; did you mean ${guess}?`}`,
  );
}

function resourceFrom(text: string | undefined, action: string, options: PolicyOptions): string {
  const type = arnTypePrefix(findAction(action)?.resource ?? 'none');
  if (type === undefined) return text ?? '*';
  if (text === undefined) throw new UsageError(`${action} needs --resource, for example ${type}…`);
  return text.startsWith('arn:') ? text : arnPrefix(options) + text;
}

const listKeys = /\.list$|^iot:connectattributes$/i;

function contextFrom(parsed: Parsed): Context {
  const context: Record<string, string | readonly string[]> = {};
  const thing = parsed.text('thing');
  if (thing !== undefined) Object.assign(context, { 'iot:ClientId': thing, 'iot:Connection.Thing.ThingName': thing });
  for (const text of parsed.all('context')) {
    const equals = text.indexOf('=');
    if (equals <= 0) throw new UsageError(`--context takes KEY=VALUE, not "${text}"`);
    const [key, value] = [text.slice(0, equals), text.slice(equals + 1)];
    context[key] = listKeys.test(key) ? value.split(',') : value;
  }
  return context;
}

/** The requests that the command line asks about. */
export async function requestsFrom(parsed: Parsed, given: GivenOptions, cwd: string): Promise<readonly Request[]> {
  const options = withDefaults(given);
  const file = parsed.text('requests');
  if (file !== undefined) return requestsInFile(file, options, cwd);
  const action = parsed.text('action');
  if (action === undefined) throw new UsageError('which request? Give --action and --resource, or --requests FILE');
  const name = actionFrom(action);
  return [
    { action: name, resource: resourceFrom(parsed.text('resource'), name, options), context: contextFrom(parsed) },
  ];
}

async function requestsInFile(file: string, options: PolicyOptions, cwd: string): Promise<readonly Request[]> {
  const text = await readFile(resolve(cwd, file), 'utf8').catch((cause: unknown) => {
    throw new CommandError(`${file} cannot be read`, Exit.failed, cause);
  });
  const list = parsed(text, file);
  return list.map((item, index) => {
    try {
      return requestOf(item, options);
    } catch (cause) {
      if (!(cause instanceof UsageError)) throw cause;
      throw new CommandError(`${file}: request ${index}: ${cause.message}`, Exit.failed, cause);
    }
  });
}

const members = ['action', 'resource', 'context'];

/** Throws a UsageError for anything that would be passed over: a request that lacks what was meant is another request. */
function requestOf(item: unknown, options: PolicyOptions): Request {
  const fields = record(item);
  const unknown = Object.keys(fields).find((key) => !members.includes(key));
  if (unknown !== undefined) {
    const meant = nearest(unknown, members);
    throw new UsageError(
      `a request has no member "${unknown}"${meant === undefined ? `, only ${members.join(', ')}` : `; did you mean ${meant}?`}`,
    );
  }
  const { action, resource, context = {} } = fields;
  if (typeof action !== 'string') throw new UsageError('it has no action');
  const name = actionFrom(action);
  const needed = arnTypePrefix(findAction(name)?.resource ?? 'none');
  if (resource !== undefined && typeof resource !== 'string') throw new UsageError('its resource must be a string');
  if (resource === undefined && needed !== undefined)
    throw new UsageError(`${name} needs a resource, for example ${needed}…`);
  if (typeof context !== 'object' || context === null || Array.isArray(context))
    throw new UsageError('its context must be an object of keys and values');
  return { action: name, resource: resourceFrom(resource, name, options), context: contextOf(context) };
}

function parsed(text: string, file: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [value];
  } catch (cause) {
    throw new CommandError(
      `${file} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`,
      Exit.failed,
      cause,
    );
  }
}

function contextOf(value: object): Context {
  const entries = Object.entries(record(value));
  for (const [key, one] of entries) {
    const fine = typeof one === 'string' || (Array.isArray(one) && one.every((part) => typeof part === 'string'));
    if (!fine) throw new UsageError(`${key} must be a string or a list of strings`);
  }
  return Object.fromEntries(entries) as Context;
}
