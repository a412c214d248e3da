import { attributeNames, expand, naming } from './shared.ts';

export const thingGroupCases = expand('ThingGroup', {}, [
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
