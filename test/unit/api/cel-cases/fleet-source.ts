import { expand } from './shared.ts';

export const fleetSourceCases = expand('FleetSource', { url: 'https://git.example.com/fleet.git' }, [
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
