import { IoTJobsDataPlane } from '@aws-sdk/client-iot-jobs-data-plane';
import type { DelayOption } from '../../../operator/sandbox/delays.ts';
import type { MemoryDevice } from '../../../operator/sandbox/mqtt/memory-device.ts';
import { makeCsr } from '../sandbox/support.ts';
import { arn, EVERYTHING, MINUTE, startBed } from '../sandbox-mqtt/bed.ts';

/** One call of a script; the numbers choose its names. */
export interface Step {
  readonly command: keyof typeof COMMANDS;
  readonly a: number;
  readonly b: number;
}

const client = (bed: { readonly sandbox: { requestHandler(): unknown } }) => ({
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
  requestHandler: bed.sandbox.requestHandler() as never,
  endpoint: 'https://sandbox.example',
  maxAttempts: 1,
});

/** A sandbox with its broker, the clients that look at it, and the devices of the script. */
export function startWorld(delays: DelayOption, at?: number) {
  const bed = startBed({ delays });
  if (at !== undefined) void bed.clock.advance(at - bed.clock.now());
  return {
    ...bed,
    work: new IoTJobsDataPlane(client(bed)),
    /** The npm client of this service carries no schemas; a call is what it would send. */
    async tunneling(operation: string, input: object): Promise<Record<string, unknown>> {
      const headers = {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': `IoTSecuredTunneling.${operation}`,
      };
      const request = { method: 'POST', path: '/', headers, body: Buffer.from(JSON.stringify(input)) };
      const { status, body } = await bed.sandbox.handle(request);
      const answer = JSON.parse(String(body)) as Record<string, unknown>;
      if (status !== 200)
        throw Object.assign(new Error(String(answer.message)), { name: answer.__type, $metadata: {} });
      return answer;
    },
    devices: new Map<string, MemoryDevice>(),
    certificates: [] as string[],
    lamps: [] as string[],
    opened: [] as string[],
  };
}

export type World = ReturnType<typeof startWorld>;

const NUMBERS = [0, 1, 2, 3];
const csr = makeCsr();
const thing = (n: number) => `t${n}`;
const group = (n: number) => `g${n}`;
const policy = (n: number) => `p${n}`;
const lamp = (n: number) => `lamp${n % 2}`;
const document = (n: number) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: ['iot:Connect'], Resource: [`arn:aws:iot:us-east-1:123456789012:client/${n}`] },
    ],
  });
const template = JSON.stringify({
  Parameters: { 'AWS::IoT::Certificate::Id': { Type: 'String' } },
  Resources: {
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
    },
  },
});
const role = 'arn:aws:iam::123456789012:role/r';
const check = 'LOGGING_DISABLED_CHECK';

