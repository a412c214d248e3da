import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../operator/api/device.gen.ts';
import type { IoTPolicy } from '../../../operator/api/iotpolicy.gen.ts';
import type { ThingGroup } from '../../../operator/api/thinggroup.gen.ts';
import { loadTree } from '../../../operator/source/manifests/index.ts';

const folder = join(import.meta.dirname, '../../../manifests/examples/factory');
const { objects } = await loadTree(folder);
const of = <T>(kind: string) =>
  objects.filter(({ object }) => object.kind === kind).map(({ object }) => object as unknown as T);

describe('the example factory', () => {
  it('has two sites, gateways, nested groups and a quarantine group', () => {
    const devices = of<Device>('Device');
    expect(new Set(devices.map((device) => device.spec.attributes?.site)).size).toBe(2);
    expect(devices.filter((device) => device.spec.thingTypeRef?.name === 'gateway').length).toBeGreaterThanOrEqual(2);
    const groups = of<ThingGroup>('ThingGroup');
    expect(groups.filter((group) => group.spec.parentRef).length).toBeGreaterThanOrEqual(4);
    expect(groups.filter((group) => group.spec.quarantine)).toHaveLength(1);
  });

  it('grants by thing variables, in at least four policies', () => {
    const withVariables = of<IoTPolicy>('IoTPolicy').filter((policy) =>
      JSON.stringify(policy.spec.document).includes('${iot:Connection.Thing.'),
    );
    expect(withVariables.length).toBeGreaterThanOrEqual(4);
  });

  it('holds requests for certificates on P-256, one a device, each for its own thing', () => {
    const seen = new Set<string>();
    for (const device of of<Device>('Device')) {
      const csr = device.spec.certificates?.[0]?.csr ?? '';
      const text = execFileSync('openssl', ['req', '-noout', '-verify', '-subject', '-text'], {
        input: csr,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      expect(text).toContain('ASN1 OID: prime256v1');
      expect(text).toContain(`CN = ${device.spec.thingName ?? device.metadata.name}`);
      seen.add(csr);
    }
    expect(seen.size).toBe(of('Device').length);
  });

  it('holds no private key and no kustomization, which kubectl -R would trip over', async () => {
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      expect(file.name).not.toMatch(/kustomization/i);
      expect(await readFile(join(file.parentPath, file.name), 'utf8')).not.toContain('PRIVATE KEY');
    }
  });
});
