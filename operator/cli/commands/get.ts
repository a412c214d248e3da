import { resolve } from 'node:path';
import type { KubeObject } from '../../api/meta.ts';
import type { KindDefinition } from '../../api/schema-types.ts';
import { nearest } from '../../api/validation/nearest.ts';
import { StateFolderError } from '../../runtime/store/local/errors.ts';
import { type LocalReader, openLocalReader } from '../../runtime/store/local/reader.ts';
import { type Parsed, parseArguments } from '../args/parse.ts';
import { environment } from '../config/environment.ts';
import { CommandError, Exit, UsageError } from '../exit.ts';
import type { CliIo } from '../io.ts';
import type { ShownEvent } from '../output/describe.ts';
import { printDocuments } from '../output/documents.ts';
import { objectTable } from '../output/table.ts';
import { findKinds } from './find-kind.ts';
import { describeSpec, getSpec } from './look-spec.ts';

/** `fleetward get KIND [NAME…]`: a state folder as `kubectl get` would show it, also beside a running operator. */
export async function getCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(getSpec, argv);
  const [word, ...names] = args.positionals;
  if (word === undefined) throw new UsageError('Name a kind, for example: fleetward get devices');
  const kinds = findKinds(word);
  if (kinds.length > 1 && names.length > 0) throw new UsageError('A name needs exactly one kind');
  const found = readObjects(kinds, names, args, io);
  const output = args.text('output') ?? 'table';
  if (output === 'json' || output === 'yaml') {
    const items = found.flatMap(({ objects }) => objects);
    await printDocuments(items, { one: names.length === 1, output }, io);
    return Exit.ok;
  }
  if (found.every(({ objects }) => objects.length === 0)) {
    return none(kinds, io);
  }
  io.stdout(output === 'name' ? nameLines(found) : tables(found, { wide: output === 'wide', args }));
  return Exit.ok;
}

/** `fleetward describe KIND NAME`. */
export async function describeCommand(argv: readonly string[], io: CliIo): Promise<number> {
  const args = parseArguments(describeSpec, argv);
  const [word, ...names] = args.positionals;
  if (word === undefined) throw new UsageError('Name a kind, for example: fleetward describe device press-1');
  const kinds = findKinds(word);
  if (kinds.length > 1) throw new UsageError('describe shows one kind at a time');
  const { describeObject } = await import('../output/describe.ts');
  const found = readObjects(kinds, names, args, io);
  if (found.every(({ objects }) => objects.length === 0)) return none(kinds, io);
  const events = readEvents(args, io);
  const texts = found
    .flatMap(({ objects }) => objects)
    .map((object) => describeObject(object, Date.now(), events.get(object.metadata.uid ?? '')));
  io.stdout(texts.join('\n\n'));
  return Exit.ok;
}

function none(kinds: readonly KindDefinition[], io: CliIo): number {
  io.stderr(`There is no ${kinds.map(({ kind }) => kind).join(', ')} in this state folder.\n`);
  return Exit.ok;
}

interface Found {
  readonly definition: KindDefinition;
  readonly objects: readonly KubeObject[];
}

function readObjects(
  kinds: readonly KindDefinition[],
  names: readonly string[],
  args: Parsed,
  io: CliIo,
): readonly Found[] {
  const folder = resolve(io.cwd, args.text('state') ?? environment().state);
  using reader = openState(folder);
  const namespace = args.text('namespace');
  return kinds.map((definition) => {
    const all = reader.list(definition.kind, namespace);
    if (names.length === 0) return { definition, objects: all };
    return { definition, objects: names.flatMap((name) => named(all, name, definition)) };
  });
}

/** By uid of the object they are about, oldest first. */
function readEvents(args: Parsed, io: CliIo): Map<string, ShownEvent[]> {
  using reader = openState(resolve(io.cwd, args.text('state') ?? environment().state));
  const all = reader.list('Event', args.text('namespace')) as unknown as readonly ShownEvent[];
  const sorted = [...all].sort((a, b) => (a.eventTime < b.eventTime ? -1 : 1));
  return Map.groupBy(sorted, ({ regarding }) => regarding.uid ?? '');
}

function named(all: readonly KubeObject[], name: string, { singular }: KindDefinition): readonly KubeObject[] {
  const objects = all.filter(({ metadata }) => metadata.name === name);
  if (objects.length > 0) return objects;
  const guess = nearest(
    name,
    all.map(({ metadata }) => metadata.name),
  );
  const hint = guess === undefined ? '' : `; did you mean ${guess}?`;
  throw new CommandError(`There is no ${singular} "${name}" in this state folder${hint}`, Exit.bad);
}

function openState(folder: string): LocalReader {
  try {
    return openLocalReader(folder);
  } catch (error) {
    if (error instanceof StateFolderError) throw new CommandError(error.message, Exit.failed, error);
    throw error;
  }
}

function tables(found: readonly Found[], options: { readonly wide: boolean; readonly args: Parsed }): string {
  const { wide, args } = options;
  const shown = found.filter(({ objects }) => objects.length > 0);
  const namespaces = new Set(shown.flatMap(({ objects }) => objects.map(({ metadata }) => metadata.namespace)));
  return shown
    .map(({ definition, objects }) =>
      objectTable(definition, objects, {
        wide,
        namespaces: namespaces.size > 1,
        now: Date.now(),
        headers: !args.has('no-headers'),
        prefixed: shown.length > 1,
      }),
    )
    .join('\n');
}

function nameLines(found: readonly Found[]): string {
  return found
    .flatMap(({ definition, objects }) =>
      objects.map(({ metadata }) => `${definition.singular}.fleetward.dev/${metadata.name}\n`),
    )
    .join('');
}
