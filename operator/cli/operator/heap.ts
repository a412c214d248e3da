import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

/**
 * Part of what survived the last full collection by which the heap may grow before the next one. Left to itself V8 lets a
 * heap that fills quickly grow up to fourfold, so that most of what a starting fleet takes from the machine is garbage.
 */
const GROWTH_PERCENT = 20;
const FLAG = '--heap-growing-percent';

/**
 * Makes V8 collect sooner, for the life of the process. Safe while it runs: V8 reads the number at each collection, and
 * the limits of the heap stay what they were. Whoever starts Node with the flag has chosen for himself.
 */
export function keepHeapSmall(
  given: readonly string[] = process.execArgv,
  set: (flag: string) => void = setFlagsFromString,
): void {
  if (given.some((argument) => argument.replaceAll('_', '-').startsWith(FLAG))) return;
  set(`${FLAG}=${GROWTH_PERCENT}`);
}
