import type { Device } from '../../../api/device.gen.ts';
import type { ObjectKey } from '../../../api/meta.ts';
import { keyText, objectKey } from '../../../runtime/controller/keys.ts';

/** For how long a place in the budget is kept for a Device whose own reconcile does not get as far as its rollout. */
export const UNABLE_AFTER_MS = 15 * 60_000;

/** What goes wrong once is tried again before anybody has to read it. */
export const UNABLE_TOLD_MS = 60_000;

/**
 * Devices whose own reconcile ends before their rollout has its turn: a call that AWS refuses, a reference that is missing, a
 * fight. In memory, as is who was told to start; a new process sees it anew.
 */
export interface UnableMemory {
  /** The rollout has its turn: what is done in it may be the first step. */
  enter(device: ObjectKey): void;
  /** It has had it, and nothing failed. */
  leave(device: ObjectKey): void;
  /** The reconcile ended before, or failed in the middle; without a reason it was no fault of the device. */
  stop(device: ObjectKey, at: { readonly now: number; readonly why: string | undefined }): void;
  isIn(device: ObjectKey): boolean;
  /** Why it has not got there, since at least `forMs`. */
  why(device: ObjectKey, at: { readonly now: number; readonly forMs: number }): string | undefined;
  /** AWS refused the first call of this rollout to it, and it has nothing of the change. */
  refuse(device: ObjectKey, at: { readonly rollout: string; readonly now: number; readonly why: string }): void;
  refusal(device: ObjectKey, rollout: string): Refusal | undefined;
  accept(device: ObjectKey): void;
  /** The Device is gone. */
  forget(device: ObjectKey): void;
}

export interface Refusal {
  readonly why: string;
  /** Not tried again before this. */
  readonly until: number;
}

/** What AWS refuses once it mostly refuses again: each time it is asked more seldom. */
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 16 * 60_000;

/** The first of these Devices that does not get as far as its rollout, and why. */
export function whyUnable(
  { unable }: { readonly unable: UnableMemory },
  devices: readonly Device[],
  at: { readonly now: number; readonly forMs: number },
): string | undefined {
  for (const device of devices) {
    const why = unable.why(objectKey(device), at);
    if (why !== undefined) return `${device.metadata.name} gets no further: ${why}`;
  }
  return undefined;
}

/** Why AWS refuses to begin with this one. */
export function whyRefused(
  { unable }: { readonly unable: UnableMemory },
  device: Device,
  rollout: string,
): string | undefined {
  const refusal = unable.refusal(objectKey(device), rollout);
  return refusal === undefined ? undefined : `${device.metadata.name} gets no further: ${refusal.why}`;
}

export function createUnableMemory(): UnableMemory {
  const inside = new Set<string>();
  const stopped = new Map<string, { readonly since: number; readonly why: string }>();
  const refused = new Map<string, Refusal & { readonly rollout: string; readonly pauseMs: number }>();
  return {
    enter(device) {
      inside.add(keyText(device));
    },
    leave(device) {
      inside.delete(keyText(device));
      stopped.delete(keyText(device));
    },
    stop(device, { now, why }) {
      const id = keyText(device);
      inside.delete(id);
      if (why !== undefined) stopped.set(id, { since: stopped.get(id)?.since ?? now, why: why.slice(0, 300) });
    },
    isIn: (device) => inside.has(keyText(device)),
    why(device, { now, forMs }) {
      // Asked of every device of a large fleet, of which most often none is in it.
      if (stopped.size === 0) return undefined;
      const found = stopped.get(keyText(device));
      return found === undefined || now < found.since + forMs ? undefined : found.why;
    },
    refuse(device, { rollout, now, why }) {
      const before = refused.get(keyText(device));
      const again = before?.rollout === rollout;
      const pauseMs = again ? Math.min(2 * before.pauseMs, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
      refused.set(keyText(device), { rollout, why, pauseMs, until: now + pauseMs });
    },
    refusal(device, rollout) {
      if (refused.size === 0) return undefined;
      const found = refused.get(keyText(device));
      return found?.rollout === rollout ? found : undefined;
    },
    accept(device) {
      if (refused.size > 0) refused.delete(keyText(device));
    },
    forget(device) {
      const id = keyText(device);
      inside.delete(id);
      stopped.delete(id);
      refused.delete(id);
    },
  };
}
