import { expect, it } from 'vitest';
import { distance } from '../../../../operator/policy/distance/index.ts';
import type { FleetDevice } from '../../../../operator/policy/reach/index.ts';
import { distanceText } from '../../../../operator/report/policy/distance.ts';
import { allow, bound, document, thing } from '../../policy/lint/build.ts';

const site = '${iot:Connection.Thing.Attributes[site]}';

it('the distance of 100,000 devices in 50 templates fits on a page', { timeout: 60_000 }, () => {
  const policy = (at: number, extra: string) =>
    document(
      [bound, allow('Publish', `topic/area${at}/${thing}/${extra}`), allow('Publish', `topic/sites/${site}/x`)],
      '2012-10-17',
      `area${at}`,
    );
  const before = Array.from({ length: 50 }, (_, at) => policy(at, '*'));
  const after = before.map((old, at) => (at % 5 === 0 ? policy(at, 'state') : old));
  const devices = Array.from({ length: 100_000 }, (_, at): FleetDevice => {
    const name = `unit-${at}`;
    const own = { name, thing: name, clientIds: [name], attributes: { site: `s-${at % 300}` } };
    return { ...own, thingType: undefined, groups: [`group-${at % 50}`], policies: [at % 50] };
  });
  const result = distance({ documents: before, devices }, after);
  expect(result.unchanged).toBe(80_000);
  expect(distanceText(result).split('\n').length).toBeLessThan(60);
});
