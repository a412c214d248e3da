import type { KubeObject } from '../../../operator/api/meta.ts';

/**
 * What every CEL rule of the CRDs accepts and refuses. One table for both engines: `npm run verify` runs it offline,
 * the cluster project runs it on a real API server.
 */
export interface CelCase {
  readonly kind: string;
  /** The message of the rule, which is its name: no kind has two rules with the same message. */
  readonly rule: string;
  readonly reason: string;
  readonly expect: 'accepted' | 'refused';
  readonly object: KubeObject;
  /** Stored before; the case is then an update. */
  readonly old?: KubeObject;
}

type Spec = Readonly<Record<string, unknown>>;

interface RuleCases {
  readonly rule: string;
  readonly accepted: readonly (readonly [reason: string, spec: Spec, name?: string])[];
  readonly refused: readonly (readonly [reason: string, spec: Spec, name?: string])[];
  readonly acceptedUpdates?: readonly (readonly [reason: string, before: Spec, after: Spec])[];
  readonly refusedUpdates?: readonly (readonly [reason: string, before: Spec, after: Spec])[];
}

function expand(kind: string, base: Spec, rules: readonly RuleCases[]): readonly CelCase[] {
  const make = (spec: Spec, name = 'sample'): KubeObject => ({
    apiVersion: 'fleetward.dev/v1alpha1',
    kind,
    metadata: { name, namespace: 'default' },
    spec: { ...base, ...spec },
  });
  return rules.flatMap(({ rule, accepted, refused, acceptedUpdates = [], refusedUpdates = [] }) => [
    ...accepted.map(([reason, spec, name]) => ({
      kind,
      rule,
      reason,
      expect: 'accepted' as const,
      object: make(spec, name),
    })),
    ...refused.map(([reason, spec, name]) => ({
      kind,
      rule,
      reason,
      expect: 'refused' as const,
      object: make(spec, name),
    })),
    ...acceptedUpdates.map(([reason, old, spec]) => ({
      kind,
      rule,
      reason,
      expect: 'accepted' as const,
      old: make(old),
      object: make(spec),
    })),
    ...refusedUpdates.map(([reason, old, spec]) => ({
      kind,
      rule,
      reason,
      expect: 'refused' as const,
      old: make(old),
      object: make(spec),
    })),
  ]);
}

/** The rules that every AWS kind has: its name in AWS, and the account. */
function naming(field: string, what: string): readonly RuleCases[] {
  return [
    {
      rule: `metadata.name cannot serve as ${what}: set spec.${field}`,
      accepted: [
        ['a plain name serves as the AWS name', {}, 'press-1'],
        [
          'with an AWS name of its own, metadata.name may be anything',
          { [field]: 'Press_1' },
          `${'a'.repeat(120)}.hamburg`,
        ],
      ],
      refused: [['AWS does not take so long a name', {}, 'a'.repeat(129)]],
    },
    {
      rule: `${field} is immutable, because AWS cannot rename: create a new object under the new name and delete this one`,
      accepted: [['anything goes on creation', { [field]: 'A' }]],
      refused: [],
      acceptedUpdates: [
        ['the same name stays', { [field]: 'A' }, { [field]: 'A', suspend: true }],
        ['no name stays no name', {}, { suspend: true }],
      ],
      refusedUpdates: [
        ['another name', { [field]: 'A' }, { [field]: 'B' }],
        ['taking the name away would rename to metadata.name', { [field]: 'A' }, {}],
        ['giving a name would rename from metadata.name', {}, { [field]: 'B' }],
      ],
    },
    {
      rule: 'accountRef is immutable: create a new object in the other account and delete this one',
      accepted: [['any account on creation', { accountRef: { name: 'plant' } }]],
      refused: [],
      acceptedUpdates: [['leaving it out is the account named default', { accountRef: { name: 'default' } }, {}]],
      refusedUpdates: [['another account', {}, { accountRef: { name: 'plant' } }]],
    },
  ];
}

