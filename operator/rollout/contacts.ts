/** How long the contacts of an asset last. Milliseconds. */
export interface Contacts {
  /** The contact that goes on now; undefined when there is none. */
  readonly current: number | undefined;
  /** Those that are over, oldest first; the latest few. */
  readonly past: readonly number[];
}

/** Of so many contacts the latest count. */
const COUNTED = 8;

/**
 * A device can be watched through its own contraction only when it stays for as long as both settle times take. Undefined
 * when it does; else why not. What nobody knows yet is waited for: the contact of now has to last for one settle time.
 */
export function tooShort({ current, past }: Contacts, settleMs: number): string | undefined {
  const needed = 2 * settleMs;
  if (current !== undefined && current >= needed) return undefined;
  const counted = past.slice(-COUNTED);
  if (counted.length === 0) {
    if (current !== undefined && current >= settleMs) return undefined;
    return `how long it stays in contact is not known yet, and so far it is ${minutes(current ?? 0)} of the ${minutes(settleMs)} that are waited for`;
  }
  const short = counted.filter((ms) => ms < needed);
  if (short.length * 2 < counted.length) return undefined;
  const longest = short.reduce((most, ms) => Math.max(most, ms), 0);
  return `${short.length} of its last ${counted.length} contacts were over within ${minutes(Math.max(60_000, longest))}, and it would have to be watched for ${minutes(needed)}`;
}

function minutes(ms: number): string {
  return `${Math.ceil(ms / 60_000)} min`;
}
