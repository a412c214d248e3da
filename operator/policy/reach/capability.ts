import { actionTable, findAction } from '../actions.ts';
import { compilePolicies, type PolicySet } from '../compile.ts';
import type { PolicyDocument } from '../document.ts';
import { evaluate } from '../evaluate.ts';
import { type Glob, showGlob } from '../glob.ts';
import { arnPrefix, type PolicyOptions } from '../options.ts';
import { type Context, keys, normaliseKey } from '../request.ts';
import { templateItems } from '../template.ts';
import { type Alphabet, alphabetOf } from './alphabet.ts';
import { matchedTopics } from './delivery.ts';
import { groundStatements } from './ground.ts';
import { type ActionLanguage, type ContextLanguages, contextLanguages } from './languages.ts';
import { combine, type Machine, shortestWord } from './machine.ts';

/** Topics as a machine, with what lets two of them be compared quickly. */
export interface TopicLanguage {
  readonly key: string;
  readonly machine: Machine;
  /** Beginnings of its words; a pair whose beginnings all clash is disjoint. */
  readonly heads: readonly Glob[];
}

/** What one device may do, over all sessions that its certificate can open. */
export interface Capability {
  readonly set: PolicySet;
  readonly context: Context;
  readonly publish: TopicLanguage;
  readonly delivery: TopicLanguage;
  readonly receive: TopicLanguage;
  /** Whether the certificate may connect under client IDs that it chooses itself. */
  readonly freeClientId: boolean;
  readonly directMessages: boolean;
}

const named = (name: string) => findAction(name)!;
const [publish, subscribe, receive, connect, direct] = [
  'iot:Publish',
  'iot:Subscribe',
  'iot:Receive',
  'iot:Connect',
  'iot:SendDirectMessage',
].map(named);
const messaging = actionTable.filter((action) => [publish, subscribe, receive, connect, direct].includes(action));
const clientIdKey = normaliseKey(keys.clientId);

/** One alphabet for all devices of a fleet: every letter of the patterns and of the values that stand in for devices. */
export function fleetAlphabet(documents: readonly PolicyDocument[], values: Iterable<string>): Alphabet {
  const texts = new Set(
    documents.flatMap((document) => document.statements.flatMap((one) => one.resources.map((r) => r.text))),
  );
  const letters = [...texts].map((text) => {
    const items = templateItems(text, { variables: true, wildcards: true });
    return new Int32Array(items.filter((item) => typeof item === 'number').filter((item) => item >= 0));
  });
  return alphabetOf(letters, values);
}

function allows(set: PolicySet, context: Context, clientId: string): boolean {
  const resource = `${arnPrefix(set.options)}client/${clientId}`;
  return (
    evaluate(set, { action: connect!.name, resource, context: { ...context, [keys.clientId]: clientId } }).decision ===
    'allowed'
  );
}

interface Session {
  readonly context: Context;
  readonly free: boolean;
}

/** A client ID that no policy and no device uses; who may take it may take any that fits the same pattern. */
function freeSession(
  set: PolicySet,
  context: Context,
  alphabet: Alphabet,
  options: PolicyOptions,
): Session | undefined {
  const { [keys.thingName]: thing, ...rest } = context;
  const bare = Object.fromEntries(
    Object.entries(rest).filter(([key]) => !normaliseKey(key).startsWith('iot:connection.thing.')),
  );
  const base = options.exclusiveThings && thing !== undefined ? context : bare;
  const free = new Set([clientIdKey]);
  const languages = sessionLanguages(set, { context: base, free: true }, alphabet, free);
  const ids = languages.language(connect!);
  const own = String(context[keys.clientId]);
  // The usual case, without a search: every Connect names one client ID, the device's own.
  const spelled = ids.refs('Allow').flatMap((ref) => ids.patterns(ref));
  if ([...ids.heads, ...spelled].every((glob) => showGlob(glob) === own)) return undefined;
  const found = shortestWord(ids.allowed, alphabet, 5_000);
  if (found.kind !== 'word' || (found.word === own && !ids.heads.some((head) => head.length < [...own].length)))
    return undefined;
  // The pattern may rest on conditions that the chosen ID does not meet: the evaluator has the last word.
  return allows(set, base, found.word) && found.word !== own ? { context: base, free: true } : undefined;
}

