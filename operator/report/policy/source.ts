import type { PolicyDocument, Position, Request, StatementRef } from '../../policy/index.ts';

/** A policy document and the file it came from, for "file:line" in reports. */
export interface PolicySource {
  /** As the user would write it on the command line. */
  readonly path: string;
  /** Policy name of a manifest, or the file's. */
  readonly name: string;
  /** Of a manifest: `metadata.name`, by which other manifests refer to it. */
  readonly reference?: string;
  readonly document: PolicyDocument;
}

/** `file:line:column`, or the file alone. */
export function place(source: PolicySource | undefined, at: Position | undefined): string {
  const path = source?.path ?? 'policy';
  return at === undefined ? path : `${path}:${at.line}:${at.column}`;
}

/** What stands behind the account in an ARN; the whole text when it is no ARN. */
export function shortArn(resource: string): string {
  const masked = resource.replace(/\$\{[^}]*\}/g, (variable) => variable.replaceAll(':', '\u0001'));
  const parts = masked.split(':');
  return parts.length < 6 ? resource : parts.slice(5).join(':').replaceAll('\u0001', ':');
}

function listed(texts: readonly string[], max: number): string {
  const shown = texts.slice(0, max).join(', ');
  return texts.length > max ? `${shown} and ${texts.length - max} more` : shown;
}

/** `Deny iot:Subscribe on topicfilter/a/*`: a statement in one line. */
export function statementLine(sources: readonly PolicySource[], ref: StatementRef): string {
  const statement = sources[ref.document]?.document.statements[ref.statement];
  if (statement === undefined) return `statement ${ref.statement}`;
  const actions = listed(
    statement.actions.map((action) => action.text),
    3,
  );
  const resources = listed(
    statement.resources.map((resource) => shortArn(resource.text)),
    2,
  );
  const not = statement.resourceMode === 'NotResource' ? 'everything but ' : '';
  const condition = statement.conditions.length === 0 ? '' : ', under a condition';
  return `${statement.effect} ${statement.actionMode === 'NotAction' ? 'all but ' : ''}${actions} on ${not}${resources}${condition}`;
}

/** `policy.json:12:5`: where a statement stands. */
export function statementPlace(sources: readonly PolicySource[], ref: StatementRef): string {
  const source = sources[ref.document];
  return place(source, source?.document.statements[ref.statement]?.at);
}

const thingKey = 'iot:Connection.Thing.ThingName';
const clientKey = 'iot:ClientId';

/** Who makes a request, in words. */
export function whoAsks(request: Request): string {
  const { [thingKey]: thing, [clientKey]: client, ...rest } = request.context;
  const who =
    thing === undefined
      ? `a client${client === undefined ? '' : ` with ID "${String(client)}"`} that is no attached thing`
      : thing === client || client === undefined
        ? `the device of thing "${String(thing)}"`
        : `the device of thing "${String(thing)}" under client ID "${String(client)}"`;
  const more = Object.entries(rest).map(
    ([key, value]) => `${key} = ${Array.isArray(value) ? value.join(', ') : String(value)}`,
  );
  return more.length === 0 ? who : `${who}, ${more.join(', ')}`;
}

/** A request in the form of the published schemas: nothing but these three members. */
export interface PlainRequest {
  readonly action: string;
  readonly resource: string;
  readonly context: Request['context'];
}

export function plainRequest(request: Request): PlainRequest {
  return { action: request.action, resource: request.resource, context: request.context };
}

/** Breaks a paragraph into lines of at most `width` characters, each behind `indent`. */
export function paragraph(text: string, indent: string, width = 100): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(indent + line);
  return lines.join('\n');
}
