import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CertificateAuthority, createAuthorityMaterial } from '../../../operator/sandbox/x509/authority.ts';
import { readCsr } from '../../../operator/sandbox/x509/csr.ts';
import { pem } from '../../../operator/sandbox/x509/der.ts';
import { failure, makeCsr, POLICY, startSandbox } from './support.ts';

const year = 365 * 86_400_000;

function foreignCertificate(commonName = 'foreign') {
  const material = createAuthorityMaterial(Date.UTC(2026, 0, 1));
  const authority = new CertificateAuthority(material);
  const issue = (subject: string) => {
    const { publicKeyInfo } = readCsr(makeCsr(subject));
    const notBefore = Date.UTC(2026, 0, 1);
    const issued = authority.issue({
      subject: { commonName: subject },
      publicKeyInfo,
      notBefore,
      notAfter: notBefore + year,
    });
    return pem('CERTIFICATE', issued);
  };
  return { ca: material.certificatePem, issue, certificate: issue(commonName) };
}

describe('certificates from signing requests', () => {
  it('have the SHA-256 of their DER as id, the key and subject of the request, and end in 2049', async () => {
    const { iot, sandbox } = startSandbox();
    const csr = makeCsr('sensor-7');
    const { certificateId, certificatePem = '' } = await iot.createCertificateFromCsr({
      certificateSigningRequest: csr,
    });
    const parsed = new X509Certificate(certificatePem);
    expect(createHash('sha256').update(parsed.raw).digest('hex')).toBe(certificateId);
    expect(parsed.subject).toBe('CN=sensor-7');
    expect(parsed.publicKey.export({ type: 'spki', format: 'der' })).toEqual(readCsr(csr).publicKeyInfo);
    expect(parsed.verify(new X509Certificate(sandbox.world.authority.certificatePem).publicKey)).toBe(true);
    expect(parsed.validTo).toContain('2049');
  });

  it('are another certificate each time, and INACTIVE unless asked otherwise', async () => {
    const { iot } = startSandbox();
    const certificateSigningRequest = makeCsr();
    const first = await iot.createCertificateFromCsr({ certificateSigningRequest });
    const second = await iot.createCertificateFromCsr({ certificateSigningRequest, setAsActive: true });
    expect(second.certificateId).not.toBe(first.certificateId);
    const statuses = (await iot.listCertificates({})).certificates?.map((c) => c.status);
    expect(statuses).toEqual(['ACTIVE', 'INACTIVE']);
  });

  it.each([
    { csr: () => 'garbage', reason: 'no PEM' },
    { csr: () => makeCsr().replace(/[A-Za-z]{8}/, 'AAAAAAAA'), reason: 'damaged bytes' },
    { csr: () => pem('CERTIFICATE REQUEST', Buffer.from('300a', 'hex')), reason: 'truncated DER' },
  ])('are refused for $reason (400)', async ({ csr }) => {
    const { iot } = startSandbox();
    const created = iot.createCertificateFromCsr({ certificateSigningRequest: csr() });
    expect(await failure(created)).toMatchObject({ name: 'InvalidRequestException', status: 400 });
  });
});

describe('CreateKeysAndCertificate', () => {
  it('returns a matching key once and keeps it nowhere', async () => {
    const { iot, sandbox } = startSandbox();
    const made = await iot.createKeysAndCertificate({ setAsActive: true });
    const key = createPublicKey(createPrivateKey(made.keyPair?.PrivateKey ?? ''));
    expect(new X509Certificate(made.certificatePem ?? '').publicKey.equals(key)).toBe(true);
    const [line] = (made.keyPair?.PrivateKey ?? '').split('\n').slice(1);
    const kept = JSON.stringify([
      await iot.describeCertificate({ certificateId: made.certificateId ?? '' }),
      sandbox.ledger.entries(),
    ]);
    expect(kept).not.toContain(line);
  });
});

