import type { ThingGroup } from '../../api/thinggroup.gen.ts';
import type { Change } from '../../drift/types.ts';
import { GROUP_SLOTS } from '../../rollout/group.ts';
import { causeOf } from '../external/cause.ts';
import { compareAttachments } from '../external/policies.ts';
import type { DiffInput } from '../external/types.ts';
import type { PolicyNames } from '../iotpolicy/names.ts';
import type { ObservedGroup } from './observe.ts';

export interface DesiredGroup {
  readonly parent: string | undefined;
  readonly description: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly query: string | undefined;
  readonly policies: readonly PolicyNames[];
  /** The PolicyRollout that moves the members of this group; its own changes of policies wait for the end of it. */
  readonly moving?: string | undefined;
}

export type GroupAction =
  | { readonly kind: 'create' }
  | { readonly kind: 'update' }
  | { readonly kind: 'attach'; readonly policy: string }
  | { readonly kind: 'detach'; readonly policy: string }
  | { readonly kind: 'mark' };

type Input = DiffInput<ThingGroup, DesiredGroup, ObservedGroup | undefined>;

export function diffGroup(input: Input): readonly Change<GroupAction>[] {
  const { object, desired, observed, settled } = input;
  if (observed === undefined) {
    const before = settled && object.status?.arn !== undefined;
    const missing = { class: 'missing', cause: before ? 'drift' : 'spec' } as const;
    const policies = desired.policies.map(({ attach }) => ({
      ...missing,
      field: `policies[${attach}]`,
      action: { kind: 'attach', policy: attach } as const,
    }));
    return [{ ...missing, field: 'group', action: { kind: 'create' } }, ...policies];
  }
  return [...properties(input, observed), ...splitAttachments(input, observed).now];
}

export interface SplitAttachments {
  readonly now: readonly Change<GroupAction>[];
  /** Waits until the members have it on their certificates, or until what was attached has settled. */
  readonly later: { readonly attach: readonly string[]; readonly detach: readonly string[] } | undefined;
  /** Changes that wait for the end of a rollout of documents that the group carries. */
  readonly waiting: number;
}

/** Members have what their group has: it changes when that changes nothing for them. */
export function splitAttachments(input: Input, observed: ObservedGroup): SplitAttachments {
  const all = attachments(input, observed);
  // Both would lend policies to the same certificates; what has begun goes on.
  const waits = input.desired.moving !== undefined && input.object.status?.pendingChange === undefined;
  const changes = waits ? all.filter(({ cause }) => cause !== 'spec') : all;
  const waiting = all.length - changes.length;
  const inTheWay = spare(changes, observed);
  const free = observed.members.kind === 'none' && inTheWay === undefined;
  if (free || input.object.spec.managementPolicy !== 'Manage') return { now: changes, later: undefined, waiting };
  const now: Change<GroupAction>[] = [];
  const later = { attach: [] as string[], detach: [] as string[] };
  const attaches = changes.some(({ action, cause }) => action?.kind === 'attach' && cause === 'spec');
  const unnoticed = observed.members.kind === 'covered' || observed.members.kind === 'none';
  for (const change of changes) {
    const { action, cause } = change;
    const moves = action?.kind === 'attach' || action?.kind === 'detach';
    if (inTheWay !== undefined && unnoticed && moves && cause === 'spec') {
      if (action.policy === inTheWay) now.push(change);
      else later[action.kind].push(action.policy);
      continue;
    }
    // Without anything of what it had before, a group would give less to whoever joins it now.
    const early = action?.kind === 'detach' && (attaches || !observed.settled);
    if (!moves || cause !== 'spec' || (observed.members.kind === 'covered' && !early)) now.push(change);
    else later[action.kind].push(action.policy);
  }
  return { now, later: later.attach.length + later.detach.length === 0 ? undefined : later, waiting };
}

/**
 * AWS lets a group carry two policies. Where both are to go, as after a change of mind before the first had gone, one goes first
 * to make room for what is to come: the members have them all, and who joins now gets the other. Of a group without members
 * one may go that stands beside another that stays.
 */
function spare(changes: readonly Change<GroupAction>[], observed: ObservedGroup): string | undefined {
  const planned = changes.flatMap(({ action, cause }) => (cause === 'spec' && action !== undefined ? [action] : []));
  const coming = planned.filter(({ kind }) => kind === 'attach').length;
  if (coming === 0 || observed.policies.length + coming <= GROUP_SLOTS) return undefined;
  const going = planned.flatMap((action) => (action.kind === 'detach' ? [action.policy] : []));
  return going.length > 1 || observed.members.kind === 'none' ? going.at(-1) : undefined;
}

function properties({ desired, settled, mark }: Input, observed: ObservedGroup): readonly Change<GroupAction>[] {
  const changes: Change<GroupAction>[] = [];
  const cause = settled ? 'drift' : 'spec';
  const differs = (field: string, want: string | undefined, got: string | undefined, action?: GroupAction) => {
    if ((want ?? '') === (got ?? '')) return;
    const values = { ...(want === undefined ? {} : { want }), ...(got === undefined ? {} : { got }) };
    changes.push({ field, class: 'changed', cause, ...values, ...(action === undefined ? {} : { action }) });
  };
  const update = { kind: 'update' } as const;
  differs('description', desired.description, observed.description, update);
  for (const name of new Set([...Object.keys(desired.attributes), ...Object.keys(observed.attributes)])) {
    differs(`attributes.${name}`, desired.attributes[name], observed.attributes[name], update);
  }
  // AWS turns no static group into a dynamic one, nor the other way round; and a parent is fixed at creation.
  const convertible = (desired.query === undefined) === (observed.query === undefined);
  differs('query', desired.query, observed.query, convertible ? update : undefined);
  differs('parent', desired.parent, observed.parent);
  if (observed.mark !== mark) {
    changes.push({ field: 'tags[fleetward.dev/owner]', class: 'changed', cause: 'spec', action: { kind: 'mark' } });
  }
  return changes;
}

/**
 * A policy that only we name is detached when its reference goes; one that others attached is shown, never touched:
 * only attachments on certificates that a Device owns exclusively are ours to remove.
 */
function attachments({ object, desired, settled }: Input, observed: ObservedGroup): readonly Change<GroupAction>[] {
  if (observed.query !== undefined) return [];
  const { missing, extra } = compareAttachments(desired.policies, observed.policies);
  const applied = new Set(object.status?.policies ?? []);
  const attach = missing.map((declared): Change<GroupAction> => {
    // By whatever name it carried the policy last: a rollout may have handed the group over to a candidate.
    const names = desired.policies.find(({ attach: name }) => name === declared)?.satisfiedBy ?? [];
    const policy = names.find((name) => applied.has(name)) ?? declared;
    const field = `policies[${policy}]`;
    const cause = applied.has(policy) ? 'drift' : causeOf(object, settled, field, 'attached');
    return {
      field,
      class: cause === 'drift' ? 'narrowed' : 'missing',
      cause,
      want: 'attached',
      action: { kind: 'attach', policy },
    };
  });
  const detach = extra.map((policy): Change<GroupAction> => {
    const ours = (!settled && applied.has(policy)) || object.status?.pendingChange?.detach?.includes(policy) === true;
    const change = { field: `policies[${policy}]`, class: 'widened', got: 'attached' } as const;
    return ours ? { ...change, cause: 'spec', action: { kind: 'detach', policy } } : { ...change, cause: 'drift' };
  });
  return [...attach, ...detach];
}
