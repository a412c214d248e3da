/** What a user did, from the audit log of the API server. */
import { readFile } from 'node:fs/promises';

interface Entry {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp?: string;
}

export interface Write {
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly name: string;
  readonly code: number;
  /** Milliseconds since the epoch when the request came. */
  readonly at: number;
}

const WRITES = new Set(['create', 'update', 'patch', 'delete']);

/** Complete ones: the server may be in the middle of writing another. */
async function linesOf(auditLog: string): Promise<readonly string[]> {
  return (await readFile(auditLog, 'utf8')).split('\n').slice(0, -1);
}

/** What operators wrote in a namespace, in order; refused and failed requests are writes as well. */
export async function writesIn(namespace: string, auditLog: string): Promise<readonly Write[]> {
  const writes: Write[] = [];
  for (const line of await linesOf(auditLog)) {
    if (!line.includes('"userAgent":"fleetward') || !line.includes(`"namespace":"${namespace}"`)) continue;
    const { verb, objectRef, responseStatus, requestReceivedTimestamp } = JSON.parse(line) as Entry;
    if (!WRITES.has(verb) || objectRef?.namespace !== namespace) continue;
    writes.push({
      verb,
      resource: objectRef.resource ?? '',
      subresource: objectRef.subresource,
      name: objectRef.name ?? '',
      code: responseStatus?.code ?? 0,
      at: Date.parse(requestReceivedTimestamp ?? ''),
    });
  }
  return writes;
}

export interface Grant {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly verbs: readonly string[];
}

/** `verb group/resource[/subresource]` of every request that was permitted, and of those that were refused. */
export async function usedBy(
  user: string,
  auditLog: string,
  since = 0,
): Promise<{ permitted: Set<string>; refused: Set<string> }> {
  const permitted = new Set<string>();
  const refused = new Set<string>();
  for (const line of await linesOf(auditLog)) {
    if (!line.includes(user)) continue;
    const entry = JSON.parse(line) as Entry;
    if (entry.user.username !== user || entry.objectRef?.resource === undefined) continue;
    if (Date.parse(entry.requestReceivedTimestamp ?? '') < since) continue;
    const { apiGroup = '', resource, subresource } = entry.objectRef;
    const place = `${apiGroup}/${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    const code = entry.responseStatus?.code ?? 0;
    (code === 403 ? refused : permitted).add(`${entry.verb} ${place}`);
    // An apply that makes an object needs `create` as well, although the log calls it a patch.
    if (entry.verb === 'patch' && code === 201) permitted.add(`create ${place}`);
  }
  return { permitted, refused };
}

export function grantsOf(rules: readonly Grant[]): Set<string> {
  return new Set(
    rules.flatMap(({ apiGroups = [], resources = [], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    ),
  );
}
