import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing, must, why } from './support/cluster.ts';
import { account, documents, policy } from './support/objects.ts';
import { untilReady } from './support/operator.ts';
import { openStory } from './support/story.ts';

const TOKEN = 'projected-service-account-token';
const ROLE = 'arn:aws:iam::123456789012:role/fleetward';
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

/** EKS gives a pod its role in two ways; the image has to understand both, with nothing but what EKS puts there. */
describe.skipIf(missing)(`credentials of a pod${why}`, () => {
  let server: Server;
  let url: string;
  const asked: string[] = [];

  beforeAll(async () => {
    server = createServer((request, reply) => {
      void bodyOf(request).then((body) => {
        asked.push(`${request.method} ${request.headers.authorization ?? body}`);
        if (request.method === 'GET') {
          reply.setHeader('content-type', 'application/json');
          const keys = { AccessKeyId: 'BYAGENT', SecretAccessKey: 'secret', Token: 'session', Expiration: inAnHour() };
          reply.end(JSON.stringify(keys));
          return;
        }
        reply.setHeader('content-type', 'text/xml');
        reply.end(`<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>BYTOKEN</AccessKeyId>
          <SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
          <Expiration>${inAnHour()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
          </AssumeRoleWithWebIdentityResponse>`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  afterAll(() => {
    server?.close();
  });

  test.each([
    [
      'Pod Identity',
      'BYAGENT',
      (file: string) => ({
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v1/credentials`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file,
      }),
    ],
    [
      'IRSA',
      'BYTOKEN',
      (file: string) => ({
        AWS_WEB_IDENTITY_TOKEN_FILE: file,
        AWS_ROLE_ARN: ROLE,
        AWS_REGION: 'us-east-1',
        AWS_ENDPOINT_URL_STS: url,
      }),
    ],
  ])('%s is enough', async (_, key, environment) => {
    await using story = await openStory('credentials');
    const file = join(story.folder, 'token');
    await writeFile(file, TOKEN, { mode: 0o600 });
    const env = { ...environment(file), AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' };
    await untilReady(await story.operator({ env }));
    await story.apply(documents(account(), policy('base')));
    await must(story.kubectl('wait', '--for=condition=Ready', 'fleet', '--all', '--timeout=120s'));
    const keys = new Set(story.sandbox.ledger.entries({ mutating: true }).map(({ accessKeyId }) => accessKeyId));
    expect([...keys]).toEqual([key]);
    expect(asked.at(-1)).toContain(TOKEN);
  });
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request as AsyncIterable<Buffer>) body += chunk.toString();
  return body;
}
