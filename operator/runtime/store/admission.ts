import type { KubeObject } from '../../api/meta.ts';

/** One refused field, in the words of the schema. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** `object` is defaulted and pruned of unknown fields; it is meaningful only when `errors` is empty. */
export interface Admitted {
  readonly object: KubeObject;
  readonly errors: readonly FieldError[];
}

/**
 * What an API server does with an object between the request and its storage: schema, defaults, pruning, CEL rules.
 * `old` is the stored object of an update, for transition rules. Must not change what it is given.
 */
export interface Admission {
  admit(object: KubeObject, old?: KubeObject): Admitted;
}

/** For kinds without a schema, and for tests of the store itself. */
export const admitEverything: Admission = {
  admit: (object) => ({ object, errors: [] }),
};
