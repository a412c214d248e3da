import { type FileHandle, open } from 'node:fs/promises';
import type { FoundFile } from './files.ts';
import type { LoadLimits } from './types.ts';

/** One YAML document of a file, or why it could not be cut out. */
export type Cut =
  | { readonly kind: 'document'; readonly text: string; readonly line: number }
  | {
      readonly kind: 'problem';
      readonly line: number;
      readonly code: 'BadFile' | 'TooLarge';
      readonly message: string;
    };

const CHUNK = 1024 * 1024;
const NEWLINE = 10;

/**
 * Cuts a file at its `---` lines while it is read, so that neither the file nor more than one document is in memory.
 * Cutting by lines is exact: YAML permits `---` at the beginning of a line for nothing else. A JSON file is one document.
 */
export async function* cutDocuments(file: FoundFile, limits: LoadLimits): AsyncGenerator<Cut> {
  if (file.size > limits.fileBytes) {
    yield tooLarge(1, `is ${mebibytes(file.size)}, and at most ${mebibytes(limits.fileBytes)} are read`);
    return;
  }
  const handle = await open(file.path, 'r');
  try {
    yield* cutHandle(handle, limits, !/\.json$/i.test(file.path));
  } finally {
    await handle.close();
  }
}

async function* cutHandle(handle: FileHandle, limits: LoadLimits, atMarkers: boolean): AsyncGenerator<Cut> {
  let pending: Buffer = Buffer.alloc(0);
  let line = 1;
  let searched = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const { bytesRead } = await handle.read(chunk, 0, CHUNK);
    const isEnd = bytesRead === 0;
    if (!isEnd)
      pending =
        pending.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([pending, chunk.subarray(0, bytesRead)]);
    let from = 0;
    for (;;) {
      const marker = atMarkers ? findMarker(pending, Math.max(from, searched), isEnd) : undefined;
      if (!marker) break;
      yield decode(pending.subarray(from, marker.start), line);
      line += countLines(pending, from, marker.end);
      from = marker.end;
      searched = from;
    }
    pending = pending.subarray(from);
    // A marker may have been cut in two, so the last line is searched again.
    searched = Math.max(0, pending.lastIndexOf(NEWLINE));
    if (isEnd) break;
    if (pending.length > limits.documentBytes) {
      const allowed = mebibytes(limits.documentBytes);
      yield tooLarge(line, `has a document of more than ${allowed}: split it with "---" lines`);
      return;
    }
  }
  if (pending.length > 0) yield decode(pending, line);
}

interface Marker {
  /** First byte of the marker's line. */
  readonly start: number;
  /** First byte after its line end, or after the marker when content follows on the line. */
  readonly end: number;
}

function findMarker(bytes: Buffer, from: number, isEnd: boolean): Marker | undefined {
  let at = from;
  for (;;) {
    const start = bytes.indexOf('---', at, 'latin1');
    if (start < 0) return undefined;
    const after = bytes[start + 3];
    const isLineStart = start === 0 || bytes[start - 1] === NEWLINE;
    if (isLineStart && after === undefined && !isEnd) return undefined;
    const isMarker =
      isLineStart && (after === undefined || after === NEWLINE || after === 13 || after === 32 || after === 9);
    if (isMarker) {
      const lineEnd = bytes.indexOf(NEWLINE, start);
      if (lineEnd < 0 && !isEnd) return undefined;
      const rest = bytes.toString('latin1', start + 3, lineEnd < 0 ? bytes.length : lineEnd).trim();
      if (rest === '' || rest.startsWith('#')) return { start, end: lineEnd < 0 ? bytes.length : lineEnd + 1 };
      return { start, end: start + 3 };
    }
    at = start + 1;
  }
}

function decode(bytes: Buffer, line: number): Cut {
  const nul = bytes.indexOf(0);
  if (isUtf16(bytes)) return bad(line, 'is UTF-16: save it as UTF-8');
  if (nul >= 0) return bad(line + countLines(bytes, 0, nul), 'holds a NUL byte: this is not text');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { kind: 'document', text, line };
  } catch {
    return bad(line + invalidUtf8Line(bytes), 'is not valid UTF-8: save it as UTF-8');
  }
}

const isUtf16 = (bytes: Buffer) =>
  bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff));

/** A line that does not survive decoding and encoding holds the wrong byte; a line break never is part of one. */
function invalidUtf8Line(bytes: Buffer): number {
  let line = 0;
  for (let start = 0; start < bytes.length; line += 1) {
    const end = bytes.indexOf(NEWLINE, start);
    const part = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (!Buffer.from(part.toString('utf8'), 'utf8').equals(part)) return line;
    if (end < 0) break;
    start = end + 1;
  }
  return line;
}

function countLines(bytes: Buffer, from: number, to: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE, from); at >= 0 && at < to; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

const bad = (line: number, message: string): Cut => ({ kind: 'problem', line, code: 'BadFile', message });
const tooLarge = (line: number, message: string): Cut => ({ kind: 'problem', line, code: 'TooLarge', message });

function mebibytes(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1).replace(/\.0$/, '')} MiB`;
}
