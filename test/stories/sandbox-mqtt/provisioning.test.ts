import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { decodeCbor, encodeCbor } from '../../../operator/sandbox/mqtt/reserved/cbor.ts';
import { CertificateAuthority, createAuthorityMaterial } from '../../../operator/sandbox/x509/authority.ts';
import { pem } from '../../../operator/sandbox/x509/der.ts';
import { type Bed, documentOf, listener, MINUTE, startBed } from './bed.ts';
import { newKeyAndRequest } from './csr.ts';
import { connackOf } from './mqtt-client.ts';

let bed: Bed;
afterEach(() => bed.broker.close());

const ROLE = 'arn:aws:iam::123456789012:role/provisioning';

const templateBody = (name: object, more = {}) =>
  JSON.stringify({
    Parameters: { Serial: { Type: 'String', Default: '0' } },
    Resources: {
      thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: name, AttributePayload: { line: 'a' } } },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE' },
      },
      policy: {
        Type: 'AWS::IoT::Policy',
        Properties: {
          PolicyDocument: documentOf({ Action: 'Connect', Resource: 'client/${iot:Connection.Thing.ThingName}' }),
        },
      },
    },
    DeviceConfiguration: { fallback: 'https://example.com' },
    ...more,
  });

const SERIAL = templateBody({ 'Fn::Join': ['-', ['lamp', { Ref: 'Serial' }]] });
const CLAIM = documentOf(
  { Action: 'Connect', Resource: '*' },
  { Action: ['Publish', 'Receive'], Resource: ['topic/$aws/certificates/*', 'topic/$aws/provisioning-templates/*'] },
);

async function start() {
  bed = startBed();
  await bed.iot.createProvisioningTemplate({
    templateName: 'lamps',
    templateBody: SERIAL,
    provisioningRoleArn: ROLE,
    enabled: true,
  });
}

/** A device that asks on a reserved topic and hears the one answer. */
function asker(certificateId: string) {
  const device = bed.broker.device({ certificateId, clientId: 'new' });
  const ask = async (topic: string, body: object = {}, payload?: string) => {
    const isCbor = topic.endsWith('/cbor');
    device.publish(topic, payload ?? (isCbor ? encodeCbor(body) : JSON.stringify(body)));
    await bed.broker.settle();
    const [answer] = device.received.splice(0);
    const bytes = answer?.payload ?? Buffer.from('null');
    const told = isCbor ? (decodeCbor(bytes) as Record<string, string>) : JSON.parse(bytes.toString());
    return { topic: answer?.topic.slice(topic.length + 1), body: told };
  };
  return { device, ask };
}

const PROVISION = '$aws/provisioning-templates/lamps/provision/json';