const attributeNames: readonly RuleCases[] = [
  {
    rule: 'attribute names have 1 to 128 characters',
    accepted: [['128 characters', { attributes: { ['a'.repeat(128)]: 'x' } }]],
    refused: [['129 characters', { attributes: { ['a'.repeat(129)]: 'x' } }]],
  },
  {
    rule: 'attribute names consist of letters, digits and _ . , @ / : # -',
    accepted: [['every character AWS takes', { attributes: { 'aZ0_.,@/:#-': 'x' } }]],
    refused: [
      ['a blank', { attributes: { 'a b': 'x' } }],
      ['an umlaut', { attributes: { ort_ü: 'x' } }],
      ['a line break at the end', { attributes: { 'a\n': 'x' } }],
    ],
  },
];

const CSR = '-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n';
const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----\n';
const ID = 'ab'.repeat(32);
const certs = (...certificates: readonly Spec[]) => ({ certificates });

const device = expand('Device', {}, [
  ...naming('thingName', 'the name of a thing (letters, digits, : _ -; at most 128)'),
  {
    rule: 'metadata.name cannot serve as the name of a thing (letters, digits, : _ -; at most 128): set spec.thingName',
    accepted: [],
    refused: [['AWS takes no dots in thing names', {}, 'press-1.hamburg']],
  },
  ...attributeNames.map((cases) => ({ ...cases })),
  {
    rule: 'a thing without a thing type takes at most 3 attributes: set thingTypeRef or remove some',
    accepted: [
      ['three without a type', { attributes: { a: '1', b: '2', c: '3' } }],
      ['four with a type', { thingTypeRef: { name: 'press' }, attributes: { a: '1', b: '2', c: '3', d: '4' } }],
    ],
    refused: [['four without a type', { attributes: { a: '1', b: '2', c: '3', d: '4' } }]],
  },
  {
    rule: 'certificate names must be unique within the Device',
    accepted: [['two names', certs({ name: 'a', csr: CSR }, { name: 'b', csr: CSR })]],
    refused: [['one name twice', certs({ name: 'a', csr: CSR }, { name: 'a', pem: PEM })]],
  },
  {
    rule: 'what a certificate name stands for is immutable: add an entry under a new name and remove this one later',
    accepted: [],
    refused: [],
    acceptedUpdates: [
      ['one more beside it', certs({ name: 'a', csr: CSR }), certs({ name: 'b', pem: PEM }, { name: 'a', csr: CSR })],
      ['taken away', certs({ name: 'a', csr: CSR }, { name: 'b', pem: PEM }), certs({ name: 'b', pem: PEM })],
      [
        'the same issued one',
        certs({ name: 'a', issued: { secretName: 's' } }),
        certs({ name: 'a', issued: { secretName: 's' } }),
      ],
    ],
    refusedUpdates: [
      ['another request', certs({ name: 'a', csr: CSR }), certs({ name: 'a', csr: `${CSR}\n` })],
      ['another certificate', certs({ name: 'a', pem: PEM }), certs({ name: 'a', pem: `${PEM}\n` })],
      ['another id', certs({ name: 'a', certificateId: ID }), certs({ name: 'a', certificateId: 'cd'.repeat(32) })],
      ['another way', certs({ name: 'a', csr: CSR }), certs({ name: 'a', certificateId: ID })],
      [
        'another Secret',
        certs({ name: 'a', issued: { secretName: 's' } }),
        certs({ name: 'a', issued: { secretName: 't' } }),
      ],
      [
        'from a Secret to an id',
        certs({ name: 'a', issued: { secretName: 's' } }),
        certs({ name: 'a', certificateId: ID }),
      ],
    ],
  },
  {
    rule: 'give exactly one of csr, pem, certificateId and issued',
    accepted: [
      ['a request', certs({ name: 'a', csr: CSR })],
      ['a certificate', certs({ name: 'a', pem: PEM })],
      ['an id', certs({ name: 'a', certificateId: ID })],
      ['issued', certs({ name: 'a', issued: { secretName: 's' } })],
    ],
    refused: [
      ['none', certs({ name: 'a' })],
      ['two', certs({ name: 'a', csr: CSR, pem: PEM })],
      ['all', certs({ name: 'a', csr: CSR, pem: PEM, certificateId: ID, issued: { secretName: 's' } })],
    ],
  },
  {
    rule: 'csr must not hold a private key: take it out, and replace the key if this was ever committed',
    accepted: [['a request alone', certs({ name: 'a', csr: CSR })]],
    refused: [['a request with its key behind it', certs({ name: 'a', csr: CSR + KEY })]],
  },
  {
    rule: 'pem must not hold a private key: take it out, and replace the key if this was ever committed',
    accepted: [['a certificate alone', certs({ name: 'a', pem: PEM })]],
    refused: [['a certificate with its key behind it', certs({ name: 'a', pem: PEM + KEY })]],
  },
]);

