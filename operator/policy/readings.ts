import { actionTable } from './actions.ts';
import { mayHoldSeveral } from './candidates.ts';
import { hasVariables, type PolicyDocument, type Statement } from './document.ts';
import { globOf, matches } from './glob.ts';
import type { PolicyOptions, Switches } from './options.ts';
import { isThingKey, normaliseKey } from './request.ts';
import type { Level } from './verdict.ts';

/** Another reading of undocumented behaviour under which the documents may mean something else. */
export interface Reading {
  readonly name: keyof Switches;
  readonly question: string;
  readonly options: PolicyOptions;
}

interface Probe {
  readonly question: string;
  readonly other: Partial<Switches>;
  /** Whether the switch can matter for these documents at all; keeps comparisons from running again for nothing. */
  readonly touches: (text: Texts) => boolean;
}

interface Texts {
  readonly documents: readonly PolicyDocument[];
  readonly statements: readonly Statement[];
  readonly resources: readonly string[];
  readonly conditionKeys: readonly string[];
  /** Values of conditions that take wildcards. */
  readonly likeValues: readonly string[];
  readonly all: readonly string[];
  readonly level: Level;
}

const mentions = (texts: readonly string[], pattern: RegExp): boolean => texts.some((text) => pattern.test(text));
const anyThingKey = (text: Texts): boolean =>
  mentions(text.all, /\$\{\s*iot:connection\.thing\./i) || text.conditionKeys.some(isThingKey);
const wildAction = (text: Texts): boolean =>
  text.statements.some((one) => one.actions.some((action) => /[*?]/.test(action.text)));
const httpActions = actionTable.filter((action) => action.plane === 'http').map((action) => action.name);
const lists = ['iot:ListNamedShadowsForThing', 'iot:ListRetainedMessages'];

const probes: Readonly<Partial<Record<keyof Switches, Probe>>> = {
  actionCase: {
    question: 'Action names are taken to compare without case.',
    other: { actionCase: 'sensitive' },
    touches: ({ statements }) => statements.some((one) => one.actions.some(({ text }) => isMiscased(text))),
  },
  thingNameNeedsAttachment: {
    question: 'The thing name is taken to resolve only for a certificate attached to the thing.',
    other: { thingNameNeedsAttachment: false },
    touches: ({ conditionKeys, all }) =>
      mentions(conditionKeys, /^iot:connection\.thing\.isattached$/i) ||
      mentions(all, /\$\{\s*iot:connection\.thing\.isattached/i),
  },
  substitutedWildcards: {
    question: 'Wildcard characters inside a substituted value are taken as plain characters.',
    other: { substitutedWildcards: 'glob' },
    touches: ({ resources }) =>
      mentions(resources, /\$\{\s*(?!iot:connection\.thing\.(?:thing(?:type)?name|attributes))[a-z]/i),
  },
  unresolvedNotResource: {
    question:
      'A NotResource whose variable does not resolve is taken to match nothing, so that the statement covers everything.',
    other: { unresolvedNotResource: 'statementInert' },
    touches: ({ statements }) =>
      statements.some(
        (one) => one.resourceMode === 'NotResource' && one.resources.some(({ text }) => text.includes('${')),
      ),
  },
  starCrossesColons: {
    question: 'A star in an ARN is taken to run across colons.',
    other: { starCrossesColons: false },
    touches: ({ resources }) =>
      resources.some((text) => text !== '*' && /[*?]/.test(text.split(':').slice(0, 5).join())),
  },
  oldVersion: {
    question: 'Version 2008-10-17 is taken to be accepted, with variables as plain text.',
    other: { oldVersion: 'refused' },
    touches: ({ documents }) => !documents.every(hasVariables),
  },
  notAction: {
    question: 'NotAction is taken to be accepted, with the meaning that it has in IAM.',
    other: { notAction: 'refused' },
    touches: ({ statements }) => statements.some((one) => one.actionMode === 'NotAction'),
  },
  listResource: {
    question:
      'ListNamedShadowsForThing and ListRetainedMessages are taken to be checked against the resource "*" alone.',
    other: { listResource: 'narrow' },
    touches: ({ statements, level }) =>
      level !== 'delivery' &&
      statements.some(
        (one) => one.actionMode === 'NotAction' || one.actions.some(({ text }) => namesOneOf(text, lists)),
      ) &&
      statements.some((one) => one.resources.some(({ text }) => text !== '*')),
  },
  thingVariablesOnHttps: {
    question: 'Thing variables are taken to resolve on HTTPS calls as well.',
    other: { thingVariablesOnHttps: false },
    touches: (text) =>
      text.level !== 'delivery' &&
      anyThingKey(text) &&
      text.statements.some(
        (one) => one.actionMode === 'NotAction' || one.actions.some((action) => namesOneOf(action.text, httpActions)),
      ),
  },
  wildcardSkipsDollar: {
    question: 'A wildcard at the first level of a filter is taken to skip every topic that begins with $.',
    other: { wildcardSkipsDollar: false },
    touches: ({ level }) => level === 'delivery',
  },
  starIncludesClientActions: {
    question: 'iot:* is taken to include SendDirectMessage and DeleteConnection.',
    other: { starIncludesClientActions: false },
    touches: (text) => text.level !== 'delivery' && wildAction(text),
  },
  negationOfList: {
    question:
      'A negated operator without ForAllValues or ForAnyValue is taken to hold of a key with several values where none of them is named.',
    other: { negationOfList: 'oneUnnamed' },
    touches: ({ statements }) => negatesList(statements),
  },
};

/** Whether a plain negated operator is used on a key that may have several values. */
function negatesList(statements: readonly Statement[]): boolean {
  const entries = statements.flatMap((statement) => statement.conditions);
  return entries.some(({ operator, key }) => {
    if (!/^(?:(?:string|arn|numeric|date)not|notip)/i.test(operator)) return false;
    const name = normaliseKey(key);
    const isSet = (entry: (typeof entries)[number]): boolean =>
      /^for(?:all|any)/i.test(entry.operator) && normaliseKey(entry.key) === name;
    return mayHoldSeveral(name, () => entries.some(isSet));
  });
}

/** Questions for which no second comparison is made: where the documents touch one, the verdict rests on it outright. */
const openQuestions: readonly { readonly touches: (text: Texts) => boolean; readonly question: string }[] = [
  {
    question: 'A ? in a pattern is taken to stand for one character, not for one byte of UTF-8 (switch questionMark).',
    touches: ({ resources, likeValues, all }) =>
      mentions([...resources, ...likeValues], /\?/) && mentions(all, /\P{ASCII}/u),
  },
  {
    question:
      "A default in a policy variable, ${key, 'default'}, is taken to work as in IAM; AWS IoT does not document it.",
    touches: ({ all }) => mentions(all, /\$\{[^},]*,[^}]*\}/),
  },
  {
    question:
      'A shared subscription $share/<group>/<filter> is taken to be checked under its whole name, and not to carry messages past a Deny (switch sharedSubscription).',
    touches: ({ statements, resources, level }) =>
      resources.some((text) => text.includes('$share')) ||
      (level === 'delivery' && statements.some(mayAllowShared) && statements.some((one) => one.effect === 'Deny')),
  },
];

/**
 * Whether the statement may allow a filter that begins with `$share/`. Where none does, both readings agree: checked under the whole
 * name such a subscription is refused, and checked without its prefix it is the plain filter.
 */
function mayAllowShared(statement: Statement): boolean {
  if (statement.effect !== 'Allow') return false;
  const named = statement.actions.some(({ text }) => /subscribe|[*?]/i.test(text));
  if (statement.actionMode === 'Action' && !named) return false;
  if (statement.resourceMode === 'NotResource') return true;
  return statement.resources.some(({ text }) => {
    const behind = /^arn:[^*?]*?:topicfilter\/(.*)$/s.exec(text)?.[1];
    return behind === undefined ? /[*?]/.test(text) : /^(?:[*?]|\$)/.test(behind);
  });
}

/** Assumptions that cannot be put to the test here. */
export function untestedAssumptions(documents: readonly PolicyDocument[], level: Level): string[] {
  const text = textsOf(documents, level);
  return openQuestions.filter((one) => one.touches(text)).map((one) => one.question);
}

/** Whether the pattern names an action only as long as letter case does not count. */
function isMiscased(text: string): boolean {
  return actionTable.some(({ name }) => namesOneOf(text, [name]) && !matches(globOf(text), name));
}

/** Letter case aside. */
function namesOneOf(text: string, names: readonly string[]): boolean {
  const pattern = globOf(text.toLowerCase());
  return names.some((name) => matches(pattern, name.toLowerCase()));
}

/** The other readings that are worth a second comparison. */
export function readingsThatMatter(
  documents: readonly PolicyDocument[],
  options: PolicyOptions,
  level: Level,
): Reading[] {
  const text = textsOf(documents, level);
  const out: Reading[] = [];
  for (const [name, probe] of Object.entries(probes))
    if (probe.touches(text) && isSwitch(name))
      out.push({
        name,
        question: probe.question,
        options: { ...options, switches: { ...options.switches, ...probe.other } },
      });
  return out;
}

function textsOf(documents: readonly PolicyDocument[], level: Level): Texts {
  const statements = documents.flatMap((document) => document.statements);
  const resources = statements.flatMap((statement) => statement.resources.map((resource) => resource.text));
  const conditions = statements.flatMap((statement) => statement.conditions);
  const valuesOf = (list: typeof conditions): string[] => list.flatMap((one) => one.values.map((value) => value.text));
  const conditionKeys = conditions.map((condition) => condition.key);
  return {
    documents,
    statements,
    resources,
    conditionKeys,
    likeValues: valuesOf(conditions.filter(({ operator }) => /like|arn/i.test(operator))),
    all: [...resources, ...valuesOf(conditions)],
    level,
  };
}

function isSwitch(name: string): name is keyof Switches {
  return Object.hasOwn(probes, name);
}