describe('fleet provisioning by claim', () => {
  test.each([
    { topic: '$aws/certificates/create/json', request: {}, key: true },
    { topic: '$aws/certificates/create/cbor', request: {}, key: true },
    {
      topic: '$aws/certificates/create-from-csr/json',
      request: { certificateSigningRequest: newKeyAndRequest('lamp').csr },
      key: false,
    },
  ])('$topic gives a certificate that is pending until the thing is registered', async ({ topic, request, key }) => {
    await start();
    await bed.logEverything();
    const { ask } = asker((await bed.device('claim', CLAIM)).certificateId);
    const created = await ask(topic, request);
    expect(created.topic).toBe('accepted');
    expect('privateKey' in created.body).toBe(key);
    const { certificateId, certificateOwnershipToken } = created.body;
    const status = async () => (await bed.iot.describeCertificate({ certificateId })).certificateDescription?.status;
    expect(await status()).toBe('PENDING_ACTIVATION');
    const provisioned = await ask(PROVISION, { certificateOwnershipToken, parameters: { Serial: '7' } });
    expect(provisioned).toEqual({
      topic: 'accepted',
      body: { thingName: 'lamp-7', deviceConfiguration: { fallback: 'https://example.com' } },
    });
    expect(await status()).toBe('ACTIVE');
    const lamp = bed.broker.device({ certificateId, clientId: 'lamp-7' });
    await bed.broker.settle();
    expect(lamp.connected).toBe(true);
    expect(bed.logged('ProvisionDevice').map((e) => e.status)).toEqual(['Success']);
    // The token was good for one registration.
    expect((await ask(PROVISION, { certificateOwnershipToken })).body.errorCode).toBe(
      'InvalidCertificateOwnershipToken',
    );
  });

  test('a certificate that nobody registered a thing for is deleted with its token after an hour', async () => {
    await start();
    const { device, ask } = asker((await bed.device('claim', CLAIM)).certificateId);
    const { body } = await ask('$aws/certificates/create-from-csr/json', {
      certificateSigningRequest: newKeyAndRequest('lamp').csr,
    });
    for (let minute = 0; minute < 60; minute++) {
      await bed.pass(MINUTE);
      device.ping();
    }
    await expect(bed.iot.describeCertificate({ certificateId: body.certificateId })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const { certificateOwnershipToken } = body;
    expect(await ask(PROVISION, { certificateOwnershipToken })).toMatchObject({
      topic: 'rejected',
      body: { statusCode: 400, errorCode: 'InvalidCertificateOwnershipToken' },
    });
  });

  test.each([
    { topic: '$aws/certificates/create-from-csr/json', request: {}, errorCode: 'InvalidCSR' },
    {
      topic: '$aws/certificates/create-from-csr/json',
      request: { certificateSigningRequest: 'x' },
      errorCode: 'InvalidParameters',
    },
    {
      topic: '$aws/provisioning-templates/other/provision/json',
      request: { certificateOwnershipToken: 'x' },
      errorCode: 'ResourceNotFound',
    },
  ])('$topic with $request is rejected as $errorCode', async ({ topic, request, errorCode }) => {
    await start();
    const { ask } = asker((await bed.device('claim', CLAIM)).certificateId);
    expect(await ask(topic, request)).toMatchObject({ topic: 'rejected', body: { errorCode } });
  });

  test('JSON on a CBOR topic is rejected in CBOR as InvalidPayload', async () => {
    await start();
    const { ask } = asker((await bed.device('claim', CLAIM)).certificateId);
    const answer = await ask('$aws/certificates/create/cbor', {}, '{}');
    expect(answer).toMatchObject({ topic: 'rejected', body: { statusCode: 400, errorCode: 'InvalidPayload' } });
  });

  test('the claim of a trusted user is good for its template and for five minutes, and is in no list', async () => {
    await start();
    const claim = await bed.iot.createProvisioningClaim({ templateName: 'lamps' });
    const { device, ask } = asker(claim.certificateId ?? '');
    const { body } = await ask('$aws/certificates/create/json');
    expect(await ask(PROVISION, { ...body, parameters: { Serial: '8' } })).toMatchObject({ topic: 'accepted' });
    expect((await bed.iot.listCertificates({})).certificates?.map((c) => c.certificateId)).toEqual([
      body.certificateId,
    ]);
    device.publish('elsewhere', '');
    await bed.broker.settle();
    expect(device.closed).toBe(true);
    await bed.pass(5 * MINUTE);
    const late = asker(claim.certificateId ?? '').device;
    await bed.broker.settle();
    expect(late.connack).toBeUndefined();
  });
});

describe('certificates of a registered CA', () => {
  /** A CA of the customer's own with one device certificate; the device is a real client, for its certificate has to be seen. */
  async function ca(registrationConfig?: { templateBody: string; roleArn: string }) {
    bed = startBed();
    const material = createAuthorityMaterial(Date.now());
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const der = new CertificateAuthority(material).issue({
      subject: { commonName: 'lamp-9' },
      publicKeyInfo: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
      notBefore: Date.now() - 60_000,
      notAfter: Date.now() + 86_400_000,
    });
    const { certificateId: caId } = await bed.iot.registerCACertificate({
      caCertificate: material.certificatePem,
      certificateMode: 'SNI_ONLY',
      setAsActive: true,
      allowAutoRegistration: true,
      ...(registrationConfig && { registrationConfig }),
    });
    const served = await bed.broker.listen();
    const identity = {
      cert: pem('CERTIFICATE', der),
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
    return { caId, connect: (clientId: string) => connackOf(bed, served, identity, clientId) };
  }

  test('are registered by their first connection, which is refused, and wait to be activated', async () => {
    const { caId, connect } = await ca();
    const ear = await listener(bed, ['$aws/events/certificates/registered/+']);
    expect(await connect('lamp-9')).toBe('closed');
    await bed.broker.settle();
    const { certificates } = await bed.iot.listCertificatesByCA({ caCertificateId: caId ?? '' });
    expect(certificates).toMatchObject([{ status: 'PENDING_ACTIVATION' }]);
    const certificateId = certificates?.[0]?.certificateId;
    expect(ear.heard()).toMatchObject([
      {
        topic: `$aws/events/certificates/registered/${caId}`,
        body: { certificateId, caCertificateId: caId, certificateStatus: 'PENDING_ACTIVATION' },
      },
    ]);
    expect(await connect('lamp-9')).toBe('closed');
  });

  test('are provisioned by the template of their CA, with what their subject says', async () => {
    const body = templateBody({ Ref: 'AWS::IoT::Certificate::CommonName' });
    const { connect } = await ca({ templateBody: body, roleArn: ROLE });
    expect(await connect('lamp-9')).toBe('closed');
    expect((await bed.iot.describeThing({ thingName: 'lamp-9' })).attributes).toEqual({ line: 'a' });
    expect(await connect('lamp-9')).toBe('connack');
    expect(await connect('other')).toBe('closed');
  });

  test('stay unknown while their CA is inactive or does not register them', async () => {
    const { caId, connect } = await ca();
    await bed.iot.updateCACertificate({ certificateId: caId, newAutoRegistrationStatus: 'DISABLE' });
    expect(await connect('lamp-9')).toBe('closed');
    expect((await bed.iot.listCertificates({})).certificates).toEqual([]);
  });

  test('a template that fails leaves the certificate pending and says why', async () => {
    const body = templateBody({ Ref: 'AWS::IoT::Certificate::SerialNumber' });
    const { connect } = await ca({ templateBody: body, roleArn: ROLE });
    await bed.logEverything();
    expect(await connect('lamp-9')).toBe('closed');
    expect((await bed.iot.listCertificates({})).certificates).toMatchObject([{ status: 'PENDING_ACTIVATION' }]);
    expect(bed.logged('ProvisionDevice')).toMatchObject([
      { status: 'Failure', details: expect.stringContaining('AWS::IoT::Certificate::SerialNumber') },
    ]);
  });
});
