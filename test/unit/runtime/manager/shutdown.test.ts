import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../../operator/runtime/log.ts';
import { EXIT_CRASH, handleSignals, type ProcessLike } from '../../../../operator/runtime/shutdown.ts';

function setup() {
  const emitter = new EventEmitter();
  const exits: number[] = [];
  const lines: string[] = [];
  const process: ProcessLike = {
    on: (event, handler) => emitter.on(event, handler),
    off: (event, handler) => emitter.off(event, handler),
    exit: (code) => exits.push(code),
  };
  const log = createLogger({ now: () => 0, write: (line) => lines.push(line) });
  return { emitter, exits, lines, shutdown: handleSignals(process, log) };
}

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT'])('the first %s asks for an orderly stop', (name) => {
    const { emitter, exits, shutdown } = setup();
    expect(shutdown.signal.aborted).toBe(false);
    emitter.emit(name);
    expect(shutdown.signal.aborted).toBe(true);
    expect(exits).toEqual([]);
  });

  it('the second ends the process at once, with the status that shells expect', () => {
    const { emitter, exits } = setup();
    emitter.emit('SIGTERM');
    emitter.emit('SIGINT');
    expect(exits).toEqual([130]);
  });

  it.each(['unhandledRejection', 'uncaughtException'])(
    'an %s is logged without its secrets and ends the process',
    (name) => {
      const { emitter, exits, lines } = setup();
      emitter.emit(name, new Error('connect https://git:hunter2hunter2@example.com refused'));
      expect(exits).toEqual([EXIT_CRASH]);
      expect(lines.join('')).toContain('refused');
      expect(lines.join('')).not.toContain('hunter2');
    },
  );

  it('leaves the process as it was when disposed of', () => {
    const { emitter, shutdown } = setup();
    shutdown.dispose();
    expect(emitter.eventNames()).toEqual([]);
  });
});
