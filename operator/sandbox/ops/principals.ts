import type { CallContext } from '../context.ts';
import { invalid, notFound } from '../errors.ts';
import { family } from '../operations.ts';
import { pageOfList } from '../state/paging.ts';
import type { Thing } from '../state/registry.ts';
import { readTarget } from './attachments.ts';
import { compact, identityOf, registryOf } from './support.ts';
import { thingNamed } from './things.ts';

/**
 * Attaches a principal. An exclusive attachment binds the certificate to this one thing; it cannot be made beside
 * another attachment, nor another beside it (https://docs.aws.amazon.com/iot/latest/developerguide/exclusive-thing.html).
 */
export function attachPrincipal(context: CallContext, thing: Thing, principal: string, exclusive: boolean): void {
  const identity = identityOf(context);
  const target = readTarget(context, principal);
  if (target.kind === 'group') throw invalid('A thing group is not a principal');
  if (target.kind === 'certificate' && !identity.certificates.has(target.id)) {
    throw notFound(`The certificate given in the principal does not exist (certificateId=${target.id})`);
  }
  if (exclusive && target.kind !== 'certificate') throw invalid('Only a certificate can be attached exclusively');
  const before = exclusivityOf(thing, principal);
  if (before === exclusive && !isLeaving(thing, principal)) return;
  const others = identity.links(principal).things.filter((name) => name !== thing.name);
  if (exclusive && others.length > 0) {
    throw invalid('The principal is attached to another thing and cannot be attached exclusively');
  }
  if (before === true || others.some((name) => isExclusive(context, name, principal))) {
    throw invalid('The principal is attached exclusively to a thing; detach it first');
  }
  const kept = thing.principals.filter((p) => p.principal !== principal);
  thing.principals = [...kept, { principal: identity.canonical(principal), exclusive }];
  identity.setThings(principal, [...others, thing.name]);
  context.changed({ kind: 'thing-principal', thingName: thing.name, principal, attached: true });
}

/** Undefined when the principal is not attached. */
function exclusivityOf(thing: Thing, principal: string): boolean | undefined {
  return thing.principals.find((p) => p.principal === principal)?.exclusive;
}

function isExclusive(context: CallContext, thingName: string, principal: string): boolean {
  return exclusivityOf(thingNamed(context, thingName), principal) === true;
}

export function detachPrincipal(context: CallContext, thing: Thing, principal: string): void {
  readTarget(context, principal);
  if (exclusivityOf(thing, principal) === undefined) {
    throw notFound(`The principal is not attached to thing ${thing.name}`);
  }
  // The call answers at once; the relation goes after a while, and until then the thing cannot be deleted.
  thing.principals = thing.principals.map((p) => (p.principal === principal ? { ...p, leaving: true } : p));
  const delay = context.world.delays.thingDetach;
  if (delay === 0) finishDetach(context, thing, principal);
  else context.world.clock.after(delay, () => finishDetach(context, thing, principal));
}

/** Nothing to do when it was attached again meanwhile. */
function finishDetach(context: CallContext, thing: Thing, principal: string): void {
  if (!isLeaving(thing, principal)) return;
  thing.principals = thing.principals.filter((p) => p.principal !== principal);
  const identity = identityOf(context);
  identity.setThings(
    principal,
    identity.links(principal).things.filter((name) => name !== thing.name),
  );
  context.changed({ kind: 'thing-principal', thingName: thing.name, principal, attached: false });
}

const isLeaving = (thing: Thing, principal: string): boolean =>
  thing.principals.some((p) => p.principal === principal && p.leaving);

/** After a restart: what was on its way is gone, as it would be by the time that anybody looks. */
export function finishDetaches(context: CallContext): void {
  for (const thing of registryOf(context).things.values()) {
    for (const { principal, leaving } of thing.principals) if (leaving) finishDetach(context, thing, principal);
  }
}

const typeOf = (exclusive: boolean | undefined) =>
  exclusive ? ('EXCLUSIVE_THING' as const) : ('NON_EXCLUSIVE_THING' as const);

export const principals = family('iot', {
  AttachThingPrincipal(context, input) {
    const exclusive = input.thingPrincipalType === 'EXCLUSIVE_THING';
    attachPrincipal(context, thingNamed(context, input.thingName), input.principal, exclusive);
    return {};
  },

  DetachThingPrincipal(context, input) {
    detachPrincipal(context, thingNamed(context, input.thingName), input.principal);
    return {};
  },

  ListThingPrincipals(context, input) {
    const names = thingNamed(context, input.thingName).principals.map((p) => p.principal);
    const request = { token: input.nextToken, limit: input.maxResults ?? 250 };
    const page = pageOfList(names, request, context.world.paging);
    return compact({ principals: page.items, nextToken: page.next });
  },

  ListThingPrincipalsV2(context, input) {
    const wanted = thingNamed(context, input.thingName)
      .principals.map(({ principal, exclusive }) => ({ principal, thingPrincipalType: typeOf(exclusive) }))
      .filter((p) => input.thingPrincipalType === undefined || p.thingPrincipalType === input.thingPrincipalType);
    const request = { token: input.nextToken, limit: input.maxResults ?? 250 };
    const page = pageOfList(wanted, request, context.world.paging);
    return compact({ thingPrincipalObjects: page.items, nextToken: page.next });
  },

  ListPrincipalThings(context, input) {
    readTarget(context, input.principal);
    const request = { token: input.nextToken, limit: input.maxResults ?? 250 };
    const page = pageOfList(identityOf(context).links(input.principal).things, request, context.world.paging);
    return compact({ things: page.items, nextToken: page.next });
  },

  ListPrincipalThingsV2(context, input) {
    readTarget(context, input.principal);
    const wanted = identityOf(context)
      .links(input.principal)
      .things.map((thingName) => ({
        thingName,
        thingPrincipalType: typeOf(isExclusive(context, thingName, input.principal)),
      }))
      .filter((t) => input.thingPrincipalType === undefined || t.thingPrincipalType === input.thingPrincipalType);
    const request = { token: input.nextToken, limit: input.maxResults ?? 250 };
    const page = pageOfList(wanted, request, context.world.paging);
    return compact({ principalThingObjects: page.items, nextToken: page.next });
  },
});
