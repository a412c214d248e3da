import type { IoT } from '@aws-sdk/client-iot';
import type { KubeObject } from '../../../operator/api/meta.ts';
import type { OperationName } from '../../../operator/aws/operations.ts';
import { selfSigned } from '../../support/certificates.ts';
import { csr, device, group, object, policy, policyDocument, profile, thingType } from '../../support/fleet.ts';

/** The manifests of the story, to be changed between two runs. */
export interface Tree {
  put(...objects: readonly KubeObject[]): void;
  drop(kind: string, name: string): void;
  readonly iot: IoT;
  /** Lets AWS believe that the work was done this long ago. */
  ago(ms: number, work: () => Promise<unknown>): Promise<void>;
  /** Lets the operator work until all that is in the tree is Ready. */
  settle(): Promise<void>;
}

export interface Cause {
  /** How the call is told on the wire, before anything has looked at it. */
  readonly call: RegExp;
  /** Stands in the tree from the beginning, so that the cause has something to change. */
  readonly before?: (id: string) => readonly KubeObject[];
  /** Something new that needs this call, however far the earlier runs came. */
  readonly cause: (id: string, tree: Tree) => void | Promise<void>;
}

const DELETE = { deletionPolicy: 'Delete' };
const ADOPT = { adoption: 'AdoptOrCreate', ...DELETE };
const typed = (name: string, spec: object = {}) => device(name, { thingTypeRef: { name: 'press' }, ...spec });
const requests = new Map<string, string>();

/** The same request each time: a certificate's source may not change. */
function request(of: string): string {
  const known = requests.get(of) ?? csr(of);
  requests.set(of, known);
  return known;
}

const certificates = (id: string, ...names: string[]) => names.map((name) => ({ name, csr: request(`${id}-${name}`) }));
const newDevice = { cause: (id: string, { put }: Tree) => put(typed(id)) };
const gone = (kind: string, make: (id: string) => KubeObject) => ({
  before: (id: string) => [make(id)],
  cause: (id: string, { drop }: Tree) => drop(kind, id),
});
const changed = (
  make: (id: string, spec: object) => KubeObject,
  from: (id: string) => object,
  to: (id: string) => object,
) => ({
  before: (id: string) => [make(id, from(id))],
  cause: (id: string, { put }: Tree) => put(make(id, to(id))),
});
const none = () => ({});
const dynamic = (name: string, spec: object) =>
  object('ThingGroup', name, { query: 'attributes.line:1', ...DELETE, ...spec });
const documentOf = (topic: string) => JSON.stringify(policyDocument(topic));

/** A policy that exists already, with these documents as its versions; the last is in force. */
async function existingPolicy({ iot }: Tree, policyName: string, topics: readonly string[]): Promise<void> {
  const [first = '', ...others] = topics;
  await iot.createPolicy({ policyName, policyDocument: documentOf(first) });
  for (const topic of others) {
    await iot.createPolicyVersion({ policyName, policyDocument: documentOf(topic), setAsDefault: true });
  }
}

async function deprecatedType({ iot }: Tree, thingTypeName: string): Promise<void> {
  await iot.createThingType({ thingTypeName });
  await iot.deprecateThingType({ thingTypeName });
}

