import type { Clock } from '../runtime/clock.ts';
import type { World } from './context.ts';
import type { Faults } from './faults.ts';
import type { Ledger } from './ledger.ts';
import type { AnyHandler, Family } from './operations.ts';
import type { Quotas } from './quotas.ts';
import type { Answer } from './wire/answer.ts';
import type { ServiceName } from './wire/services.ts';
import { Validator } from './wire/validate.ts';

/** The parts that one call passes through. */
export interface Core {
  readonly clock: Clock;
  readonly world: World;
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly quotas: Quotas;
  readonly staleReads: StaleReads;
  handler(service: ServiceName, operation: string): AnyHandler | undefined;
  validator(service: ServiceName): Validator;
}

/** Finds handlers by service and operation; two families may not claim the same operation. */
export function handlerTable(families: readonly Family[]): Core['handler'] {
  const handlers = new Map<string, AnyHandler>();
  for (const family of families) {
    for (const [operation, handler] of Object.entries(family.handlers)) {
      const key = `${family.service}:${operation}`;
      if (handlers.has(key)) throw new Error(`two families implement ${key}`);
      handlers.set(key, handler);
    }
  }
  return (service, operation) => handlers.get(`${service}:${operation}`);
}

export function validatorTable(): Core['validator'] {
  const validators = new Map<ServiceName, Validator>();
  return (service) => {
    let validator = validators.get(service);
    if (!validator) {
      validator = new Validator(service);
      validators.set(service, validator);
    }
    return validator;
  };
}

/** Earlier answers of reads, kept only while a stale-read fault is armed. */
export class StaleReads {
  readonly #answers = new Map<string, { readonly at: number; readonly answer: Answer }[]>();

  remember(key: string, at: number, answer: Answer): void {
    const known = this.#answers.get(key) ?? [];
    this.#answers.set(key, [...known.slice(-9), { at, answer }]);
    if (this.#answers.size > 10_000) this.#answers.clear();
  }

  /** The oldest answer given since `since`. */
  recall(key: string, since: number): Answer | undefined {
    return this.#answers.get(key)?.find((entry) => entry.at >= since)?.answer;
  }
}
