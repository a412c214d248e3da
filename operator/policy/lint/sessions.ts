import { arnPrefix, type PolicyOptions } from '../options.ts';
import { type Context, keys, normaliseKey, type Request } from '../request.ts';
import { isValid, thingNames, validityOf } from '../valid.ts';
import type { StatementView } from './model.ts';
import { clientIdKey, deviceContext, evade, type Names, satisfy } from './scenario.ts';

interface BaseInput {
  readonly statements: readonly StatementView[];
  readonly texts: readonly string[];
  readonly names: Names;
  readonly options: PolicyOptions;
}

/**
 * The devices that the checks imagine: one that connects under its thing name, ones without a thing under each client ID that a
 * Connect statement suggests, and, where exclusive attachment is in use, a thing under another client ID. Conditions of Connect
 * statements are met where one value can do it.
 */
export function baseContexts({ statements, texts, names, options }: BaseInput): Context[] {
  const thing = deviceContext(texts, { clientId: names.own, thing: names.own });
  const connects = statements.filter((view) => view.statement.effect === 'Allow' && mayConnect(view));
  const denies = statements.filter((view) => view.statement.effect === 'Deny');
  const naming = [...connects, ...denies.filter(mayConnect)];
  const bare = deviceContext(texts, { clientId: 'c', thing: undefined });
  const ids = new Set(['c', ...naming.flatMap((view) => suggestedIds(view, bare))]);
  // What is refused may be names as short as the first.
  const longer = naming.some(refusesIds) ? [names.own] : [];
  const plain = [...ids, ...longer].map((clientId) => deviceContext(texts, { clientId, thing: undefined }));
  const named = [...ids]
    .filter((id) => id !== 'c' && isValid(thingNames, id))
    .map((id) => deviceContext(texts, { clientId: id, thing: id }));
  const others = new Set(['c', ...naming.flatMap((view) => suggestedIds(view, thing))]);
  const exclusive = options.exclusiveThings ? [...others].map((id) => ({ ...thing, [keys.clientId]: id })) : [];
  const bases = [thing, ...named, ...plain, ...exclusive];
  const met = connects.map((view) => bases.map((context) => satisfy(view.statement, context)));
  const metByNamed = connects.map((view) => {
    const own = new Set([...suggestedIds(view, bare), ...suggestedIds(view, thing)]);
    return bases
      .filter((context) => own.has(String(context[keys.clientId])))
      .map((context) => satisfy(view.statement, context));
  });
  const imagined = [[thing], named, plain, exclusive];
  const known = inTurns([...met, ...imagined, ...metByNamed]);
  const evading = (view: StatementView, context: Context): Context => evade(view.statement, context) ?? context;
  const evaded = denies.map((view) => known.map((context) => evading(view, context)));
  const evadedAll = known.map((context) => denies.reduce((left, view) => evading(view, left), context));
  return inTurns([...imagined, ...met, ...evaded, evadedAll, ...metByNamed]);
}

/**
 * Different contexts in the order of the lists. Where they are too many, each list gives its first, then each its second, and so on: a long
 * list of client IDs must not crowd out the device inside the network that a Deny spares.
 */
function inTurns(lists: readonly (readonly Context[])[]): Context[] {
  const chosen = new Set<string>();
  const longest = Math.max(0, ...lists.map((list) => list.length));
  for (let place = 0; place < longest; place += 1)
    for (const list of lists) {
      const context = list[place];
      if (context !== undefined && chosen.size < maxContexts) chosen.add(JSON.stringify(context));
    }
  const different = new Map(lists.flat().map((context) => [JSON.stringify(context), context]));
  return [...different].filter(([key]) => chosen.has(key)).map(([, context]) => context);
}

/** More than most documents suggest; keeps hostile ones cheap. */
const maxContexts = 40;

function mayConnect(view: StatementView): boolean {
  return (
    view.statement.actionMode === 'NotAction' || view.statement.actions.some((action) => matchesConnect(action.text))
  );
}

function refusesIds({ statement: { effect, conditions } }: StatementView): boolean {
  const negated = conditions.some(({ key, operator }) => normaliseKey(key) === clientIdKey && /not/i.test(operator));
  return effect === 'Deny' || negated;
}

function matchesConnect(pattern: string): boolean {
  const lower = pattern.toLowerCase();
  return lower.includes('*') || lower.includes('?') || lower === 'iot:connect';
}

/** How deep topics may be says nothing about client IDs. */
const clientIds = validityOf('client', 0);

/** Client IDs that a statement on Connect lets through by name: its literals, and one example where it has wildcards. */
function suggestedIds(view: StatementView, context: Context): string[] {
  const values = new Map(Object.entries(context).map(([key, value]) => [normaliseKey(key), value]));
  const { effect, resourceMode, resources, conditions } = view.statement;
  const spares = (exception: boolean): boolean => effect === 'Allow' || exception;
  const fromResources = resources.flatMap(({ text }) => {
    if (!spares(resourceMode === 'NotResource')) return [];
    const at = text.indexOf(':client/');
    return at < 0 ? [] : [text.slice(at + ':client/'.length)];
  });
  const fromConditions = conditions
    .filter(({ key, operator }) => normaliseKey(key) === clientIdKey && spares(/not/i.test(operator)))
    .flatMap((entry) => entry.values.map((value) => value.text));
  return [...fromResources, ...fromConditions].flatMap((pattern) => {
    const id = pattern
      .replace(/\$\{([^}]*)\}/g, (_, name: string) => {
        const value = values.get(normaliseKey(name.trim()));
        return typeof value === 'string' ? value : '\u0000';
      })
      .replace(/[*?]/g, 'x');
    // U+0000 stands for what did not resolve, and is in no client ID either.
    return isValid(clientIds, id) ? [id] : [];
  });
}

/** Whether a device in this context may open a connection, by the same documents. */
export function connectsSomehow(
  context: Context,
  options: PolicyOptions,
  allows: (request: Request) => boolean,
): boolean {
  return allows({
    action: 'iot:Connect',
    resource: `${arnPrefix(options)}client/${String(context[keys.clientId])}`,
    context,
  });
}