const thingGroup = expand('ThingGroup', {}, [
  ...naming('thingGroupName', 'the name of a thing group (letters, digits, : _ -; at most 128)'),
  ...attributeNames,
  {
    rule: 'parentRef is immutable, because AWS fixes the parent of a group at creation: create a new group',
    accepted: [['any parent on creation', { parentRef: { name: 'site' } }]],
    refused: [],
    acceptedUpdates: [
      ['the same parent', { parentRef: { name: 'site' } }, { parentRef: { name: 'site' }, description: 'x' }],
    ],
    refusedUpdates: [
      ['another parent', { parentRef: { name: 'site' } }, { parentRef: { name: 'plant' } }],
      ['no parent any more', { parentRef: { name: 'site' } }, {}],
      ['a parent later', {}, { parentRef: { name: 'site' } }],
    ],
  },
  {
    rule: 'a static group cannot become dynamic, nor a dynamic one static: create a new group',
    accepted: [['dynamic from the start', { query: 'attributes.a:1' }]],
    refused: [],
    acceptedUpdates: [['another query', { query: 'attributes.a:1' }, { query: 'attributes.a:2' }]],
    refusedUpdates: [
      ['static to dynamic', {}, { query: 'attributes.a:1' }],
      ['dynamic to static', { query: 'attributes.a:1' }, {}],
    ],
  },
  {
    rule: 'a dynamic group (one with a query) has no parent',
    accepted: [['a static group with a parent', { parentRef: { name: 'site' } }]],
    refused: [['both', { query: 'attributes.a:1', parentRef: { name: 'site' } }]],
  },
  {
    rule: 'AWS takes no policies on a dynamic group (one with a query): put them on the Devices or on a static group',
    accepted: [
      ['policies on a static group', { policyRefs: [{ name: 'p' }] }],
      ['an empty list is no policy', { query: 'attributes.a:1', policyRefs: [] }],
    ],
    refused: [['a policy on a dynamic group', { query: 'attributes.a:1', policyRefs: [{ name: 'p' }] }]],
  },
  {
    rule: 'a quarantine group is a static group without a parent, so that every thing can be put into it',
    accepted: [['a root group', { quarantine: true }]],
    refused: [
      ['below another', { quarantine: true, parentRef: { name: 'site' } }],
      ['dynamic', { quarantine: true, query: 'attributes.a:1' }],
    ],
  },
]);

const thingType = expand(
  'ThingType',
  {},
  naming('thingTypeName', 'the name of a thing type (letters, digits, : _ -; at most 128)'),
);

const statement = { Effect: 'Allow', Action: ['iot:Connect'], Resource: ['*'] };
const strategy = (fields: Spec) => ({ strategy: { type: 'Waves', ...fields } });

const ioTPolicy = expand('IoTPolicy', { document: { Statement: [statement] } }, [
  ...naming('policyName', 'the name of a policy (letters, digits, + = , . @ _ -; at most 100)'),
  {
    rule: 'metadata.name cannot serve as the name of a policy (letters, digits, + = , . @ _ -; at most 100): set spec.policyName',
    accepted: [['dots are welcome', {}, 'press.v1']],
    refused: [['rollouts need room behind the name', {}, 'a'.repeat(101)]],
  },
  {
    rule: 'give exactly one of Resource and NotResource',
    accepted: [
      ['Resource', { document: { Statement: [statement] } }],
      ['NotResource', { document: { Statement: [{ Effect: 'Deny', Action: ['iot:Receive'], NotResource: ['*'] }] } }],
    ],
    refused: [
      ['none', { document: { Statement: [{ Effect: 'Allow', Action: ['iot:Connect'] }] } }],
      ['both', { document: { Statement: [{ ...statement, NotResource: ['*'] }] } }],
    ],
  },
  {
    rule: 'waves, maxInFlight and budgets need type Waves',
    accepted: [
      ['waves', strategy({ waves: [{ count: 1 }], maxInFlight: 2, budgets: [{ label: 'site', maxInFlight: 1 }] })],
      ['all at once without them', { strategy: { type: 'AllAtOnce' } }],
    ],
    refused: [
      ['waves', { strategy: { type: 'AllAtOnce', waves: [] } }],
      ['maxInFlight', { strategy: { type: 'AllAtOnce', maxInFlight: 2 } }],
      ['budgets', { strategy: { type: 'AllAtOnce', budgets: [] } }],
    ],
  },
  {
    rule: 'give exactly one of count and percent',
    accepted: [['one of each', strategy({ waves: [{ count: 1 }, { percent: 10 }] })]],
    refused: [
      ['none', strategy({ waves: [{ bake: '1h' }] })],
      ['both', strategy({ waves: [{ count: 1, percent: 10 }] })],
    ],
  },
  {
    rule: 'settleTime must be at least 8m: AWS needs 6 to 8 minutes to apply a policy everywhere',
    accepted: [
      ['8 minutes', strategy({ settleTime: '8m' })],
      ['in other units', strategy({ settleTime: '0.5h' })],
      ['in seconds', strategy({ settleTime: '480s' })],
    ],
    refused: [
      ['less', strategy({ settleTime: '7m59s' })],
      ['nothing', strategy({ settleTime: '0s' })],
    ],
  },
]);

