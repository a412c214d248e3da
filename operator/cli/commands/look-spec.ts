import { type CommandSpec, outputFlag } from '../args/spec.ts';

const stateFlag = {
  name: 'state',
  value: 'FOLDER',
  complete: 'folder',
  summary: 'State folder of `fleetward run --standalone`. Default: FLEETWARD_STATE, else .fleetward.',
} as const;

const namespaceFlag = { name: 'namespace', short: 'n', value: 'NAME', summary: 'Only this namespace. Default: all.' };

export const getSpec: CommandSpec = {
  name: 'get',
  group: 'Look',
  summary: 'list objects of a standalone fleet, with the columns of kubectl',
  usage: 'KIND [NAME…]',
  description:
    'Shows the objects in a state folder as kubectl get would. It only reads, so it works beside a running operator and after it.\n' +
    'KIND is a kind, its plural or its short name; several with commas; "fleet" for all. In a cluster use kubectl get.',
  flags: [stateFlag, namespaceFlag, outputFlag, { name: 'no-headers', summary: 'Leave out the line of column names.' }],
  complete: 'kind',
  examples: ['fleetward get devices', 'fleetward get fleet -o wide', 'fleetward get device press-1 -o yaml'],
};

export const describeSpec: CommandSpec = {
  name: 'describe',
  group: 'Look',
  summary: 'show one object of a standalone fleet with its conditions',
  usage: 'KIND NAME…',
  description:
    'Shows objects of a state folder in full: conditions first, with what to do about them, then spec and status.',
  flags: [stateFlag, namespaceFlag],
  complete: 'kind',
  examples: ['fleetward describe device press-1', 'fleetward describe fleetsource standalone'],
};