describe('certificate status and deletion', () => {
  it('cannot be set to a status that AWS sets itself (400), and repeats without a change', async () => {
    const { iot, sandbox } = startSandbox();
    const { certificateId = '' } = await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr() });
    for (const newStatus of ['PENDING_TRANSFER', 'PENDING_ACTIVATION'] as const) {
      expect(await failure(iot.updateCertificate({ certificateId, newStatus }))).toMatchObject({ status: 400 });
    }
    expect(await failure(iot.updateCertificate({ certificateId, newStatus: 'NONSENSE' as never }))).toMatchObject({
      name: 'InvalidRequestException',
    });
    await iot.updateCertificate({ certificateId, newStatus: 'ACTIVE' });
    await iot.updateCertificate({ certificateId, newStatus: 'ACTIVE' });
    expect(sandbox.ledger.entries({ operation: 'UpdateCertificate', outcome: 'ok' }).map((e) => e.changed)).toEqual([
      true,
      false,
    ]);
    const described = await iot.describeCertificate({ certificateId });
    expect(described.certificateDescription).toMatchObject({
      status: 'ACTIVE',
      customerVersion: 2,
      ownedBy: '123456789012',
    });
  });

  it('does not come back from REVOKED, unless the switch says so', async () => {
    for (const revokedIsFinal of [true, false]) {
      const { iot } = startSandbox({ switches: { revokedIsFinal } });
      const { certificateId = '' } = await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr() });
      await iot.updateCertificate({ certificateId, newStatus: 'REVOKED' });
      const again = iot.updateCertificate({ certificateId, newStatus: 'ACTIVE' });
      if (revokedIsFinal)
        expect(await failure(again)).toMatchObject({ name: 'CertificateStateException', status: 406 });
      else await again;
    }
  });

  it('is deleted only when not ACTIVE (406) and attached to nothing (409); force skips the policies', async () => {
    const { iot } = startSandbox();
    const made = await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr(), setAsActive: true });
    const { certificateId = '', certificateArn = '' } = made;
    await iot.createThing({ thingName: 'x' });
    await iot.createPolicy({ policyName: 'p', policyDocument: POLICY });
    await iot.attachThingPrincipal({ thingName: 'x', principal: certificateArn });
    await iot.attachPolicy({ policyName: 'p', target: certificateArn });
    const state = { name: 'CertificateStateException', status: 406 };
    expect(await failure(iot.deleteCertificate({ certificateId, forceDelete: true }))).toMatchObject(state);
    await iot.updateCertificate({ certificateId, newStatus: 'INACTIVE' });
    const conflict = { name: 'DeleteConflictException', status: 409 };
    expect(await failure(iot.deleteCertificate({ certificateId, forceDelete: true }))).toMatchObject(conflict);
    await iot.detachThingPrincipal({ thingName: 'x', principal: certificateArn });
    expect(await failure(iot.deleteCertificate({ certificateId }))).toMatchObject(conflict);
    await iot.deleteCertificate({ certificateId, forceDelete: true });
    expect((await iot.listTargetsForPolicy({ policyName: 'p' })).targets).toEqual([]);
    expect(await failure(iot.describeCertificate({ certificateId }))).toMatchObject({ status: 404 });
  });

  it('cannot carry tags', async () => {
    const { iot } = startSandbox();
    const { certificateArn = '' } = await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr() });
    const tagged = iot.tagResource({ resourceArn: certificateArn, tags: [{ Key: 'a', Value: 'b' }] });
    expect(await failure(tagged)).toMatchObject({ name: 'InvalidRequestException' });
  });
});

describe('registering certificates', () => {
  it('works without a CA, once (409 with the id)', async () => {
    const { iot } = startSandbox();
    const certificatePem = foreignCertificate().certificate;
    const { certificateId = '' } = await iot.registerCertificateWithoutCA({ certificatePem, status: 'ACTIVE' });
    const { certificateDescription } = await iot.describeCertificate({ certificateId });
    expect(certificateDescription).toMatchObject({ certificateMode: 'SNI_ONLY', status: 'ACTIVE' });
    const again = await failure(iot.registerCertificateWithoutCA({ certificatePem }));
    expect(again).toMatchObject({ name: 'ResourceAlreadyExistsException', status: 409 });
    const nonsense = iot.registerCertificateWithoutCA({ certificatePem: 'nonsense' });
    expect(await failure(nonsense)).toMatchObject({ name: 'CertificateValidationException', status: 400 });
  });

  it('needs a registered, active CA otherwise; the CA is registered by proof of its key', async () => {
    const { iot } = startSandbox();
    const { ca, certificate, issue } = foreignCertificate();
    const early = iot.registerCertificate({ certificatePem: certificate });
    expect(await failure(early)).toMatchObject({ name: 'CertificateValidationException' });
    const { registrationCode = '' } = await iot.getRegistrationCode({});
    const wrong = iot.registerCACertificate({ caCertificate: ca, verificationCertificate: issue('somebody') });
    expect(await failure(wrong)).toMatchObject({ name: 'RegistrationCodeValidationException' });
    const { certificateId = '' } = await iot.registerCACertificate({
      caCertificate: ca,
      verificationCertificate: issue(registrationCode),
    });
    expect(await failure(iot.registerCertificate({ certificatePem: certificate }))).toMatchObject({
      name: 'CertificateStateException',
    });
    await iot.updateCACertificate({ certificateId, newStatus: 'ACTIVE' });
    const registered = await iot.registerCertificate({ certificatePem: certificate, setAsActive: true });
    const byCa = await iot.listCertificatesByCA({ caCertificateId: certificateId });
    expect(byCa.certificates?.map((c) => c.certificateId)).toEqual([registered.certificateId]);
    expect(await failure(iot.deleteCACertificate({ certificateId }))).toMatchObject({ status: 406 });
    await iot.updateCACertificate({ certificateId, newStatus: 'INACTIVE' });
    await iot.deleteCACertificate({ certificateId });
    expect((await iot.listCACertificates({})).certificates).toEqual([]);
  });
});

