#!/usr/bin/env node
import process from 'node:process';
import type { CliIo } from './io.ts';

const io: CliIo = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  isTTY: process.stdout.isTTY === true,
  cwd: process.cwd(),
};

// `fleetward get devices | head -1` closes our output early: that is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 3);
  });
}

// Said before anything is loaded that an older Node cannot load.
if (Number(process.versions.node.split('.')[0]) < 24) {
  io.stderr(`Fleetward needs Node.js 24 or newer; this is ${process.versions.node}.\n`);
  process.exitCode = 3;
} else {
  const { runCli } = await import('./program.ts');
  process.exitCode = await runCli(process.argv.slice(2), io);
}