/** One for every call that can change something in AWS. */
export const CAUSES: Readonly<Partial<Record<OperationName, Cause>>> = {
  CreatePolicy: { call: /^POST \/policies\/[^/]+$/, cause: (id, { put }) => put(policy(id)) },
  CreateThingType: { call: /^POST \/thing-types\/[^/]+$/, cause: (id, { put }) => put(thingType(id)) },
  CreateThingGroup: { call: /^POST \/thing-groups\/[^/]+$/, cause: (id, { put }) => put(group(id)) },
  CreateThing: { call: /^POST \/things\/[^/]+$/, ...newDevice },
  CreateCertificateFromCsr: { call: /^POST \/certificates$/, ...newDevice },
  AttachPolicy: { call: /^PUT \/target-policies\/[^/]+$/, ...newDevice },
  AttachThingPrincipal: { call: /^PUT \/things\/[^/]+\/principals$/, ...newDevice },
  AddThingToThingGroup: { call: /^PUT \/thing-groups\/addThingToThingGroup$/, ...newDevice },
  UpdateCertificate: { call: /^PUT \/certificates\/[^/]+$/, ...newDevice },
  RegisterCertificateWithoutCA: {
    call: /^POST \/certificate\/register-no-ca$/,
    cause: (id, { put }) => put(device(id, { certificates: [{ name: 'a', pem: selfSigned() }] })),
  },
  CreateSecurityProfile: { call: /^POST \/security-profiles\/[^/]+$/, cause: (id, { put }) => put(profile(id)) },
  AttachSecurityProfile: {
    call: /^PUT \/security-profiles\/[^/]+\/targets$/,
    cause: (id, { put }) => put(profile(id, { targets: [{ name: 'presses' }] })),
  },
  CreateDynamicThingGroup: {
    call: /^POST \/dynamic-thing-groups\/[^/]+$/,
    cause: (id, { put }) => put(dynamic(id, {})),
  },
  TagResource: {
    call: /^POST \/tags$/,
    cause: async (id, tree) => {
      await existingPolicy(tree, id, ['telemetry/*']);
      tree.put(policy(id, ADOPT));
    },
  },
  CreatePolicyVersion: {
    call: /^POST \/policies\/[^/]+\/version$/,
    ...changed(policy, none, () => ({ document: policyDocument('other/*') })),
  },
  SetDefaultPolicyVersion: {
    call: /^PATCH \/policies\/[^/]+\/version\/\d+$/,
    cause: async (id, tree) => {
      await existingPolicy(tree, id, ['telemetry/*', 'theirs/*']);
      tree.put(policy(id, ADOPT));
    },
  },
  DeletePolicyVersion: {
    call: /^DELETE \/policies\/[^/]+\/version\/\d+$/,
    cause: async (id, tree) => {
      await existingPolicy(tree, id, ['a/*', 'b/*', 'c/*', 'd/*', 'e/*']);
      tree.put(policy(id, ADOPT));
    },
  },
  UpdateThing: {
    call: /^PATCH \/things\/[^/]+$/,
    ...changed(
      typed,
      (id) => ({ certificates: certificates(id, 'a') }),
      (id) => ({ certificates: certificates(id, 'a'), attributes: { line: '2' } }),
    ),
  },
  UpdateThingGroup: { call: /^PATCH \/thing-groups\/[^/]+$/, ...changed(group, none, () => ({ description: 'new' })) },
  UpdateDynamicThingGroup: {
    call: /^PATCH \/dynamic-thing-groups\/[^/]+$/,
    ...changed(dynamic, none, () => ({ query: 'attributes.line:2' })),
  },
  UpdateThingType: {
    call: /^PATCH \/thing-types\/[^/]+$/,
    ...changed(thingType, none, () => ({ searchableAttributes: ['line'] })),
  },
  DeprecateThingType: {
    call: /^POST \/thing-types\/[^/]+\/deprecate$/,
    ...changed(thingType, none, () => ({ deprecated: true })),
  },
  UpdateSecurityProfile: {
    call: /^PATCH \/security-profiles\/[^/]+$/,
    ...changed(profile, none, () => ({ description: 'new' })),
  },
  DetachSecurityProfile: {
    call: /^DELETE \/security-profiles\/[^/]+\/targets$/,
    ...changed(profile, () => ({ targets: [{ name: 'presses' }] }), none),
  },
  RemoveThingFromThingGroup: {
    call: /^PUT \/thing-groups\/removeThingFromThingGroup$/,
    ...changed(
      device,
      (id) => ({ certificates: certificates(id, 'a'), groupRefs: [{ name: 'presses' }, { name: 'hall' }] }),
      (id) => ({ certificates: certificates(id, 'a') }),
    ),
  },
  DetachThingPrincipal: {
    call: /^DELETE \/things\/[^/]+\/principals$/,
    ...gone('Device', (id) => typed(id, DELETE)),
  },
  DetachPolicy: { call: /^POST \/target-policies\/[^/]+$/, ...gone('Device', (id) => typed(id, DELETE)) },
  DeleteThing: { call: /^DELETE \/things\/[^/]+$/, ...gone('Device', (id) => typed(id, DELETE)) },
  DeleteCertificate: { call: /^DELETE \/certificates\/[^/]+$/, ...gone('Device', (id) => typed(id, DELETE)) },
  DeletePolicy: { call: /^DELETE \/policies\/[^/]+$/, ...gone('IoTPolicy', (id) => policy(id, DELETE)) },
  DeleteThingGroup: { call: /^DELETE \/thing-groups\/[^/]+$/, ...gone('ThingGroup', (id) => group(id, DELETE)) },
  DeleteDynamicThingGroup: {
    call: /^DELETE \/dynamic-thing-groups\/[^/]+$/,
    ...gone('ThingGroup', (id) => dynamic(id, {})),
  },
  DeleteSecurityProfile: {
    call: /^DELETE \/security-profiles\/[^/]+$/,
    ...gone('SecurityProfile', (id) => profile(id, DELETE)),
  },
  DeleteThingType: {
    call: /^DELETE \/thing-types\/[^/]+$/,
    // AWS deletes a type no sooner than five minutes after its deprecation: taken over with its age, then removed.
    cause: async (id, tree) => {
      await tree.ago(10 * 60_000, () => deprecatedType(tree, id));
      tree.put(thingType(id, { adoption: 'Adopt', deprecated: true, ...DELETE }));
      await tree.settle();
      tree.drop('ThingType', id);
    },
  },
};
