import type { CallContext } from '../context.ts';
import { alreadyExists, awsError, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { pageOf } from '../state/paging.ts';
import { type RoleAlias, SETTINGS } from '../state/settings.ts';
import { TAGS } from '../state/tags.ts';
import { compact, tagAtCreate } from './support.ts';

const MAX_ROLE_ALIASES = 100;

const arnOf = (context: CallContext, alias: string) => context.arn(`rolealias/${alias}`);
const tableOf = (context: CallContext) => context.slice(SETTINGS).roleAliases;

function aliasNamed(context: CallContext, name: string): RoleAlias {
  const alias = tableOf(context).get(name);
  if (!alias) throw notFound(`Role alias ${name} not found`);
  return alias;
}

export const roleAliases = family('iot', {
  CreateRoleAlias(context, input) {
    const table = tableOf(context);
    const { roleAlias: alias, roleArn } = input;
    const arn = arnOf(context, alias);
    if (table.has(alias)) throw alreadyExists(`Role alias ${alias} already exists`, alias, arn);
    if (table.size >= MAX_ROLE_ALIASES) {
      throw awsError('LimitExceededException', `The account has ${MAX_ROLE_ALIASES} role aliases`);
    }
    tagAtCreate(context, arn, input.tags);
    const now = context.now();
    const seconds = input.credentialDurationSeconds ?? 3600;
    table.set(alias, { alias, roleArn, seconds, createdAt: now, modifiedAt: now });
    context.changed({ kind: 'other', resource: arn });
    return { roleAlias: alias, roleAliasArn: arn };
  },

  DescribeRoleAlias(context, input) {
    const { alias, roleArn, seconds, createdAt, modifiedAt } = aliasNamed(context, input.roleAlias);
    return {
      roleAliasDescription: {
        roleAlias: alias,
        roleAliasArn: arnOf(context, alias),
        roleArn,
        owner: context.scope.accountId,
        credentialDurationSeconds: seconds,
        creationDate: new Date(createdAt),
        lastModifiedDate: new Date(modifiedAt),
      },
    };
  },

  UpdateRoleAlias(context, input) {
    const alias = aliasNamed(context, input.roleAlias);
    alias.roleArn = input.roleArn ?? alias.roleArn;
    alias.seconds = input.credentialDurationSeconds ?? alias.seconds;
    alias.modifiedAt = context.now();
    context.changed({ kind: 'other', resource: arnOf(context, alias.alias) });
    return { roleAlias: alias.alias, roleAliasArn: arnOf(context, alias.alias) };
  },

  DeleteRoleAlias(context, input) {
    const { alias } = aliasNamed(context, input.roleAlias);
    tableOf(context).delete(alias);
    context.slice(TAGS).drop(arnOf(context, alias));
    context.changed({ kind: 'other', resource: arnOf(context, alias) });
    return {};
  },

  ListRoleAliases(context, input) {
    const page = pageOf(
      tableOf(context),
      { token: input.marker, limit: input.pageSize ?? 25, descending: !input.ascendingOrder },
      context.world.paging,
      ({ alias }) => alias,
    );
    return compact({ roleAliases: page.items, nextMarker: page.next });
  },
});
