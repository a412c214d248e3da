import type { Slice } from './scope.ts';
import { SequencedMap } from './sequenced.ts';

export interface RetainedMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: number;
  readonly at: number;
}

/** Retained messages by topic, of one account and region. */
export type Retained = SequencedMap<RetainedMessage>;

export const RETAINED: Slice<Retained> = {
  name: 'retained',
  create: () => new SequencedMap<RetainedMessage>(),
  save: (retained) =>
    [...retained.values()].map(({ topic, payload, qos, at }) => [
      topic,
      Buffer.from(payload).toString('base64'),
      qos,
      at,
    ]),
  load(retained, saved) {
    for (const [topic, payload, qos, at] of saved as [string, string, number, number][]) {
      retained.set(topic, { topic, payload: Buffer.from(payload, 'base64'), qos, at });
    }
  },
};
