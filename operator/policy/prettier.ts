import type { PolicySet } from './compile.ts';
import { keys, type Request } from './request.ts';
import type { Witness } from './verdict.ts';
import { confirmRequest, type Found } from './witness.ts';

/**
 * The same witness with names that people recognise: single odd letters that stand for a thing or client become `dev1`, `c1`, or a
 * name of the fleet where one fits. Each attempt is judged by the evaluator again; the plain witness stays if none holds.
 */
export function prettier(witness: Witness, found: Found, allows: PolicySet, refuses: PolicySet): Witness {
  let best = witness;
  for (const [from, to] of renames(witness, allows)) {
    const request = renamed(best, from, to);
    const confirmed = request === undefined ? undefined : confirmRequest(request, found, allows, refuses);
    if (confirmed !== undefined) best = confirmed;
  }
  // Nobody recognises a name that ends with a slash; names near AWS's limits of 128 and 256 bytes stay as they are.
  if (!best.resource.endsWith('/') || best.resource.length >= 150) return best;
  const { action, resource, context } = best;
  const client = context[keys.clientId];
  const own = action === 'iot:Connect' && typeof client === 'string' ? { [keys.clientId]: `${client}x` } : {};
  const longer = { action, resource: `${resource}x`, context: { ...context, ...own } };
  return confirmRequest(longer, found, allows, refuses) ?? best;
}

function renames(witness: Witness, set: PolicySet): [string, string][] {
  const thing = witness.context[keys.thingName];
  const client = witness.context[keys.clientId];
  const [first = 'dev1', second] = set.options.preferredNames;
  const out: [string, string][] = [];
  if (typeof thing === 'string') out.push([thing, first]);
  if (typeof client === 'string' && client !== thing) out.push([client, second ?? 'c1']);
  return out.filter(([from]) => from.length <= 2);
}

/** Replaces a value in the context and, once in each level, in the resource. */
function renamed(request: Request, from: string, to: string): Request | undefined {
  if (from === to) return undefined;
  const context = Object.fromEntries(
    Object.entries(request.context).map(([key, value]) => [key, value === from ? to : value]),
  );
  const slash = request.resource.indexOf('/');
  const head = request.resource.slice(0, slash + 1);
  const name = request.resource
    .slice(slash + 1)
    .split('/')
    .map((level) => level.replace(from, to));
  // On Connect the name asked for is the client ID, whatever it is called.
  const client = context[keys.clientId];
  const tail = request.action === 'iot:Connect' && typeof client === 'string' ? client : name.join('/');
  return { action: request.action, resource: head + tail, context };
}
