import { expand } from './shared.ts';

export const awsAccountCases = expand('AWSAccount', { region: 'eu-central-1' }, [
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