describe('principals', () => {
  async function withCertificate(options?: Parameters<typeof startSandbox>[0]) {
    const started = startSandbox(options);
    const { iot } = started;
    for (const thingName of ['a', 'b']) await iot.createThing({ thingName });
    const made = await iot.createCertificateFromCsr({ certificateSigningRequest: makeCsr() });
    return { ...started, principal: made.certificateArn ?? '' };
  }

  it('keep a thing from being deleted (400), for some seconds after the detach too', async () => {
    const { iot, clock, principal } = await withCertificate({ delays: 'realistic' });
    await iot.attachThingPrincipal({ thingName: 'a', principal });
    expect(await failure(iot.deleteThing({ thingName: 'a' }))).toMatchObject({ name: 'InvalidRequestException' });
    await iot.detachThingPrincipal({ thingName: 'a', principal });
    expect((await iot.listThingPrincipals({ thingName: 'a' })).principals).toEqual([principal]);
    expect(await failure(iot.deleteThing({ thingName: 'a' }))).toMatchObject({ status: 400 });
    await clock.advance(5000);
    expect((await iot.listThingPrincipals({ thingName: 'a' })).principals).toEqual([]);
    await iot.deleteThing({ thingName: 'a' });
  });

  it('that are attached again while a detach is on its way stay', async () => {
    const { iot, clock, principal } = await withCertificate({ delays: 'realistic' });
    const both = { thingName: 'a', principal };
    await iot.attachThingPrincipal(both);
    await iot.detachThingPrincipal(both);
    await iot.attachThingPrincipal(both);
    await clock.advance(10_000);
    expect((await iot.listThingPrincipals({ thingName: 'a' })).principals).toEqual([principal]);
  });

  it('are shared among things unless attached exclusively; only the V2 lists tell', async () => {
    const { iot, principal } = await withCertificate();
    await iot.attachThingPrincipal({ thingName: 'a', principal });
    await iot.attachThingPrincipal({ thingName: 'a', principal });
    await iot.attachThingPrincipal({ thingName: 'b', principal });
    expect((await iot.listPrincipalThings({ principal })).things).toEqual(['a', 'b']);
    const exclusive = { principal, thingPrincipalType: 'EXCLUSIVE_THING' as const };
    expect(await failure(iot.attachThingPrincipal({ thingName: 'a', ...exclusive }))).toMatchObject({ status: 400 });
    await iot.detachThingPrincipal({ thingName: 'b', principal });
    await iot.attachThingPrincipal({ thingName: 'a', ...exclusive });
    expect(await failure(iot.attachThingPrincipal({ thingName: 'b', principal }))).toMatchObject({ status: 400 });
    const v2 = await iot.listThingPrincipalsV2({ thingName: 'a' });
    expect(v2.thingPrincipalObjects).toEqual([exclusive]);
    const things = await iot.listPrincipalThingsV2({ principal, thingPrincipalType: 'NON_EXCLUSIVE_THING' });
    expect(things.principalThingObjects).toEqual([]);
  });

  it('are detached once: what is not attached is not found (404)', async () => {
    const { iot, principal } = await withCertificate();
    const detached = iot.detachThingPrincipal({ thingName: 'a', principal });
    expect(await failure(detached)).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
  });
});
