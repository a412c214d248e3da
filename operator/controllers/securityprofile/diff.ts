import type { SecurityProfile } from '../../api/securityprofile.gen.ts';
import type { Change } from '../../drift/types.ts';
import { causeOf } from '../external/cause.ts';
import { sameJson } from '../external/equal.ts';
import type { DiffInput } from '../external/types.ts';
import type { ObservedProfile } from './observe.ts';
import type { ProfileShape } from './shape.ts';

export interface DesiredProfile extends ProfileShape {
  readonly targets: readonly string[];
}

export type ProfileAction =
  | { readonly kind: 'create' }
  | { readonly kind: 'update' }
  | { readonly kind: 'attach'; readonly target: string }
  | { readonly kind: 'detach'; readonly target: string }
  | { readonly kind: 'mark' };

type Input = DiffInput<SecurityProfile, DesiredProfile, ObservedProfile | undefined>;

const PARTS = [
  'description',
  'behaviors',
  'alertTargets',
  'additionalMetricsToRetain',
  'metricsExportConfig',
] as const satisfies readonly (keyof ProfileShape)[];

/** A profile grants nothing, so its differences are changes; targets that somebody took off weaken the watch. */
export function diffProfile(input: Input): readonly Change<ProfileAction>[] {
  const { object, desired, observed, settled, mark } = input;
  if (observed === undefined) {
    const before = settled && object.status?.arn !== undefined;
    const missing = { class: 'missing', cause: before ? 'drift' : 'spec' } as const;
    const targets = desired.targets.map((target) => ({
      ...missing,
      field: `targets[${shortTarget(target)}]`,
      action: { kind: 'attach', target } as const,
    }));
    return [{ ...missing, field: 'securityProfile', action: { kind: 'create' } }, ...targets];
  }
  const changes: Change<ProfileAction>[] = [];
  for (const part of PARTS) {
    if (sameJson(desired[part], observed[part])) continue;
    const [want, got] = [text(desired[part]), text(observed[part])];
    const cause = causeOf(object, settled, part, want);
    changes.push({ field: part, class: 'changed', cause, want, got, action: { kind: 'update' } });
  }
  if (observed.mark !== mark) {
    changes.push({ field: 'tags[fleetward.dev/owner]', class: 'changed', cause: 'spec', action: { kind: 'mark' } });
  }
  return [...changes, ...targets(input, observed)];
}

function targets({ desired, settled }: Input, observed: ObservedProfile): readonly Change<ProfileAction>[] {
  const cause = settled ? 'drift' : 'spec';
  const missing = desired.targets
    .filter((target) => !observed.targets.includes(target))
    .map((target): Change<ProfileAction> => {
      const field = `targets[${shortTarget(target)}]`;
      return { field, class: 'missing', cause, want: 'attached', action: { kind: 'attach', target } };
    });
  const extra = observed.targets
    .filter((target) => !desired.targets.includes(target))
    .map((target): Change<ProfileAction> => {
      const field = `targets[${shortTarget(target)}]`;
      // Watching more than the spec says may be somebody's answer to an incident: shown, not taken away.
      const shown = { field, class: 'foreign', cause, got: 'attached' } as const;
      return settled ? shown : { ...shown, class: 'changed', action: { kind: 'detach', target } };
    });
  return [...missing, ...extra];
}

function shortTarget(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
}
