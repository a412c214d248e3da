import type { Family } from '../operations.ts';
import { attachments } from './attachments.ts';
import { billingGroups } from './billing-groups.ts';
import { certificates } from './certificates.ts';
import { policies } from './policies.ts';
import { principals } from './principals.ts';
import { securityTokens } from './sts.ts';
import { thingTypes } from './thing-types.ts';
import { things } from './things.ts';

/** Every family of operations that the sandbox answers. A new family is added here. */
export const families: readonly Family[] = [
  attachments,
  billingGroups,
  certificates,
  policies,
  principals,
  securityTokens,
  thingTypes,
  things,
];
