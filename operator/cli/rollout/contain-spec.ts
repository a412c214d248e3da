import type { CommandSpec, FlagSpec } from '../args/spec.ts';
import { placeFlags } from './open.ts';

/** Shared by every command that asks the operator for something. */
export const requestFlags: readonly FlagSpec[] = [
  ...placeFlags,
  { name: 'remark', value: 'TEXT', summary: 'Why; kept in the status and in the evidence log. No brackets.' },
  {
    name: 'token',
    value: 'TOKEN',
    summary: 'Names this request: asking again with the same token does nothing. Default: a new one.',
  },
  { name: 'timeout', value: 'TIME', summary: 'How long to wait for the operator’s answer. Default 30s.' },
  {
    name: 'no-wait',
    summary: 'Ask and return at once. In a state folder without a running operator the request waits for the next one.',
  },
];

export const containSpec: CommandSpec = {
  name: 'contain',
  group: 'Run',
  summary: 'put a prepared denial on devices at once, outside of every rollout',
  usage: 'DEVICE…',
  description:
    'For an incident: the operator attaches a policy that was prepared for this (an IoTPolicy with containment: true, which only denies) to every certificate of the devices, before anything else it does for them. AWS applies it to new connections at once and everywhere within eight minutes.\n' +
    'It is a security act: the devices are held, a rollout in which they are under way pauses, and nobody takes it away by accident. --lift acknowledges it, and it is taken off.\n' +
    'In a cluster it needs the right to the verb contain on devices, and acknowledge to lift it.',
  flags: [
    {
      name: 'policy',
      value: 'NAME',
      summary: 'The IoTPolicy to put on. Default: the only one with containment: true.',
    },
    { name: 'lift', summary: 'Acknowledge the containment, so that it is taken off.' },
    { name: 'act', value: 'ID', many: true, summary: 'With --lift: which act, where several hold the device.' },
    { name: 'all', summary: 'With --lift: every act that holds the device.' },
    ...requestFlags,
  ],
  examples: ['fleetward contain press-1 press-2 --remark "case 4711"', 'fleetward contain --lift press-1'],
  exits: [
    [0, 'every certificate of the devices carries the denial, or it was acknowledged'],
    [1, 'it could not be done, or there is no such device or policy; the output says which'],
    [2, 'the command line was not understood; nothing was asked'],
    [3, 'nobody could be asked: no operator, no cluster, no right to do so'],
    [4, 'not answered before --timeout; the request stays'],
  ],
};
