import type { Distance, DistanceGroup, RightChange } from '../../policy/distance/index.ts';
import { counted } from '../count.ts';
import { plainRequest, shortArn } from './source.ts';

export const distanceFormat = 'fleetward.dev/policy-distance/v1';

const maxGroups = 20;

function changeLines(word: string, changes: readonly RightChange[]): string[] {
  return changes.map(
    (change) => `    ${word}  ${change.action}  ${change.pattern}  (${shortArn(change.example.resource)})`,
  );
}

function membersLine({ count, devices, wholeGroups }: DistanceGroup): string {
  const names = devices
    .slice(0, 4)
    .map((device) => device.name)
    .join(', ');
  const groups =
    wholeGroups.length === 0
      ? ''
      : `; all of ${wholeGroups.slice(0, 6).join(', ')}${wholeGroups.length > 6 ? ', …' : ''}`;
  return `  ${counted(count, 'device')}: ${names}${count > 4 ? ', …' : ''}${groups}`;
}

/** Which devices gain or lose what, by kind of change: a page, whatever the size of the fleet. */
export function distanceText(distance: Distance): string {
  const changed = distance.groups.reduce((sum, group) => sum + group.count, 0);
  const lines = [
    `${changed} of ${changed + distance.unchanged} devices gain or lose something, in ${counted(distance.groups.length, 'way')}`,
    '',
    ...distance.groups
      .slice(0, maxGroups)
      .flatMap((group) => [
        membersLine(group),
        ...changeLines('gain', group.gained),
        ...changeLines('lose', group.lost),
        '',
      ]),
  ];
  if (distance.groups.length > maxGroups)
    lines.push(`  and ${distance.groups.length - maxGroups} more ways; --output json lists all`, '');
  return `${[...lines, ...distance.undecided.map((text) => `  not decided: ${text}`)].join('\n')}\n`;
}

export function distanceJson(distance: Distance) {
  const change = ({ action, pattern, example }: RightChange) => ({ action, pattern, example: plainRequest(example) });
  return {
    format: distanceFormat,
    unchanged: distance.unchanged,
    groups: distance.groups.map((group) => ({
      count: group.count,
      sample: group.devices.map((device) => device.name),
      wholeGroups: group.wholeGroups,
      gained: group.gained.map(change),
      lost: group.lost.map(change),
    })),
    undecided: distance.undecided,
  };
}
