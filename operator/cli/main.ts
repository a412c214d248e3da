#!/usr/bin/env node
import process from 'node:process';
import type { CliIo } from './io.ts';
import { runCli } from './program.ts';

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

process.exitCode = await runCli(process.argv.slice(2), io);