const behavior = (fields: Spec) => ({ behaviors: [{ name: 'a', metric: 'aws:num-messages-sent', ...fields }] });
const criteria = (fields: Spec) => behavior({ criteria: fields });
const atMost = { comparisonOperator: 'less-than-equals', value: { count: 5 } };
const learned = { mlDetectionConfig: { confidenceLevel: 'HIGH' } };

const securityProfile = expand('SecurityProfile', {}, [
  ...naming('securityProfileName', 'the name of a security profile (letters, digits, : _ -; at most 128)'),
  {
    rule: 'names of behaviors must be unique within the profile',
    accepted: [
      [
        'two names',
        {
          behaviors: [
            { name: 'a', metric: 'm' },
            { name: 'b', metric: 'm' },
          ],
        },
      ],
    ],
    refused: [
      [
        'one name twice',
        {
          behaviors: [
            { name: 'a', metric: 'm' },
            { name: 'a', metric: 'n' },
          ],
        },
      ],
    ],
  },
  {
    rule: 'a profile is either learned (every behavior has mlDetectionConfig) or made of rules (none has): split it',
    accepted: [
      [
        'rules',
        {
          behaviors: [
            { name: 'a', metric: 'm', criteria: atMost },
            { name: 'b', metric: 'm' },
          ],
        },
      ],
      ['learned', { behaviors: [{ name: 'a', metric: 'm', criteria: learned }] }],
      ['nothing', { behaviors: [] }],
    ],
    refused: [
      [
        'mixed',
        {
          behaviors: [
            { name: 'a', metric: 'm', criteria: atMost },
            { name: 'b', metric: 'm', criteria: learned },
          ],
        },
      ],
      [
        'learned beside a mere metric',
        {
          behaviors: [
            { name: 'a', metric: 'm' },
            { name: 'b', metric: 'm', criteria: learned },
          ],
        },
      ],
    ],
  },
  {
    rule: 'give exactly one of value, statisticalThreshold and mlDetectionConfig',
    accepted: [
      ['value', criteria(atMost)],
      ['percentile', criteria({ comparisonOperator: 'less-than', statisticalThreshold: { statistic: 'p99' } })],
      ['model', criteria(learned)],
    ],
    refused: [
      ['none', criteria({ comparisonOperator: 'less-than' })],
      ['two', criteria({ ...atMost, statisticalThreshold: { statistic: 'p99' } })],
    ],
  },
  {
    rule: 'value and statisticalThreshold need a comparisonOperator; mlDetectionConfig takes none',
    accepted: [['value with operator', criteria(atMost)]],
    refused: [
      ['value without operator', criteria({ value: { count: 5 } })],
      ['model with operator', criteria({ ...learned, comparisonOperator: 'less-than' })],
    ],
  },
  {
    rule: 'give exactly one of count, cidrs, ports, number, numbers and strings',
    accepted: [
      ['count 0', criteria({ comparisonOperator: 'less-than', value: { count: 0 } })],
      ['number', criteria({ comparisonOperator: 'less-than', value: { number: 1.5 } })],
      ['numbers', criteria({ comparisonOperator: 'in-set', value: { numbers: [1, 2.5] } })],
      ['cidrs', criteria({ comparisonOperator: 'in-cidr-set', value: { cidrs: ['10.0.0.0/8'] } })],
      ['ports', criteria({ comparisonOperator: 'in-port-set', value: { ports: [443] } })],
      ['strings', criteria({ comparisonOperator: 'in-set', value: { strings: ['a'] } })],
    ],
    refused: [
      ['none', criteria({ comparisonOperator: 'less-than', value: {} })],
      ['two', criteria({ comparisonOperator: 'less-than', value: { count: 1, number: 1 } })],
    ],
  },
  {
    rule: 'give exactly one of name and scope',
    accepted: [
      ['a group', { targets: [{ kind: 'ThingGroup', name: 'site' }] }],
      ['all things', { targets: [{ scope: 'AllThings' }] }],
    ],
    refused: [
      ['none', { targets: [{ kind: 'ThingGroup' }] }],
      ['both', { targets: [{ name: 'site', scope: 'AllThings' }] }],
    ],
  },
]);

