import type { Parsed } from '../args/parse.ts';
import type { CommandSpec } from '../args/spec.ts';
import type { CliIo } from '../io.ts';

/** One of `fleetward rollout get | pause | …`. */
export interface RolloutSubcommand extends CommandSpec {
  run(args: Parsed, io: CliIo): Promise<number>;
}
