import { Environment } from '@marcbachmann/cel-js';
import type { CelRule } from '../schema-types.ts';
import type { Path } from './path.ts';
import { parseFieldPath } from './path.ts';

export interface CompiledRule {
  readonly text: string;
  readonly message: string;
  /** Where the error is shown, relative to the value the rule stands on. */
  readonly at: Path;
  /** Needs the value before the change, and is left out when an object is created. */
  readonly isTransition: boolean;
  /** Undefined when the rule holds, else what is wrong. */
  check(self: unknown, oldSelf: unknown): string | undefined;
}

/** Parsed on first use: a command that touches one kind does not pay for the rules of the others. */
export function compileRule(rule: CelRule): CompiledRule {
  const message = rule.message ?? `failed rule: ${rule.rule}`;
  let program: ((context: Record<string, unknown>) => unknown) | undefined;
  return {
    text: rule.rule,
    message,
    at: rule.fieldPath === undefined ? [] : parseFieldPath(rule.fieldPath),
    isTransition: /\boldSelf\b/.test(rule.rule),
    check: (self, oldSelf) => {
      program ??= parseCel(rule.rule);
      try {
        return program({ self, oldSelf }) === true ? undefined : message;
      } catch (error) {
        // The API server refuses an object whose rule cannot be evaluated, and so does this.
        return `${message} (the rule could not be evaluated: ${error instanceof Error ? firstLine(error.message) : String(error)})`;
      }
    },
  };
}

function parseCel(text: string): (context: Record<string, unknown>) => unknown {
  const environment = new Environment().registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn');
  return environment.parse(text);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
