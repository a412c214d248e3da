import { expect, test } from 'vitest';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import { policyNamesFor } from '../../../operator/controllers/iotpolicy/names.ts';

const policy = (spec: object, awsNames?: readonly string[]) =>
  ({
    metadata: { name: 'press' },
    spec,
    status: awsNames === undefined ? undefined : { awsNames },
  }) as unknown as IoTPolicy;

test.each([
  [policy({}), 'press', ['press'], 'the name of the object serves'],
  [policy({ policyName: 'Press' }), 'Press', ['Press'], 'AWS knows it by another name'],
  [policy({}, ['press', 'press.fw-2']), 'press', ['press', 'press.fw-2'], 'a rollout moves assets to a candidate'],
])('%j is attached as %s and satisfied by %j: %s', (object, attach, satisfiedBy) => {
  expect(policyNamesFor(object)).toEqual({ attach, satisfiedBy });
});
