/** What a user did, from the audit log of the API server. */
import { readFile } from 'node:fs/promises';

interface Entry {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string; readonly apiGroup?: string };
  readonly responseStatus?: { readonly code?: number };
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
): Promise<{ permitted: Set<string>; refused: Set<string> }> {
  const permitted = new Set<string>();
  const refused = new Set<string>();
  for (const line of (await readFile(auditLog, 'utf8')).split('\n')) {
    if (!line.includes(user)) continue;
    const entry = JSON.parse(line) as Entry;
    if (entry.user.username !== user || entry.objectRef?.resource === undefined) continue;
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
