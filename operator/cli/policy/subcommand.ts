import type { Parsed } from '../args/parse.ts';
import type { FlagSpec } from '../args/spec.ts';
import type { CliIo } from '../io.ts';

/** One of `fleetward policy eval | compare | lint | reach | explain`. */
export interface PolicySubcommand {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly description: string;
  readonly flags: readonly FlagSpec[];
  readonly examples: readonly string[];
  /** What the exit statuses mean here. */
  readonly exits: readonly (readonly [number, string])[];
  run(parsed: Parsed, io: CliIo): Promise<number>;
}
