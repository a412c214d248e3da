import type { CommandSpec } from '../args/spec.ts';

export const sandboxSpec: CommandSpec = {
  name: 'sandbox',
  group: 'Try',
  summary: 'serve an AWS IoT of your own on this machine, without an AWS account',
  usage: '',
  description:
    'Serves the AWS IoT calls that a fleet needs, with the limits, errors and pages of AWS, on loopback. ' +
    'Devices connect to it by MQTT over mutual TLS; `fleetward sandbox devices FILE` simulates them (docs/sandbox-devices.md). ' +
    'Prints the endpoint and the exports for the AWS CLI and SDKs, and runs until interrupted.\n' +
    'Faults, the ledger of calls, quotas and the clock are at the control endpoint it prints (docs/sandbox.md).',
  flags: [
    { name: 'port', value: 'N', summary: 'Port of the endpoint. Default: a free one.' },
    { name: 'host', value: 'ADDRESS', summary: 'Address to listen on. Default 127.0.0.1.' },
    { name: 'mqtt-port', value: 'N', summary: 'Port for devices (MQTT over mutual TLS). Default: a free one.' },
    { name: 'tls', summary: "Serve HTTPS, with a certificate of the sandbox's own authority." },
    { name: 'region', value: 'REGION', summary: 'Region of the printed exports. Default us-east-1.' },
    { name: 'account', value: 'ID', summary: 'Account of the printed access key. Default 123456789012.' },
    {
      name: 'state',
      value: 'FILE',
      complete: 'file',
      summary: 'Load the state from this file and save it there at the end.',
    },
    {
      name: 'delays',
      value: 'MODE',
      complete: ['instant', 'realistic'],
      summary:
        "instant, or realistic: AWS's own waits, such as five minutes from detaching to deleting. Default instant.",
    },
    {
      name: 'clock',
      value: 'MODE',
      complete: ['system', 'virtual'],
      summary: 'virtual: time moves only through the control endpoint. Default system.',
    },
    {
      name: 'speed',
      value: 'FACTOR',
      summary: 'How much faster the clock runs: with 60, a minute of AWS passes in a second. Default 1.',
    },
    {
      name: 'quotas',
      value: 'SCALE',
      summary: "off, or a factor on AWS's calls per second. Default 1.",
    },
    {
      name: 'pages',
      value: 'MODE',
      complete: ['full', 'adversarial'],
      summary: 'adversarial: lists come in short and empty pages. Default full.',
    },
    { name: 'faults', value: 'FILE', complete: 'file', summary: 'Arm the faults in this JSON file.' },
    { name: 'seed', value: 'N', summary: 'Seed of ids, delays and fault probabilities. Default 1.' },
    { name: 'insecure', summary: 'Take requests without checking their signatures.' },
    {
      name: 'output',
      short: 'o',
      value: 'FORMAT',
      complete: ['text', 'json'],
      summary: 'json: one line with endpoint, region, account and keys, for programs. Default text.',
    },
  ],
  examples: ['fleetward sandbox', 'fleetward sandbox --port 8123 --state sandbox.json --delays realistic'],
};
