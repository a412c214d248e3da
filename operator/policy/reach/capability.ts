import { actionTable, findAction } from '../actions.ts';
import { compilePolicies, type PolicySet } from '../compile.ts';
import type { PolicyDocument } from '../document.ts';
import { evaluate } from '../evaluate.ts';
import { type Glob, literalGlob, plainText, showGlob } from '../glob.ts';
import { arnPrefix, type PolicyOptions } from '../options.ts';
import { type Context, keys, normaliseKey } from '../request.ts';
import { templateItems } from '../template.ts';
import { isValid, validityOf } from '../valid.ts';
import { type Alphabet, alphabetOf } from './alphabet.ts';
import { matchedTopics } from './delivery.ts';
import { globMachine } from './globs.ts';
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
    return new Int32Array(items.filter((item) => typeof item === 'number'));
  });
  return alphabetOf(letters, values);
}

/** Whether a client may connect that calls itself so, and may call itself so. */
function allows(set: PolicySet, context: Context, clientId: string): boolean {
  if (!isValid(validityOf('client', set.options.maxSlashes), clientId)) return false;
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

/** So many client IDs that policies list are looked at one by one; who may take more of them counts as free to take any. */
const maxListed = 8;

/**
 * The sessions under other client IDs than the device's own: one for each ID that policies spell out, or one that stands for all where a
 * pattern leaves the choice.
 */
function otherSessions(set: PolicySet, context: Context, alphabet: Alphabet): readonly Session[] {
  const bare = Object.fromEntries(
    Object.entries(context).filter(([key]) => !normaliseKey(key).startsWith('iot:connection.thing.')),
  );
  const base = set.options.exclusiveThings ? context : bare;
  const free: Session = { context: base, free: true };
  const ids = sessionLanguages(set, free, alphabet, new Set([clientIdKey])).language(connect!);
  const own = String(context[keys.clientId]);
  const spelled = ids.refs('Allow').flatMap((ref) => ids.patterns(ref));
  // The usual case, without a search: every Connect names one client ID, the device's own.
  if ([...ids.heads, ...spelled].every((glob) => showGlob(glob) === own)) return [];
  const literals = spelled.filter((glob) => glob.every((token) => token >= 0)).map(plainText);
  const listed = [...new Set(literals)].filter((id) => id !== own && allows(set, base, id));
  const known = globMachine([own, ...listed].map(literalGlob), alphabet);
  const found = shortestWord(combine(alphabet, 'minus', [ids.allowed, known]), alphabet, 5_000);
  // The chosen ID may fail conditions that the device's own with a letter more meets: the evaluator has the last word.
  const chosen = found.kind === 'word' && [found.word, own + found.word].some((id) => allows(set, base, id));
  if (chosen || found.kind === 'undecided' || listed.length > maxListed) return [free];
  return listed.map((id) => ({ context: { ...base, [keys.clientId]: id }, free: false }));
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
  const others = otherSessions(set, context, alphabet);
  const sessions = [...(connects ? [own] : []), ...others];
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
    freeClientId: others.length > 0,
    directMessages: set.byAction.get(direct!.name)!.some((statement) => statement.effect === 'Allow'),
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
