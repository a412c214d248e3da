import type { AWSAccount } from '../../api/awsaccount.gen.ts';
import { type AwsClient, createAwsClient, type StaticCredentials } from '../../aws/client.ts';
import { terminal } from '../../runtime/errors.ts';

/** Who may reach what; the operator's settings, never a namespace's. */
export interface ConnectRules {
  readonly installation: string;
  /** Beats every AWSAccount, for all services alike. */
  readonly endpoint?: string | undefined;
  /** `anything` in standalone mode, where whoever writes the manifests also starts the operator. */
  readonly roles: 'anything' | Readonly<Record<string, readonly string[]>>;
  readonly endpoints: 'anything' | readonly string[];
  /** Default: the chain of the AWS SDK. */
  readonly credentials?: StaticCredentials | undefined;
  readonly fence: () => void;
  /** Refuse AWSAccounts that do not say which account they mean: in a cluster somebody else chose the credentials. */
  readonly accountIdNeeded?: boolean;
}

/** The AWS client that an AWSAccount asks for, within the rules. */
export function connector(rules: ConnectRules): (account: AWSAccount) => AwsClient {
  return ({ metadata, spec }) => {
    const { namespace = '', name } = metadata;
    const endpoint = rules.endpoint ?? spec.endpoint;
    if (rules.endpoint === undefined && spec.endpoint !== undefined && !mayUse(rules.endpoints, spec.endpoint)) {
      throw terminal(
        'EndpointNotAllowed',
        `AWSAccount ${namespace}/${name} names the endpoint ${spec.endpoint}, which the operator's configuration does not allow. Add it to allowedEndpoints, or take it out`,
      );
    }
    const own = rules.endpoint === undefined ? (spec.signals?.endpoints ?? {}) : {};
    for (const [service, address] of Object.entries(own)) {
      if (typeof address !== 'string' || mayUse(rules.endpoints, address)) continue;
      throw terminal(
        'EndpointNotAllowed',
        `AWSAccount ${namespace}/${name} names the endpoint ${address} for ${service}, which the operator's configuration does not allow. Add it to allowedEndpoints, or take it out`,
      );
    }
    if (spec.roleArn !== undefined && !mayAssume(rules.roles, namespace, spec.roleArn)) {
      throw terminal(
        'RoleNotAllowed',
        `AWSAccount ${namespace}/${name} names ${spec.roleArn}, which the operator's configuration does not allow for this namespace. Add it to allowedRoleArns, or name another role`,
      );
    }
    if (rules.accountIdNeeded === true && spec.accountId === undefined) {
      throw terminal(
        'AccountIdMissing',
        `AWSAccount ${namespace}/${name} has no spec.accountId. Nothing is written before the credentials are proven to be of the account that is meant: add its twelve digits`,
      );
    }
    const role = spec.roleArn && {
      arn: spec.roleArn,
      externalId: `fleetward/${rules.installation}/${namespace}`,
      sessionName: `fleetward-${rules.installation}`,
    };
    return createAwsClient({
      region: spec.region,
      fence: rules.fence,
      ...(endpoint === undefined ? {} : { endpoint }),
      endpoints: own,
      ...(role ? { role } : {}),
      ...(rules.credentials === undefined ? {} : { credentials: rules.credentials }),
    });
  };
}

function mayUse(allowed: ConnectRules['endpoints'], endpoint: string): boolean {
  return allowed === 'anything' || allowed.some((pattern) => matches(pattern, endpoint));
}

function mayAssume(allowed: ConnectRules['roles'], namespace: string, arn: string): boolean {
  if (allowed === 'anything') return true;
  return [...(allowed[namespace] ?? []), ...(allowed['*'] ?? [])].some((pattern) => matches(pattern, arn));
}

/** A trailing `*` stands for any rest; elsewhere it is an ordinary character. */
function matches(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
