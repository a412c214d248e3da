import { createPublicKey, verify } from 'node:crypto';
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
      const request = readRequest(csr);
      expect(request.curve).toBe('prime256v1');
      expect(request.isSigned).toBe(true);
      expect(request.subject).toContain(device.spec.thingName ?? device.metadata.name);
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

/** The parts of a PKCS#10 request: its key, whether the key signed it, and the bytes of the subject as text. */
function readRequest(pem: string) {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const [info, , signature] = children(der) as [Buffer, Buffer, Buffer];
  const [, subject, spki] = children(info) as [Buffer, Buffer, Buffer];
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  return {
    curve: key.asymmetricKeyDetails?.namedCurve,
    isSigned: verify('sha256', info, key, content(signature).subarray(1)),
    subject: subject.toString('latin1'),
  };
}

function header(der: Buffer): { readonly start: number; readonly end: number } {
  const first = der[1] ?? 0;
  const count = first < 0x80 ? 0 : first & 0x7f;
  const length = count === 0 ? first : der.readUIntBE(2, count);
  return { start: 2 + count, end: 2 + count + length };
}

const content = (der: Buffer) => der.subarray(header(der).start, header(der).end);

function children(der: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let rest = content(der); rest.length > 0; ) {
    const { end } = header(rest);
    found.push(rest.subarray(0, end));
    rest = rest.subarray(end);
  }
  return found;
}
