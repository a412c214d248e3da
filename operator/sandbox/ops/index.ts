import type { Family } from '../operations.ts';
import { cloudWatchLogs } from '../signals/cloudwatch.ts';
import { queueOperations } from '../signals/sqs.ts';
import { attachments } from './attachments.ts';
import { billingGroups } from './billing-groups.ts';
import { caCertificates } from './ca-certificates.ts';
import { certificates } from './certificates.ts';
import { provisioningClaims } from './claims.ts';
import { dataPlane } from './data-plane.ts';
import { defenderFamilies } from './defender/index.ts';
import { dynamicGroups } from './dynamic-groups.ts';
import { groupMembers } from './group-members.ts';
import { indexingFamilies } from './indexing/index.ts';
import { jobFamilies } from './jobs/index.ts';
import { policies } from './policies.ts';
import { principals } from './principals.ts';
import { registration } from './register-thing.ts';
import { roleAliases } from './role-aliases.ts';
import { securityProfiles } from './security-profiles.ts';
import { accountSettings } from './settings.ts';
import { securityTokens } from './sts.ts';
import { tagging } from './tagging.ts';
import { provisioningTemplates } from './templates.ts';
import { authorizationTests } from './test-authorization.ts';
import { thingGroups } from './thing-groups.ts';
import { thingTypes } from './thing-types.ts';
import { things } from './things.ts';
import { tunnels } from './tunnels.ts';

/** Every family of operations that the sandbox answers. A new family is added here. */
export const families: readonly Family[] = [
  accountSettings,
  attachments,
  authorizationTests,
  billingGroups,
  caCertificates,
  certificates,
  cloudWatchLogs,
  dataPlane,
  ...defenderFamilies,
  dynamicGroups,
  groupMembers,
  ...indexingFamilies,
  ...jobFamilies,
  policies,
  principals,
  provisioningClaims,
  provisioningTemplates,
  queueOperations,
  registration,
  roleAliases,
  securityProfiles,
  securityTokens,
  tagging,
  thingGroups,
  thingTypes,
  things,
  tunnels,
];
