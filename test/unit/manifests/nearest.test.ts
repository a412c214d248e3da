import { describe, expect, it } from 'vitest';
import { nearest } from '../../../operator/api/validation/nearest.ts';

describe('the nearest name', () => {
  const kinds = ['Device', 'ThingType', 'ThingGroup', 'IoTPolicy', 'FleetSource'];
  const cases: readonly (readonly [reason: string, text: string, expected: string | undefined])[] = [
    ['a letter wrong', 'Devise', 'Device'],
    ['two letters swapped', 'Deivce', 'Device'],
    ['other capitals', 'iotpolicy', 'IoTPolicy'],
    ['plural', 'Devices', 'Device'],
    ['nothing alike', 'Deployment', undefined],
    ['too short to tell', 'X', undefined],
    ['absurdly long', 'Device'.repeat(100), undefined],
  ];
  it.each(cases)('%s: %s', (_, text, expected) => {
    expect(nearest(text, kinds)).toBe(expected);
  });
});
