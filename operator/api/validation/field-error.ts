import type { Path } from './path.ts';

/** One thing that is wrong with an object. */
export interface FieldError {
  /** `spec.certificates[0].csr` */
  readonly field: string;
  readonly path: Path;
  /** What is wrong and what is expected, for a person; never repeats a value that may hold a secret. */
  readonly message: string;
  /** Which check failed: a JSON schema keyword, `rule` for CEL, `metadata`, `duplicate`. */
  readonly keyword: string;
  /** The nearest valid name or value, where one is close. */
  readonly nearest?: string;
  /** A string was expected, and quotes around what is there would make it one. */
  readonly needsQuotes?: true;
}
