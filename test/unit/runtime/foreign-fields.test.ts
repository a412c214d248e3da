import { describe, expect, test } from 'vitest';
import { foreignFields } from '../../../operator/runtime/store/kube/foreign-fields.ts';

const GIT = 'fleetward-source';

interface Case {
  readonly reason: string;
  readonly spec: unknown;
  /** Manager to its fields of the spec. */
  readonly owned: Readonly<Record<string, unknown>>;
  readonly found: readonly string[];
  readonly left: unknown;
}

const cases: readonly Case[] = [
  {
    reason: 'what Git alone holds, and defaults that nobody holds, are not foreign',
    spec: { thingName: 'a', suspend: false },
    owned: { [GIT]: { 'f:thingName': {} } },
    found: [],
    left: { thingName: 'a', suspend: false },
  },
  {
    reason: 'a switch that somebody set is taken out, so that its default comes back',
    spec: { thingName: 'a', suspend: true },
    owned: { [GIT]: { 'f:thingName': {} }, 'kubectl-edit': { 'f:suspend': {} } },
    found: ['spec.suspend by kubectl-edit'],
    left: { thingName: 'a' },
  },
  {
    reason: 'a field that both hold is Git’s as well',
    spec: { thingName: 'a' },
    owned: { [GIT]: { 'f:thingName': {} }, 'kubectl-client-side-apply': { 'f:thingName': {} } },
    found: [],
    left: { thingName: 'a' },
  },
  {
    reason: 'a key beside Git’s keys goes alone',
    spec: { attributes: { site: 'x', extra: 'y' } },
    owned: { [GIT]: { 'f:attributes': { 'f:site': {} } }, kubectl: { 'f:attributes': { '.': {}, 'f:extra': {} } } },
    found: ['spec.attributes.extra by kubectl'],
    left: { attributes: { site: 'x' } },
  },
  {
    reason: 'a map of which Git has no key goes as a whole: an empty one would differ from none for ever',
    spec: { thingName: 'a', attributes: { extra: 'y' } },
    owned: { [GIT]: { 'f:thingName': {} }, kubectl: { 'f:attributes': { '.': {}, 'f:extra': {} } } },
    found: ['spec.attributes by kubectl'],
    left: { thingName: 'a' },
  },
  {
    reason: 'a key with dots and slashes is one key',
    spec: { tags: { 'a.b/c': 'x', d: 'y' } },
    owned: { [GIT]: { 'f:tags': { 'f:d': {} } }, kubectl: { 'f:tags': { 'f:a.b/c': {} } } },
    found: ['spec.tags.a.b/c by kubectl'],
    left: { tags: { d: 'y' } },
  },
  {
    reason: 'an atomic list of Git is Git’s in full, whatever another manager says of it',
    spec: { policyRefs: [{ name: 'press' }] },
    owned: { [GIT]: { 'f:policyRefs': {} }, kubectl: { 'f:policyRefs': {} } },
    found: [],
    left: { policyRefs: [{ name: 'press' }] },
  },
  {
    reason: 'two strangers with one field are two reports and one removal',
    spec: { suspend: true },
    owned: { [GIT]: {}, one: { 'f:suspend': {} }, two: { 'f:suspend': {} } },
    found: ['spec.suspend by one'],
    left: {},
  },
  {
    reason: 'what is listed and already gone is no news',
    spec: {},
    owned: { kubectl: { 'f:suspend': {} } },
    found: [],
    left: {},
  },
];

const managed = (owned: Case['owned']) =>
  Object.entries(owned).map(([manager, fields]) => ({
    manager,
    operation: manager === GIT ? 'Apply' : 'Update',
    fieldsV1: { 'f:metadata': { 'f:labels': {} }, 'f:spec': fields },
  }));

describe('fields of others than the owner', () => {
  test.each(cases)('$reason', ({ spec, owned, found, left }) => {
    const answer = { metadata: { managedFields: managed(owned) }, spec };
    const foreign = foreignFields(answer, GIT);
    expect(foreign.fields.map(({ path, owner }) => `${path} by ${owner}`)).toEqual(found);
    expect(foreign.spec).toEqual(left);
  });

  test('what the owner wrote by another kind of write is its own', () => {
    const managedFields = [
      { manager: GIT, operation: 'Apply', fieldsV1: { 'f:spec': { 'f:thingName': {} } } },
      { manager: GIT, operation: 'Update', fieldsV1: { 'f:spec': { 'f:suspend': {} } } },
    ];
    const answer = { metadata: { managedFields }, spec: { thingName: 'a', suspend: false } };
    expect(foreignFields(answer, GIT)).toEqual({ fields: [], spec: answer.spec });
  });

  test('status and objects without managed fields are left alone', () => {
    const status = { manager: 'x', subresource: 'status', fieldsV1: { 'f:spec': { 'f:suspend': {} } } };
    const spec = { suspend: true };
    expect(foreignFields({ metadata: { managedFields: [status] }, spec }, GIT)).toEqual({ fields: [], spec });
    expect(foreignFields({ metadata: {}, spec }, GIT)).toEqual({ fields: [], spec });
  });
});
