import { setTimeout } from 'node:timers/promises';
import { requestRunner } from '../../../operator/cli/operator/requests.ts';
import { runCli } from '../../../operator/cli/program.ts';
import { silentLogger } from '../../../operator/runtime/log.ts';
import type { TestFleet } from '../../support/operator.ts';

export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Somebody at a terminal beside the operator: `fleetward …` on the state folder, which the operator owns. */
export interface Person extends AsyncDisposable {
  fleetward(...words: readonly string[]): Promise<Said>;
}

export function person(fleet: TestFleet): Person {
  const stop = new AbortController();
  const { folder, store, clock } = fleet;
  const serving = requestRunner({ folder, store, clock, log: silentLogger }).run(stop.signal, stop.signal);
  return {
    async fleetward(...words) {
      let ended = false;
      const said = commandLine(...words, '--state', folder).finally(() => {
        ended = true;
      });
      // The command waits in real time for an operator whose time is moved here.
      while (!ended) {
        await clock.advance(500);
        await fleet.drain();
        await setTimeout(5);
      }
      return said;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await clock.advance(1_000);
      await serving;
    },
  };
}

/** One command, without anybody who moves time for it. */
export async function commandLine(...words: readonly string[]): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const status = await runCli(words, {
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
    isTTY: false,
    cwd: process.cwd(),
  });
  return { status, ...said };
}