const awsAccount = expand('AWSAccount', { region: 'eu-central-1' }, [
  {
    rule: 'accountId is immutable once set: create another AWSAccount',
    accepted: [['any account on creation', { accountId: '123456789012' }]],
    refused: [],
    acceptedUpdates: [
      ['given later', {}, { accountId: '123456789012' }],
      ['the same', { accountId: '123456789012' }, { accountId: '123456789012', quotaShare: 0.2 }],
    ],
    refusedUpdates: [
      ['another', { accountId: '123456789012' }, { accountId: '210987654321' }],
      ['taken away', { accountId: '123456789012' }, {}],
    ],
  },
  {
    rule: 'region is immutable: create another AWSAccount',
    accepted: [['any region on creation', { region: 'us-gov-west-1' }]],
    refused: [],
    acceptedUpdates: [['the same', {}, { quotaShare: 1 }]],
    refusedUpdates: [['another', {}, { region: 'eu-west-1' }]],
  },
  {
    rule: 'driftInterval must be at least 30s',
    accepted: [['30 seconds', { driftInterval: '30s' }]],
    refused: [
      ['29 seconds', { driftInterval: '29s' }],
      ['milliseconds', { driftInterval: '500ms' }],
    ],
  },
]);

const fleetSource = expand('FleetSource', { url: 'https://git.example.com/fleet.git' }, [
  {
    rule: 'url must not carry a password: put credentials into the Secret that secretRef names',
    accepted: [
      ['a user over SSH', { url: 'ssh://git@git.example.com/fleet.git' }],
      ['the short form', { url: 'git@git.example.com:fleet.git' }],
      ['a port over SSH', { url: 'ssh://git@git.example.com:2222/fleet.git' }],
      ['a folder', { url: 'file:///srv/fleet.git' }],
    ],
    refused: [['user and password over SSH', { url: 'ssh://git:hunter2@git.example.com/fleet.git' }]],
  },
  {
    rule: 'give at most one of branch, tag and commit',
    accepted: [
      ['a branch', { ref: { branch: 'main' } }],
      ['none', { ref: {} }],
    ],
    refused: [['branch and tag', { ref: { branch: 'main', tag: 'v1' } }]],
  },
  {
    rule: 'path is relative to the root of the repository and stays within it',
    accepted: [
      ['a folder', { path: 'plants/hamburg' }],
      ['two dots in a name', { path: 'plants/a..b' }],
      ['with ./', { path: './plants' }],
    ],
    refused: [
      ['absolute', { path: '/etc' }],
      ['upwards', { path: '../other' }],
      ['upwards in the middle', { path: 'a/../../b' }],
      ['upwards at the end', { path: 'a/..' }],
    ],
  },
  {
    rule: 'interval must be at least 5s',
    accepted: [
      ['5 seconds', { interval: '5s' }],
      ['mixed units', { interval: '1h30m' }],
    ],
    refused: [['4 seconds', { interval: '4s' }]],
  },
  {
    rule: 'timeout must be at least 1s',
    accepted: [['a second', { timeout: '1s' }]],
    refused: [['less', { timeout: '999ms' }]],
  },
]);

export const celCases: readonly CelCase[] = [
  ...device,
  ...thingGroup,
  ...thingType,
  ...ioTPolicy,
  ...securityProfile,
  ...awsAccount,
  ...fleetSource,
];
