import type { ObjectKey } from '../../api/meta.ts';
import { objectKey } from '../../runtime/controller/keys.ts';
import { terminal } from '../../runtime/errors.ts';
import type { Cache } from '../../runtime/reconciler.ts';
import type { AccountSession, Accounts } from '../awsaccount/accounts.ts';
import type { ExternalObject } from './types.ts';

/** Index of objects by their name in AWS. */
export const AWS_NAME = 'awsName';

export interface ClaimQuestion {
  readonly cache: Cache;
  readonly accounts: Accounts;
  readonly object: ExternalObject;
  readonly session: AccountSession;
  readonly name: string;
}

/**
 * One object holds an AWS name in one account and region, the others wait and write nothing. Who has recorded the claim
 * keeps it, whatever is applied later; else the older object, then the lower uid.
 */
export function checkClaim(question: ClaimQuestion): void {
  const { cache, object, name, session } = question;
  const rivals = cache.byIndex(object.kind, AWS_NAME, name) as readonly ExternalObject[];
  let holder: ExternalObject = object;
  for (const rival of rivals) {
    if (rival.metadata.uid === object.metadata.uid || !sameAccount(question, rival)) continue;
    if (before(rival, holder, session, name)) holder = rival;
  }
  if (holder === object) return;
  const { namespace, name: other } = holder.metadata;
  throw terminal(
    'NameConflict',
    `${object.kind} ${namespace}/${other} already manages ${name} in account ${session.accountId}, ${session.region}; this object writes nothing. Delete one of the two, or give this one another name.`,
  );
}

function sameAccount({ accounts, session, name }: ClaimQuestion, rival: ExternalObject): boolean {
  const key = accounts.verifiedKey(rival.metadata.namespace ?? '', rival.spec.accountRef.name);
  // Not verified in this process yet: what the rival recorded earlier still counts.
  return key === undefined ? holds(rival, session, name) : key === session.key;
}

function before(a: ExternalObject, b: ExternalObject, session: AccountSession, name: string): boolean {
  const [claimA, claimB] = [holds(a, session, name), holds(b, session, name)];
  if (claimA !== claimB) return claimA;
  const [bornA, bornB] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''];
  if (bornA !== bornB) return bornA < bornB;
  return (a.metadata.uid ?? '') < (b.metadata.uid ?? '');
}

function holds({ status }: ExternalObject, session: AccountSession, name: string): boolean {
  const claim = status?.claim;
  return claim?.accountId === session.accountId && claim.region === session.region && claim.name === name;
}

/** The other objects that name the same AWS object: woken when a holder goes. */
export function rivalsOf(cache: Cache, object: ExternalObject, name: string): readonly ObjectKey[] {
  return cache
    .byIndex(object.kind, AWS_NAME, name)
    .filter((other) => other.metadata.uid !== object.metadata.uid)
    .map(objectKey);
}