const none: ReadonlySet<string> = new Set();

function sessionLanguages(set: PolicySet, session: Session, alphabet: Alphabet, free = none): ContextLanguages {
  return contextLanguages({
    options: set.options,
    actions: messaging,
    ground: (action) => groundStatements(set, action, session.context, session.free ? free : none),
    letters: [],
    alphabet,
  });
}

function union(alphabet: Alphabet, parts: readonly TopicLanguage[]): TopicLanguage {
  const distinct = [...new Map(parts.map((part) => [part.key, part])).values()];
  return {
    key: distinct
      .map((part) => part.key)
      .sort()
      .join(' + '),
    machine: combine(
      alphabet,
      'or',
      distinct.map((part) => part.machine),
    ),
    heads: distinct.flatMap((part) => part.heads),
  };
}

const allowedBy = (language: ActionLanguage): TopicLanguage => ({
  key: language.key,
  machine: language.allowed,
  heads: language.heads,
});

function deliveryOf(alphabet: Alphabet, languages: ContextLanguages, options: PolicyOptions): TopicLanguage {
  const [filters, topics] = [languages.language(subscribe!), languages.language(receive!)];
  const matched = matchedTopics(filters.allowed, alphabet, options.switches.wildcardSkipsDollar);
  return {
    key: `${filters.key} > ${topics.key}`,
    machine: combine(alphabet, 'and', [topics.allowed, matched]),
    heads: topics.heads,
  };
}

/** Compiles policies once per list of documents; languages once per list and context. */
export function capabilities(documents: readonly PolicyDocument[], options: PolicyOptions, alphabet: Alphabet) {
  const sets = new Map<string, PolicySet>();
  const known = new Map<string, Capability>();
  const setOf = (policies: readonly number[]): PolicySet => {
    const key = policies.join();
    let set = sets.get(key);
    if (set === undefined) {
      set = compilePolicies(
        policies.map((index) => documents[index]!),
        options,
      );
      sets.set(key, set);
    }
    return set;
  };
  return (policies: readonly number[], context: Context): Capability => {
    const key = `${policies.join()} ${JSON.stringify(context)}`;
    let capability = known.get(key);
    if (capability === undefined) {
      capability = capabilityOf(setOf(policies), context, alphabet);
      known.set(key, capability);
    }
    return capability;
  };
}

function capabilityOf(set: PolicySet, context: Context, alphabet: Alphabet): Capability {
  const own: Session = { context, free: false };
  const connects = allows(set, context, String(context[keys.clientId]));
  const chosen = freeSession(set, context, alphabet, set.options);
  const sessions = [...(connects ? [own] : []), ...(chosen === undefined ? [] : [chosen])];
  const languages = sessions.map((session) => sessionLanguages(set, session, alphabet, new Set([clientIdKey])));
  // Publishing and direct messages go over HTTPS as well, without a connection.
  const sending = connects ? languages : [sessionLanguages(set, own, alphabet), ...languages];
  return {
    set,
    context,
    publish: union(
      alphabet,
      sending.map((one) => allowedBy(one.language(publish!))),
    ),
    delivery: union(
      alphabet,
      languages.map((one) => deliveryOf(alphabet, one, set.options)),
    ),
    receive: union(
      alphabet,
      languages.map((one) => allowedBy(one.language(receive!))),
    ),
    freeClientId: chosen !== undefined,
    directMessages: (set.byAction.get(direct!.name) ?? []).some((statement) => statement.effect === 'Allow'),
  };
}

function clash(a: Glob, b: Glob): boolean {
  const end = Math.min(a.length, b.length);
  for (let at = 0; at < end; at += 1) if (a[at] !== b[at]) return true;
  return false;
}

/** Whether the beginnings alone show that no topic is in both. */
export function cannotMeet(left: TopicLanguage, right: TopicLanguage): boolean {
  return left.heads.every((a) => right.heads.every((b) => clash(a, b)));
}
