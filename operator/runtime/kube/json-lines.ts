/** One event is one object; etcd refuses values above 1.5 MB, so anything near this limit is not an event. */
const LINE_LIMIT = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * JSON values of a newline-separated stream. Lines are cut as bytes, before decoding, so that a character split between
 * two chunks stays whole. A line that is no JSON ends the stream with an error: silence about it would hide a lost event.
 * An unfinished last line is a broken connection, not a value.
 */
export async function* jsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      held.push(chunk.subarray(start, end));
      const line = Buffer.concat(held).toString('utf8').trim();
      held = [];
      size = 0;
      start = end + 1;
      if (line !== '') yield parse(line);
    }
    if (start < chunk.length) {
      held.push(chunk.subarray(start));
      size += chunk.length - start;
      if (size > LINE_LIMIT) throw new Error(`a line of more than ${LINE_LIMIT} bytes in the stream`);
    }
  }
  if (size > 0) throw new Error('the stream broke off in the middle of an event');
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`a line of ${line.length} characters in the stream is not JSON`);
  }
}
