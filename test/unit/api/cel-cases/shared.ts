import type { KubeObject } from '../../../../operator/api/meta.ts';

/** One object, or one update, and whether a rule lets it pass. */
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

export type Spec = Readonly<Record<string, unknown>>;

export interface RuleCases {
  readonly rule: string;
  readonly accepted: readonly (readonly [reason: string, spec: Spec, name?: string])[];
  readonly refused: readonly (readonly [reason: string, spec: Spec, name?: string])[];
  readonly acceptedUpdates?: readonly (readonly [reason: string, before: Spec, after: Spec])[];
  readonly refusedUpdates?: readonly (readonly [reason: string, before: Spec, after: Spec])[];
}

export function expand(kind: string, base: Spec, rules: readonly RuleCases[]): readonly CelCase[] {
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
export function naming(field: string, what: string): readonly RuleCases[] {
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

export const attributeNames: readonly RuleCases[] = [
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
