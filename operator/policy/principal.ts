import { type CompareOptions, compare } from './compare.ts';
import {
  type ConditionEntry,
  hasVariables,
  type Located,
  type PolicyDocument,
  type Statement,
  variablesVersion,
} from './document.ts';
import { type GivenOptions, withDefaults } from './options.ts';
import { keys } from './request.ts';
import type { Comparison } from './verdict.ts';

/** The policies of one certificate, by the way they come to it. */
export interface PrincipalPolicies {
  /** Attached to the certificate: they count under every client ID. */
  readonly certificate: readonly PolicyDocument[];
  /**
   * Attached to the thing's static groups and their ancestors: they count only while the connection is known to be the thing's, which
   * takes the thing name as client ID or an exclusive attachment (developer guide, "Thing groups" and "Exclusive thing"). A document
   * that is attached to the certificate as well belongs in `certificate`.
   */
  readonly groups: readonly PolicyDocument[];
}

const located = (text: string): Located => ({ text, at: undefined });

export function conditionEntry(operator: string, key: string, values: readonly string[]): ConditionEntry {
  return { operator, key, values: values.map(located), at: undefined };
}

/** A document that denies everything where one of the lists of conditions holds. */
export function denyWhere(name: string, blocks: readonly (readonly ConditionEntry[])[]): PolicyDocument {
  const statements = blocks.map(
    (conditions, index): Statement => ({
      index,
      sid: undefined,
      effect: 'Deny',
      actionMode: 'Action',
      actions: [located('*')],
      resourceMode: 'Resource',
      resources: [located('*')],
      conditions,
      at: undefined,
    }),
  );
  return { name, version: variablesVersion, statements, at: undefined, size: 0 };
}

/**
 * A group policy as it counts for a certificate of a member: bound to the connections that are known to be the thing's. Statements keep
 * their places.
 */
export function throughGroup(document: PolicyDocument, given: GivenOptions = {}): PolicyDocument {
  const { groupPoliciesForExclusive } = withDefaults(given).switches;
  const attached = conditionEntry('Bool', keys.isAttached, ['true']);
  const association = groupPoliciesForExclusive
    ? [attached]
    : [attached, conditionEntry('StringEquals', keys.clientId, [`\${${keys.thingName}}`])];
  const modern = hasVariables(document) ? document : withoutVariables(document);
  const statements = modern.statements.map((one) => ({ ...one, conditions: [...one.conditions, ...association] }));
  return { ...modern, statements };
}

/**
 * Grants nothing, and rules out what the certificates of an asset never meet: a thing name that resolves although the certificate is
 * not attached to the thing.
 */
export const attachedToItsThing: PolicyDocument = denyWhere('attached', [
  [conditionEntry('Null', keys.thingName, ['false']), conditionEntry('Bool', keys.isAttached, ['false'])],
]);

/**
 * The documents that together say what the certificate may do. Positions and indices stay those of the documents given, certificate
 * first; `attachedToItsThing` follows.
 */
export function principalDocuments(policies: PrincipalPolicies, given: GivenOptions = {}): PolicyDocument[] {
  const groups = policies.groups.map((document) => throughGroup(document, given));
  return [...policies.certificate, ...groups, attachedToItsThing];
}

/** The same meaning in the language version that knows variables: what was plain text is escaped. */
function withoutVariables(document: PolicyDocument): PolicyDocument {
  const escaped = (list: readonly Located[]): Located[] =>
    list.map((one) => ({ ...one, text: one.text.replaceAll('${', () => '${$}{') }));
  const statements = document.statements.map((one) => ({
    ...one,
    resources: escaped(one.resources),
    conditions: one.conditions.map((entry) => ({ ...entry, values: escaped(entry.values) })),
  }));
  return { ...document, version: variablesVersion, statements };
}

/**
 * `compare` for everything one certificate carries. A right that only a group gives does not hide its loss under another client ID.
 * Where group policies meet exclusive attachments, which AWS does not document, both readings are compared.
 */
export function comparePrincipals(
  before: PrincipalPolicies,
  after: PrincipalPolicies,
  given: CompareOptions = {},
): Comparison {
  const options = withDefaults(given);
  const under = (groupPoliciesForExclusive: boolean): Comparison => {
    const reading = { ...options, switches: { ...options.switches, groupPoliciesForExclusive } };
    return compare(principalDocuments(before, reading), principalDocuments(after, reading), { ...given, ...reading });
  };
  const result = under(options.switches.groupPoliciesForExclusive);
  if (!options.exclusiveThings || before.groups.length + after.groups.length === 0) return result;
  const other = under(!options.switches.groupPoliciesForExclusive);
  if (other.verdict === result.verdict) return result;
  const question = `Group policies are taken ${options.switches.groupPoliciesForExclusive ? '' : 'not '}to count for an exclusively attached thing under another client ID. If not as assumed, the verdict is "${other.verdict}" (switch groupPoliciesForExclusive).`;
  return { ...result, assumptions: [...result.assumptions, question] };
}
