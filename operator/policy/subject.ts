import { type CompareOptions, compare } from './compare.ts';
import { compilePolicies } from './compile.ts';
import { type ConditionEntry, type PolicyDocument, type Statement, variablesVersion } from './document.ts';
import { withDefaults } from './options.ts';
import { conditionEntry, denyWhere, type PrincipalPolicies, principalDocuments } from './principal.ts';
import { type Context, keys, normaliseKey } from './request.ts';
import { type Comparison, type Witness, worstCase } from './verdict.ts';

/**
 * A family of contexts: each key has one of the values given. Client IDs may hold `*` and `?`; a list key holds exactly the values; a
 * key that policies read and that is not named here is absent. `iot:Connection.Thing.IsAttached` follows from the thing name.
 */
export interface Subject {
  /** Client IDs under which the device connects, `*` and `?` allowed. */
  readonly clientIds: readonly string[];
  /** Everything else that the connection carries: thing name, type, attributes, certificate fields, connect features. */
  readonly context: Context;
  /** Networks (CIDR) that it comes from; empty: the address is in `context`, or the policies do not see it. */
  readonly sourceNetworks?: readonly string[];
}

const isAttached = normaliseKey(keys.isAttached);
const clientId = normaliseKey(keys.clientId);
const thingName = normaliseKey(keys.thingName);
const sourceIp = normaliseKey(keys.sourceIp);

/** Wildcards stay, variables do not. */
const pattern = (text: string): string => text.replaceAll('$', () => '${$}');

/**
 * A document that denies everything outside the subject's contexts. Attached to both sides of a comparison it leaves exactly the
 * differences that the subject can meet.
 */
export function subjectGuard(subject: Subject, documents: readonly PolicyDocument[]): PolicyDocument {
  const { context, clientIds, sourceNetworks = [] } = subject;
  const known = new Map(Object.entries(context).map(([key, value]) => [normaliseKey(key), value]));
  const names = new Map(Object.keys(context).map((key) => [normaliseKey(key), key]));
  const read = compilePolicies(documents, withDefaults()).statements.flatMap((statement) => statement.keys);
  const blocks: (readonly ConditionEntry[])[] = [
    [conditionEntry('StringNotLike', keys.clientId, clientIds.map(pattern))],
    [conditionEntry('Bool', keys.isAttached, [known.has(thingName) ? 'false' : 'true'])],
  ];
  if (sourceNetworks.length > 0) blocks.push([conditionEntry('NotIpAddress', keys.sourceIp, sourceNetworks)]);
  const bounded = new Set([isAttached, clientId, ...(sourceNetworks.length > 0 ? [sourceIp] : [])]);
  for (const key of new Set([...read, ...known.keys()])) {
    if (bounded.has(key)) continue;
    blocks.push(...otherThan(names.get(key) ?? key, known.get(key)));
  }
  return denyWhere('subject', blocks);
}

/** Conditions that hold wherever the key has not this value. */
function otherThan(key: string, value: Context[string] | undefined): readonly (readonly ConditionEntry[])[] {
  if (value === undefined && normaliseKey(key) === normaliseKey(keys.connectAttributes)) return otherThan(key, []);
  if (value === undefined) return [[conditionEntry('Null', key, ['false'])]];
  if (typeof value === 'string') return [[conditionEntry('StringNotEquals', key, [pattern(value)])]];
  return [
    [conditionEntry('ForAnyValue:StringNotEquals', key, value.map(pattern))],
    ...value.map((one) => [conditionEntry('ForAllValues:StringNotEquals', key, [pattern(one)])]),
  ];
}

/** `comparePrincipals` for one subject only: what changes for a device as it really connects. */
export function compareFor(
  before: PrincipalPolicies,
  after: PrincipalPolicies,
  subject: Subject,
  options: CompareOptions = {},
): Comparison {
  const guard = subjectGuard(
    subject,
    [before, after].flatMap((one) => [...one.certificate, ...one.groups]),
  );
  const guarded = (policies: PrincipalPolicies): PolicyDocument[] => [
    ...principalDocuments(policies, withDefaults(options)),
    guard,
  ];
  return compare(guarded(before), guarded(after), options);
}

/** Something that a device needs: an action on a resource as a policy writes it, wildcards and variables included. */
export interface Requirement {
  readonly action: string;
  readonly resource: string;
  readonly subject: Subject;
}

export type Permission =
  | { readonly kind: 'permitted' }
  /** A request of the requirement that the policies refuse. */
  | { readonly kind: 'refused'; readonly request: Pick<Witness, 'action' | 'resource' | 'context'> }
  /** The budget ran out, or the answer would rest on an assumption or on tested values only. */
  | { readonly kind: 'undecided' };

/**
 * Whether the policies allow all of a requirement: every name that its resource takes in, under every client ID of the subject. One
 * example of a pattern would say nothing about the rest of it.
 */
export function permits(policies: PrincipalPolicies, needed: Requirement, options: CompareOptions = {}): Permission {
  const own = [...policies.certificate, ...policies.groups];
  const wanted = allowing(needed);
  const guard = subjectGuard(needed.subject, [...own, wanted]);
  const held = principalDocuments(policies, withDefaults(options));
  const against = (documents: readonly PolicyDocument[]): Comparison =>
    compare([wanted, guard], [...documents, guard], { ...options, level: 'raw', probeSwitches: false });
  const comparison = against(held);
  const [request] = comparison.lost;
  if (request !== undefined) return { kind: 'refused', request };
  if (!worstCase(comparison).mayTighten) return { kind: 'permitted' };
  // What is certain may suffice without the statements that make the rest uncertain.
  return { kind: worstCase(against(held.map(plainAllows))).mayTighten ? 'undecided' : 'permitted' };
}

/** All denies, and of the Allows those without variables. */
function plainAllows(document: PolicyDocument): PolicyDocument {
  const isPlain = ({ resources, conditions }: Statement): boolean =>
    [...resources, ...conditions.flatMap(({ values }) => values)].every(({ text }) => !text.includes('${'));
  return { ...document, statements: document.statements.filter((one) => one.effect === 'Deny' || isPlain(one)) };
}

function allowing({ action, resource }: Requirement): PolicyDocument {
  const statement: Statement = {
    index: 0,
    sid: undefined,
    effect: 'Allow',
    actionMode: 'Action',
    actions: [{ text: action, at: undefined }],
    resourceMode: 'Resource',
    resources: [{ text: resource, at: undefined }],
    conditions: [],
    at: undefined,
  };
  return { name: 'required', version: variablesVersion, statements: [statement], at: undefined, size: 0 };
}
