import type { PolicyDocument, Position } from './document.ts';

export interface ParseFinding {
  readonly severity: 'error' | 'warning';
  /** Stable identifier: `syntax`, `shape`, `duplicate-key`, `unknown-element`, `version`, `not-action`, `size`, `text`. */
  readonly code: string;
  readonly message: string;
  readonly at: Position | undefined;
}

export interface ParseResult {
  /** Undefined exactly when there is an error: a document that AWS would refuse is never analysed. */
  readonly document: PolicyDocument | undefined;
  readonly findings: readonly ParseFinding[];
}

export interface ParseOptions {
  /** Label for messages; default `policy`. */
  readonly name?: string;
}

export interface ParseValueOptions extends ParseOptions {
  /** Places by JSON pointer, when the value was read from a text (YAML or JSON). */
  readonly positions?: ReadonlyMap<string, Position>;
  /** Characters that count; computed from the value's minified JSON when absent. */
  readonly size?: number;
}

/** AWS IoT refuses longer documents ("Policy document size", characters without white space). */
export const maxPolicySize = 2048;
/** The characters that AWS counts against its limit of 2,048: everything but white space. Variables count as written. */
export function policySize(source: string): number {
  let size = 0;
  for (const char of source) if (!/\s/.test(char)) size += 1;
  return size;
}

/** Size of a value that came without text. A value that JSON cannot write (a cycle, a bigint) has failed the shape check anyway. */
export function sizeOfValue(value: unknown): number {
  try {
    return policySize(JSON.stringify(value));
  } catch {
    return 0;
  }
}
