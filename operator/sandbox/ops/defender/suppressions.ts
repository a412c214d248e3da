import type { ResourceIdentifier } from '@aws-sdk/client-iot';
import type { CallContext } from '../../context.ts';
import { awsError, invalid, notFound } from '../../errors.ts';
import { family } from '../../operations.ts';
import { pageOf } from '../../state/paging.ts';
import { compact } from '../support.ts';
import { defenderOf } from './audits.ts';
import { CHECKS } from './checks.ts';
import { resourceKey, type Suppression } from './state.ts';

interface Named {
  readonly checkName: string;
  readonly resourceIdentifier: ResourceIdentifier;
}

const keyOf = ({ checkName, resourceIdentifier }: Named) => resourceKey(checkName, resourceIdentifier);

function suppressionFor(context: CallContext, named: Named): Suppression {
  const known = defenderOf(context).suppressions.get(keyOf(named));
  if (!known) throw notFound(`No suppression of ${named.checkName} for this resource`);
  return known;
}

interface Until {
  readonly expirationDate?: Date | undefined;
  readonly suppressIndefinitely?: boolean | undefined;
}

/** A suppression ends at a date in the future or never. */
function checkUntil(context: CallContext, { expirationDate, suppressIndefinitely }: Until): void {
  if ((expirationDate !== undefined) === (suppressIndefinitely === true)) {
    throw invalid('Give either expirationDate or suppressIndefinitely');
  }
  if (expirationDate !== undefined && expirationDate.getTime() <= context.now()) {
    throw invalid('expirationDate must be in the future');
  }
}

const described = (suppression: Suppression) =>
  compact({
    checkName: suppression.check,
    resourceIdentifier: suppression.resource,
    expirationDate: suppression.expiresAt === undefined ? undefined : new Date(suppression.expiresAt),
    suppressIndefinitely: suppression.indefinite,
    description: suppression.description,
  });

/** What the operator of a fleet accepts as it is (audit-finding-suppressions). */
export const auditSuppressions = family('iot', {
  CreateAuditSuppression(context, input) {
    const { suppressions } = defenderOf(context);
    if (!Object.hasOwn(CHECKS, input.checkName)) throw invalid(`Unknown audit check ${input.checkName.slice(0, 100)}`);
    const key = keyOf(input);
    if (suppressions.has(key)) {
      throw awsError('ResourceAlreadyExistsException', `${input.checkName} is already suppressed for this resource`);
    }
    checkUntil(context, input);
    suppressions.set(key, {
      check: input.checkName,
      resource: input.resourceIdentifier,
      expiresAt: input.expirationDate?.getTime(),
      indefinite: input.suppressIndefinitely ?? false,
      description: input.description,
    });
    context.changed({ kind: 'other', resource: 'auditsuppression' });
    return {};
  },

  DescribeAuditSuppression: (context, input) => described(suppressionFor(context, input)),

  UpdateAuditSuppression(context, input) {
    const known = suppressionFor(context, input);
    if (input.expirationDate !== undefined || input.suppressIndefinitely !== undefined) {
      checkUntil(context, input);
      known.expiresAt = input.expirationDate?.getTime();
      known.indefinite = input.suppressIndefinitely ?? false;
    }
    known.description = input.description ?? known.description;
    context.changed({ kind: 'other', resource: 'auditsuppression' });
    return {};
  },

  DeleteAuditSuppression(context, input) {
    if (defenderOf(context).suppressions.delete(keyOf(input))) {
      context.changed({ kind: 'other', resource: 'auditsuppression' });
    }
    return {};
  },

  ListAuditSuppressions(context, input) {
    const resource = input.resourceIdentifier && resourceKey('', input.resourceIdentifier);
    const page = pageOf(
      defenderOf(context).suppressions,
      { token: input.nextToken, limit: input.maxResults ?? 25, descending: input.ascendingOrder === false },
      context.world.paging,
      (suppression) =>
        (input.checkName === undefined || input.checkName === suppression.check) &&
        (resource === undefined || resource === resourceKey('', suppression.resource))
          ? described(suppression)
          : undefined,
    );
    return compact({ suppressions: page.items, nextToken: page.next });
  },
});
