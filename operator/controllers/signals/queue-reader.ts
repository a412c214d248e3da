import { ifFound } from '../../aws/classify.ts';
import { signalsOfMessage } from '../policyrollout/gates/feeds.ts';
import { placeOf, type Reading, type SignalReader } from './reading.ts';

/** SQS hands out at most ten messages at once. */
const AT_ONCE = 10;
/** Messages of one look: a flood must not keep the others waiting. */
const MOST_ROUNDS = 200;
const AGAIN_MS = 1_000;
const ABSENT_AGAIN_MS = 30_000;
/** Without an answer for so long, what is not heard says nothing. */
const MAX_AGE_MS = 120_000;

export interface QueueOptions {
  /** How long SQS holds a question open when there is nothing; saves calls. 0 to 20. */
  readonly waitSeconds: number;
}

/**
 * Lifecycle and job events from an SQS queue. A message is deleted when it was taken note of; one that cannot be read is
 * deleted as well, or it would come for ever. A crash between the two reads it again, which changes nothing.
 */
export function queueReader(queueName: string, { waitSeconds }: QueueOptions): SignalReader {
  let url: string | undefined;

  async function receive(reading: Reading, wait: number): Promise<boolean> {
    const { session, book, options } = reading;
    const { port, key } = session();
    const input = { QueueUrl: url, MaxNumberOfMessages: AT_ONCE, WaitTimeSeconds: wait };
    const { Messages = [] } = await port.call('ReceiveMessage', input, options);
    const place = placeOf(session());
    for (const { Body } of Messages) {
      for (const signal of signalsOfMessage(parsed(Body), place)) book.record(key, signal);
    }
    const entries = Messages.flatMap(({ ReceiptHandle }, index) =>
      ReceiptHandle === undefined ? [] : [{ Id: String(index), ReceiptHandle }],
    );
    if (entries.length > 0) await port.call('DeleteMessageBatch', { QueueUrl: url, Entries: entries }, options);
    return Messages.length > 0;
  }

  return {
    source: 'lifecycle',
    async read(reading) {
      const { session, book, clock, options } = reading;
      const { key, port } = session();
      url ??= (await ifFound(port.call('GetQueueUrl', { QueueName: queueName }, options)))?.QueueUrl;
      if (url === undefined) {
        const unavailable = `there is no queue ${queueName} in this account and region`;
        book.report(key, 'lifecycle', { readTo: clock.now(), maxAgeMs: MAX_AGE_MS, unavailable });
        return ABSENT_AGAIN_MS;
      }
      let more = true;
      for (let round = 0; more && round < MOST_ROUNDS; round += 1) {
        const before = clock.now();
        more = await receive(reading, round === 0 ? waitSeconds : 0);
        // Up to the moment of asking: what came while the answer was on its way may not be in it.
        if (!more) book.report(key, 'lifecycle', { readTo: round === 0 ? clock.now() : before, maxAgeMs: MAX_AGE_MS });
      }
      return more ? 0 : AGAIN_MS;
    },
  };
}

function parsed(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? '');
  } catch {
    return undefined;
  }
}