/** What every script begins with: the index is on, events reach a queue, and two lamps can connect. */
export async function begin(world: World): Promise<void> {
  const { iot } = world;
  await iot.updateIndexingConfiguration({ thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
  await world.sqs.createQueue({ QueueName: 'q' });
  await iot.updateEventConfigurations({ eventConfigurations: { THING: { Enabled: true }, JOB: { Enabled: true } } });
  await iot.setV2LoggingOptions({ roleArn: role, defaultLogLevel: 'DISABLED' });
  for (let n = 0; n < 2; n++) world.lamps.push((await world.device(lamp(n), EVERYTHING)).certificateId);
  // A script finds something of each kind, or most of its calls would be about what does not exist.
  for (const n of NUMBERS) {
    await iot.createThing({ thingName: thing(n) });
    await iot.createThingGroup({ thingGroupName: group(n) });
    await iot.createPolicy({ policyName: policy(n), policyDocument: document(n) });
    await COMMANDS.certificate(world, 1);
    await COMMANDS['attach policy'](world, n, n);
    await COMMANDS['attach principal'](world, n, n === 3 ? 2 : n);
    await COMMANDS['join group'](world, n, 0);
    await COMMANDS.shadow(world, n, n);
  }
  await iot.createBillingGroup({ billingGroupName: 'b0' });
  await COMMANDS.template(world, 0);
  await COMMANDS['audit configuration'](world, 1);
  await COMMANDS['mitigation action'](world, 0);
  await COMMANDS.job(world, 0, 0);
  await world.pass(10 * MINUTE);
}

const cert = (world: World, n: number) =>
  world.certificates[n % Math.max(1, world.certificates.length)] ?? arn('cert/0');

export function connect(world: World, n: number): MemoryDevice {
  const device = world.broker.device({ certificateId: world.lamps[n % 2] ?? '', clientId: lamp(n), clean: false });
  world.devices.set(lamp(n), device);
  return device;
}

export const COMMANDS = {
  thing: (w: World, a: number, b: number) =>
    w.iot.createThing({ thingName: thing(a), attributePayload: { attributes: { site: String(b) } } }),
  'thing with type': (w: World, a: number) => w.iot.createThing({ thingName: thing(a), thingTypeName: 'y' }),
  type: (w: World) =>
    w.iot.createThingType({ thingTypeName: 'y', thingTypeProperties: { searchableAttributes: ['s'] } }),
  deprecate: (w: World, a: number) => w.iot.deprecateThingType({ thingTypeName: 'y', undoDeprecate: a === 0 }),
  'delete type': (w: World) => w.iot.deleteThingType({ thingTypeName: 'y' }),
  'update thing': (w: World, a: number, b: number) =>
    w.iot.updateThing({ thingName: thing(a), attributePayload: { attributes: { site: b === 0 ? '' : String(b) } } }),
  'delete thing': (w: World, a: number) => w.iot.deleteThing({ thingName: thing(a) }),
  group: (w: World, a: number, b: number) =>
    w.iot.createThingGroup({ thingGroupName: group(a), ...(b === 1 && { parentGroupName: group(0) }) }),
  'dynamic group': (w: World, a: number) =>
    w.iot.createDynamicThingGroup({ thingGroupName: `d${a % 2}`, queryString: `attributes.site:${a}` }),
  'update dynamic group': (w: World, a: number, b: number) =>
    w.iot.updateDynamicThingGroup({
      thingGroupName: `d${a % 2}`,
      thingGroupProperties: { thingGroupDescription: 'x' },
      queryString: `attributes.site:${b}`,
    }),
  'delete group': (w: World, a: number) => w.iot.deleteThingGroup({ thingGroupName: group(Math.max(a, 1)) }),
  'join group': (w: World, a: number, b: number) =>
    w.iot.addThingToThingGroup({ thingName: thing(a), thingGroupName: group(b) }),
  'leave group': (w: World, a: number, b: number) =>
    w.iot.removeThingFromThingGroup({ thingName: thing(a), thingGroupName: group(b) }),
  'billing group': (w: World, a: number) => w.iot.createBillingGroup({ billingGroupName: `b${a % 2}` }),
  'join billing group': (w: World, a: number, b: number) =>
    w.iot.addThingToBillingGroup({ thingName: thing(a), billingGroupName: `b${b % 2}` }),
  certificate: async (w: World, a: number) => {
    const made = await w.iot.createCertificateFromCsr({ certificateSigningRequest: csr, setAsActive: a > 0 });
    w.certificates.push(made.certificateArn ?? '');
  },
  'certificate status': (w: World, a: number, b: number) =>
    w.iot.updateCertificate({
      certificateId: cert(w, a).slice(-64),
      newStatus: (['ACTIVE', 'INACTIVE', 'REVOKED'] as const)[b % 3],
    }),
  'attach principal': (w: World, a: number, b: number) =>
    w.iot.attachThingPrincipal({
      thingName: thing(a),
      principal: cert(w, b),
      thingPrincipalType: b === 3 ? 'EXCLUSIVE_THING' : 'NON_EXCLUSIVE_THING',
    }),
  'detach principal': (w: World, a: number, b: number) =>
    w.iot.detachThingPrincipal({ thingName: thing(a), principal: cert(w, b > 2 ? b : a) }),
  policy: (w: World, a: number, b: number) =>
    w.iot.createPolicy({ policyName: policy(a), policyDocument: document(b) }),
  'policy version': (w: World, a: number, b: number) =>
    w.iot.createPolicyVersion({ policyName: policy(a), policyDocument: document(b), setAsDefault: b > 1 }),
  'delete policy': (w: World, a: number) => w.iot.deletePolicy({ policyName: policy(a) }),
  'attach policy': (w: World, a: number, b: number) =>
    w.iot.attachPolicy({ policyName: policy(a), target: b === 0 ? arn('thinggroup/g0') : cert(w, b) }),
  'detach policy': (w: World, a: number, b: number) =>
    w.iot.detachPolicy({ policyName: policy(a), target: b === 0 ? arn('thinggroup/g0') : cert(w, b) }),
  tag: (w: World, a: number, b: number) =>
    w.iot.tagResource({ resourceArn: arn(`thinggroup/${group(a)}`), tags: [{ Key: `k${b}`, Value: String(a) }] }),
  'role alias': (w: World, a: number) => w.iot.createRoleAlias({ roleAlias: `r${a % 2}`, roleArn: role }),
  template: (w: World, a: number) =>
    w.iot.createProvisioningTemplate({
      templateName: `m${a % 2}`,
      templateBody: template,
      provisioningRoleArn: role,
      enabled: true,
    }),
  claim: (w: World, a: number) => w.iot.createProvisioningClaim({ templateName: `m${a % 2}` }),
  profile: (w: World, a: number) =>
    w.iot.createSecurityProfile({
      securityProfileName: `s${a % 2}`,
      behaviors: [
        {
          name: 'x',
          metric: 'aws:num-messages-sent',
          criteria: { comparisonOperator: 'less-than', value: { count: a }, durationSeconds: 300 },
        },
      ],
    }),
  'attach profile': (w: World, a: number) =>
    w.iot.attachSecurityProfile({
      securityProfileName: `s${a % 2}`,
      securityProfileTargetArn: arn('all/things'),
    }),
  metric: (w: World, a: number) =>
    w.iot.createCustomMetric({ metricName: `c${a % 2}`, metricType: 'number', clientRequestToken: `t${a % 2}` }),
  dimension: (w: World, a: number) =>
    w.iot.createDimension({ name: `d${a % 2}`, type: 'TOPIC_FILTER', stringValues: ['a'], clientRequestToken: `${a}` }),
  'audit configuration': (w: World, a: number) =>
    w.iot.updateAccountAuditConfiguration({
      roleArn: role,
      auditCheckConfigurations: { [check]: { enabled: a > 0 } },
    }),
  audit: (w: World) => w.iot.startOnDemandAuditTask({ targetCheckNames: [check] }),
  suppression: (w: World, a: number) =>
    w.iot.createAuditSuppression({
      checkName: check,
      resourceIdentifier: { account: '123456789012' },
      suppressIndefinitely: true,
      clientRequestToken: `${a}`,
    }),
  'mitigation action': (w: World, a: number) =>
    w.iot.createMitigationAction({
      actionName: `a${a % 2}`,
      roleArn: role,
      actionParams: { enableIoTLoggingParams: { roleArnForLogging: role, logLevel: 'ERROR' } },
    }),
  mitigation: (w: World, a: number, b: number) =>
    w.iot.startAuditMitigationActionsTask({
      taskId: `task${a}`,
      target: { auditCheckToReasonCodeFilter: { [check]: ['ANY'] } },
      auditCheckToActionsMapping: { [check]: [`a${b % 2}`] },
      clientRequestToken: `${a}`,
    }),
  'scheduled audit': (w: World, a: number) =>
    w.iot.createScheduledAudit({
      scheduledAuditName: `s${a % 2}`,
      frequency: 'MONTHLY',
      dayOfMonth: '20',
      targetCheckNames: [check],
    }),
  'log level': (w: World, a: number) =>
    w.iot.setV2LoggingLevel({ logTarget: { targetType: 'CLIENT_ID', targetName: `c${a}` }, logLevel: 'INFO' }),
  job: (w: World, a: number, b: number) =>
    w.iot.createJob({
      jobId: `j${a % 3}`,
      targets: [arn(`thing/${thing(b)}`), arn('thinggroup/g0')],
      document: '{}',
      targetSelection: b > 1 ? 'CONTINUOUS' : 'SNAPSHOT',
      timeoutConfig: { inProgressTimeoutInMinutes: 5 },
      ...(a === 3 && { jobExecutionsRolloutConfig: { maximumPerMinute: 1 } }),
      ...(b === 3 && {
        schedulingConfig: { startTime: new Date(w.clock.now() + 60 * MINUTE).toISOString().slice(0, 16) },
      }),
    }),
  'cancel job': (w: World, a: number) => w.iot.cancelJob({ jobId: `j${a % 3}` }),
  'delete job': (w: World, a: number) => w.iot.deleteJob({ jobId: `j${(a % 2) + 1}`, force: true }),
  'start job': (w: World, a: number, b: number) =>
    w.work.startNextPendingJobExecution({ thingName: thing(a), ...(b > 1 && { stepTimeoutInMinutes: b }) }),
  'report job': (w: World, a: number, b: number) =>
    w.work.updateJobExecution({
      jobId: `j${b > 2 ? 1 : 0}`,
      thingName: thing(a),
      status: (['SUCCEEDED', 'FAILED', 'IN_PROGRESS', 'REJECTED'] as const)[b],
    }),
  'delete execution': (w: World, a: number, b: number) =>
    w.iot.deleteJobExecution({ jobId: `j${b % 3}`, thingName: thing(a), executionNumber: 1 as never, force: true }),
  tunnel: async (w: World, a: number) => {
    const opened = await w.tunneling('OpenTunnel', {
      destinationConfig: { thingName: thing(a), services: ['SSH'] },
      timeoutConfig: { maxLifetimeTimeoutMinutes: 10 * (a + 1) },
    });
    w.opened.push(String(opened.tunnelId));
  },
  'close tunnel': (w: World, a: number, b: number) =>
    w.tunneling('CloseTunnel', { tunnelId: w.opened[a % Math.max(1, w.opened.length)] ?? 'x', delete: b === 0 }),
  shadow: (w: World, a: number, b: number) =>
    w.data.updateThingShadow({
      thingName: thing(a),
      ...(b > 1 && { shadowName: 'n' }),
      payload: Buffer.from(
        JSON.stringify({ state: b % 2 === 0 ? { desired: { x: b } } : { reported: { x: a, y: null } } }),
      ),
    }),
  'delete shadow': (w: World, a: number, b: number) =>
    w.data.deleteThingShadow({ thingName: thing(a), ...(b > 1 && { shadowName: 'n' }) }),
  retain: (w: World, a: number, b: number) =>
    w.data.publish({ topic: `r/${a}`, payload: Buffer.from('x'.repeat(b)), retain: true, qos: 1 }),
  connect: async (w: World, a: number) => void connect(w, a),
  subscribe: async (w: World, a: number, b: number) =>
    void w.devices.get(lamp(a))?.subscribe(b > 1 ? 'r/+' : [`r/${b}`, '$share/x/s'], b === 0 ? 0 : 1),
  unsubscribe: async (w: World, a: number, b: number) => void w.devices.get(lamp(a))?.unsubscribe([`r/${b}`]),
  disconnect: async (w: World, a: number) => void w.devices.get(lamp(a))?.disconnect(),
  publish: async (w: World, a: number, b: number) =>
    void w.devices.get(lamp(a))?.publish(`r/${b}`, String(b), { qos: 1 }),
  receive: (w: World) =>
    w.sqs.receiveMessage({ QueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/q', MaxNumberOfMessages: 3 }),
  time: (w: World, a: number) => w.pass([1000, 20_000, MINUTE, 6 * MINUTE][a] ?? 0),
} as const;

/** Runs a script. A call that AWS would refuse is part of it. */
export async function run(world: World, steps: readonly Step[]): Promise<number> {
  let succeeded = 0;
  for (const { command, a, b } of steps) {
    const call: (w: World, a: number, b: number) => Promise<unknown> = COMMANDS[command];
    await call(world, a, b).then(
      () => succeeded++,
      (error: Error) => {
        if (!(error as { $metadata?: unknown }).$metadata) throw error;
      },
    );
    await world.broker.settle();
  }
  return succeeded;
}

/** Everything that a caller can read: by what was asked, the answer or the error's name. */
export async function look(w: World): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  const ask = async (label: string, call: Promise<object>) => {
    seen[label] = await call.then(
      ({ $metadata: _, ...answer }: { $metadata?: unknown }) => JSON.parse(JSON.stringify(answer, bigints)) as unknown,
      (error: Error) => error.name,
    );
  };
  const { iot, data, work } = w;
  await ask('things', iot.listThings({}));
  await ask('types', iot.listThingTypes({}));
  await ask('groups', iot.listThingGroups({}));
  await ask('billing groups', iot.listBillingGroups({}));
  await ask('certificates', iot.listCertificates({}));
  await ask('policies', iot.listPolicies({}));
  await ask('aliases', iot.listRoleAliases({}));
  await ask('templates', iot.listProvisioningTemplates({}));
  await ask('profiles', iot.listSecurityProfiles({}));
  await ask('profile targets', iot.listTargetsForSecurityProfile({ securityProfileName: 's0' }));
  await ask('profile', iot.describeSecurityProfile({ securityProfileName: 's1' }));
  await ask('metrics', iot.listCustomMetrics({}));
  await ask('metric', iot.describeCustomMetric({ metricName: 'c0' }));
  await ask('dimension', iot.describeDimension({ name: 'd0' }));
  await ask('audit configuration', iot.describeAccountAuditConfiguration({}));
  await ask('findings', iot.listAuditFindings({ startTime: new Date(0), endTime: new Date(w.clock.now()) }));
  await ask('suppressions', iot.listAuditSuppressions({}));
  await ask('actions', iot.listMitigationActions({}));
  await ask('scheduled audits', iot.describeScheduledAudit({ scheduledAuditName: 's0' }));
  await ask('log levels', iot.listV2LoggingLevels({}));
  await ask('events', iot.describeEventConfigurations({}));
  await ask('jobs', iot.listJobs({}));
  await ask('tunnels', w.tunneling('ListTunnels', {}));
  for (const id of w.opened) await ask(`tunnel ${id}`, w.tunneling('DescribeTunnel', { tunnelId: id }));
  await ask('search', iot.searchIndex({ queryString: 'thingName:*' }));
  await ask('retained', data.listRetainedMessages({}));
  await ask(
    'queue',
    w.sqs.getQueueAttributes({
      QueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/q',
      AttributeNames: ['All'],
    }),
  );
  await ask('type', iot.describeThingType({ thingTypeName: 'y' }));
  for (const n of NUMBERS) {
    await ask(`thing ${n}`, iot.describeThing({ thingName: thing(n) }));
    await ask(`principals ${n}`, iot.listThingPrincipalsV2({ thingName: thing(n) }));
    await ask(`groups of ${n}`, iot.listThingGroupsForThing({ thingName: thing(n) }));
    await ask(`effective ${n}`, iot.getEffectivePolicies({ thingName: thing(n) }));
    await ask(`shadow ${n}`, data.getThingShadow({ thingName: thing(n) }).then(readShadow));
    await ask(`named shadow ${n}`, data.getThingShadow({ thingName: thing(n), shadowName: 'n' }).then(readShadow));
    await ask(`pending ${n}`, work.getPendingJobExecutions({ thingName: thing(n) }));
    await ask(`executions ${n}`, iot.listJobExecutionsForThing({ thingName: thing(n) }));
    await ask(`group ${n}`, iot.describeThingGroup({ thingGroupName: group(n) }));
    await ask(`members ${n}`, iot.listThingsInThingGroup({ thingGroupName: group(n) }));
    await ask(`group tags ${n}`, iot.listTagsForResource({ resourceArn: arn(`thinggroup/${group(n)}`) }));
    await ask(`policy ${n}`, iot.getPolicy({ policyName: policy(n) }));
    await ask(`versions ${n}`, iot.listPolicyVersions({ policyName: policy(n) }));
    await ask(`targets ${n}`, iot.listTargetsForPolicy({ policyName: policy(n) }));
    await ask(`job ${n}`, iot.describeJob({ jobId: `j${n}` }));
    await ask(`mitigation ${n}`, iot.describeAuditMitigationActionsTask({ taskId: `task${n}` }));
  }
  for (const n of [0, 1]) {
    await ask(`dynamic group ${n}`, iot.describeThingGroup({ thingGroupName: `d${n}` }));
    await ask(`dynamic members ${n}`, iot.listThingsInThingGroup({ thingGroupName: `d${n}` }));
    await ask(`connection ${n}`, data.getConnection({ clientId: lamp(n) }));
    await ask(`subscriptions ${n}`, data.listSubscriptions({ clientId: lamp(n) }));
  }
  for (const [n, principal] of w.certificates.entries()) {
    await ask(`certificate ${n}`, iot.describeCertificate({ certificateId: principal.slice(-64) }));
    await ask(`things of ${n}`, iot.listPrincipalThingsV2({ principal }));
    await ask(`policies of ${n}`, iot.listAttachedPolicies({ target: principal }));
  }
  return seen;
}

const bigints = (_key: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);

/** A shadow's answer has the time of the question in it. */
function readShadow({ payload }: { readonly payload?: Uint8Array }): object {
  const { timestamp: _, ...shadow } = JSON.parse(Buffer.from(payload ?? []).toString()) as { timestamp: number };
  return shadow;
}
