import type { Caller } from '../accounts.ts';
import type { LedgerEntry } from '../ledger.ts';
import { hexDigits, uuid } from '../state/ids.ts';

/** A mutating call, with what CloudTrail records of it. */
export interface AuditedCall {
  readonly entry: LedgerEntry;
  readonly caller: Caller;
  readonly input: Readonly<Record<string, unknown>>;
  readonly requestId: string;
}

/** Calls told to the audit trail; set while signals run. */
export type AuditPort = (call: AuditedCall) => void;

const SOURCES: Readonly<Record<string, string>> = {
  iot: 'iot.amazonaws.com',
  sts: 'sts.amazonaws.com',
  'iot-jobs-data': 'iot.amazonaws.com',
};

/** CloudTrail leaves out what devices do and the calls of the data plane (iot-using-cloudtrail). */
export function isAudited({ entry }: AuditedCall): boolean {
  return entry.mutating && entry.service === 'iot';
}

/**
 * The event that EventBridge makes of a CloudTrail record. Values that hold key material or a signing request never get
 * into it; other texts are as given.
 */
export function trailEvent({ entry, caller, input, requestId }: AuditedCall, random: () => number) {
  const time = `${new Date(entry.at).toISOString().slice(0, 19)}Z`;
  const source = SOURCES[entry.service] ?? `${entry.service}.amazonaws.com`;
  return {
    version: '0',
    id: uuid(random),
    'detail-type': 'AWS API Call via CloudTrail',
    source: 'aws.iot',
    account: entry.accountId,
    time,
    region: entry.region,
    resources: [],
    detail: {
      eventVersion: '1.09',
      userIdentity: identityOf(caller),
      eventTime: time,
      eventSource: source,
      eventName: entry.operation,
      awsRegion: entry.region,
      sourceIPAddress: '127.0.0.1',
      requestParameters: parametersOf(input),
      responseElements: null,
      ...(entry.outcome !== 'ok' && { errorCode: entry.outcome }),
      requestID: requestId,
      eventID: uuid(random),
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: entry.accountId,
      eventCategory: 'Management',
      sharedEventID: hexDigits(random, 32),
    },
  };
}

function identityOf({ arn, accountId, accessKeyId, userId, sessionName }: Caller) {
  const common = { principalId: userId, arn, accountId, accessKeyId };
  if (sessionName === '') return { type: 'IAMUser', ...common, userName: arn.slice(arn.lastIndexOf('/') + 1) };
  const role = arn.split('/')[1] ?? '';
  return {
    type: 'AssumedRole',
    ...common,
    sessionContext: {
      sessionIssuer: { type: 'Role', arn: `arn:aws:iam::${accountId}:role/${role}`, accountId, userName: role },
    },
  };
}

const WITHHELD = /(privateKey|token|certificateSigningRequest|password|secret)/i;

function parametersOf(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => [
      name,
      WITHHELD.test(name) ? 'HIDDEN_DUE_TO_SECURITY_REASONS' : value instanceof Uint8Array ? undefined : value,
    ]),
  );
}
