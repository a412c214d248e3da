import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import { lint } from '../../../operator/policy/lint/index.ts';
import { parsePolicyValue } from '../../../operator/policy/parse.ts';
import { loadTree } from '../../../operator/source/manifests/index.ts';

const { objects } = await loadTree(join(import.meta.dirname, '../../../manifests/examples/factory'));
const policies = objects
  .filter(({ object }) => object.kind === 'IoTPolicy')
  .map(({ object }) => object as unknown as IoTPolicy);

describe('the policies of the example factory', () => {
  it.each(policies.map((policy) => [policy.metadata.name, policy] as const))('%s pleases the linter', (_, policy) => {
    const parsed = parsePolicyValue(policy.spec.document);
    expect(parsed.findings).toEqual([]);
    if (!parsed.document) throw new Error('not parsed');
    const report = lint(parsed.document);
    expect(report.findings).toEqual([]);
    expect(report.deviceDefender.IOT_POLICY_OVERLY_PERMISSIVE_CHECK).toBe('compliant');
  });
});
