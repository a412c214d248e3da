import type { KubeObject } from '../../api/meta.ts';
import type { CliIo } from '../io.ts';

/** Objects as kubectl prints them with `-o json` or `-o yaml`: one as itself, several as a List. */
export async function printDocuments(
  items: readonly KubeObject[],
  { one, output }: { readonly one: boolean; readonly output: 'json' | 'yaml' },
  io: CliIo,
): Promise<void> {
  const document = one && items.length === 1 ? items[0] : { apiVersion: 'v1', kind: 'List', items };
  if (output === 'json') {
    io.stdout(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  const { stringify } = await import('yaml');
  io.stdout(stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }));
}
