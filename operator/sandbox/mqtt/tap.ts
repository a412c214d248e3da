import type { Client } from 'aedes';

/** A packet as mqtt-packet parsed it. */
export interface SeenPacket {
  readonly cmd: string;
  readonly subscriptions?: readonly object[];
}

interface Parser {
  prependListener(event: 'packet', listener: (packet: SeenPacket) => void): void;
  readonly _list: { readonly length: number };
}

/** AWS takes packets of 128 KB of payload; the rest is room for topic and headers. */
const MAX_PACKET_BYTES = 131_072 + 1024;

/**
 * Sees each packet before aedes handles it, and stops a client whose unfinished packet grows beyond what AWS takes.
 * aedes has no hook for either, so this reaches for its parser; a contract test fails when a release moves it.
 */
export function tapClient(
  client: Client,
  on: { readonly packet: (packet: SeenPacket) => void; readonly oversized: () => void },
): void {
  const { _parser: parser } = client as Client & { readonly _parser: Parser };
  parser.prependListener('packet', on.packet);
  client.conn.on('readable', () => {
    if (parser._list.length > MAX_PACKET_BYTES) on.oversized();
  });
}
