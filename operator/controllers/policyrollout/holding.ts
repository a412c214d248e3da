import type { Device, DeviceStatusRolloutChange } from '../../api/device.gen.ts';
import type { Family } from '../../rollout/family.ts';
import type { Pauser } from '../../runtime/pauser.ts';

/** The certificates of one asset, each with the names it carries itself, and what counts for it before and after. */
export interface Holding {
  readonly device: Device;
  readonly certificateId: string;
  readonly own: readonly string[];
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Of these, the ones attached to the certificate itself; the others come through a group. */
  readonly direct: { readonly before: readonly string[]; readonly after: readonly string[] };
  readonly change: DeviceStatusRolloutChange | undefined;
  /**
   * Under which client ids this is what counts. `spread`: under others than the thing's name while both policies of a
   * thing group are on the certificates.
   */
  readonly applies: 'all' | 'thing' | 'others' | 'spread';
  /** Declared names of policies that are on the certificates only because their thing group changes. */
  readonly borrowed: readonly string[];
}

/** What counts for a certificate beside the policies that the rollout moves. */
export interface NamesBeside {
  /** Names that count for it before and not after, and the reverse; those of the rollout's families left out. */
  readonly left: readonly string[];
  readonly joined: readonly string[];
  /** Names on the certificate itself that the change leaves there. */
  readonly stays: readonly string[];
  /** Names that come through thing groups alone, before and after. */
  readonly inherits: readonly string[];
  /** The same, afterwards: also of groups that it joins, and what its certificates give up because a group gives it. */
  readonly relies: readonly string[];
}

/** Those of the same names are compared once. */
export async function alikeAmong(
  holdings: readonly Holding[],
  pauser: Pauser,
): Promise<readonly (readonly Holding[])[]> {
  const sets = new Map<string, Holding[]>();
  const texts = new Map<readonly string[], string>();
  const textOf = (names: readonly string[]) => {
    const text = texts.get(names) ?? names.join();
    texts.set(names, text);
    return text;
  };
  for (const holding of holdings) {
    if (pauser.isDue()) await pauser.pause();
    const { before, after, direct, change, applies } = holding;
    const lists = [before, after, direct.before, direct.after].map(textOf);
    const key = [...lists, change?.digest ?? '', applies].join('|');
    const alike = sets.get(key) ?? [];
    alike.push(holding);
    sets.set(key, alike);
  }
  return [...sets.values()];
}

export function namesBeside(families: readonly Family[], { before, after, direct }: Holding): NamesBeside {
  const ofFamily = new Set(families.flatMap(({ names }) => names));
  const only = (names: readonly string[], but: readonly string[]) =>
    names.filter((name) => !but.includes(name) && !ofFamily.has(name));
  const stays = direct.before.filter((name) => direct.after.includes(name) && !ofFamily.has(name));
  const own = new Set([...direct.before, ...direct.after, ...ofFamily]);
  const inherits = before.filter((name) => after.includes(name) && !own.has(name));
  const relies = only(after, direct.after);
  return { left: only(before, after), joined: only(after, before), stays, inherits, relies };
}
