import type { Duplex } from 'node:stream';
import * as codec from './codec.ts';

export interface MemoryDeviceOptions extends Partial<Omit<codec.ConnectFields, 'clientId'>> {
  readonly certificateId: string;
  readonly clientId: string;
  readonly sourceIp?: string;
}

export interface Received {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: number;
  readonly retain: boolean;
}

/**
 * A device without a socket, for simulations and tests: every method only sends. What came of it is to be read from
 * the fields after the broker's `settle`.
 */
export class MemoryDevice {
  readonly clientId: string;
  readonly received: Received[] = [];
  /** Return codes of SUBSCRIBE by packet id; publishes with QoS 1 have an empty list. */
  readonly acknowledged = new Map<number, readonly number[]>();
  /** undefined until the broker answered; it never answers a CONNECT that it refuses. */
  connack: { readonly sessionPresent: boolean; readonly returnCode: number } | undefined;
  closed = false;
  readonly #stream: Duplex;
  readonly #reader = new codec.PacketReader();
  #lastId = 0;

  constructor(stream: Duplex, options: MemoryDeviceOptions) {
    this.clientId = options.clientId;
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      for (const packet of this.#reader.read(chunk)) this.#take(packet);
    });
    stream.on('close', () => {
      this.closed = true;
    });
    const { clientId, clean = true, keepAliveSeconds = 1200, will } = options;
    this.#send(codec.connectPacket({ clientId, clean, keepAliveSeconds, ...(will && { will }) }));
  }

  get connected(): boolean {
    return this.connack?.returnCode === 0 && !this.closed;
  }

  /** Returns the packet id. */
  subscribe(filters: string | readonly string[], qos: 0 | 1 = 1): number {
    const id = this.#nextId();
    this.#send(codec.subscribePacket(id, typeof filters === 'string' ? [filters] : filters, qos));
    return id;
  }

  unsubscribe(filters: readonly string[]): number {
    const id = this.#nextId();
    this.#send(codec.unsubscribePacket(id, filters));
    return id;
  }

  publish(
    topic: string,
    payload: Uint8Array | string,
    { qos = 1, retain = false }: { readonly qos?: 0 | 1; readonly retain?: boolean } = {},
  ): number {
    const id = this.#nextId();
    this.#send(codec.publishPacket({ topic, payload, qos, retain, id }));
    return id;
  }

  ping(): void {
    this.#send(codec.pingPacket());
  }

  /** Says goodbye. */
  disconnect(): void {
    this.#send(codec.disconnectPacket());
  }

  /** The connection breaks. */
  drop(): void {
    this.#stream.destroy();
  }

  #take(packet: codec.Incoming): void {
    switch (packet.kind) {
      case 'connack':
        this.connack = packet;
        return;
      case 'publish':
        this.received.push({
          topic: packet.topic,
          payload: Buffer.from(packet.payload),
          qos: packet.qos,
          retain: packet.retain,
        });
        if (packet.id !== undefined) this.#send(codec.pubackPacket(packet.id));
        return;
      case 'ack':
        this.acknowledged.set(packet.id, packet.codes);
        return;
      case 'other':
        return;
    }
  }

  #send(bytes: Buffer): void {
    if (!this.closed && !this.#stream.destroyed) this.#stream.write(bytes);
  }

  #nextId(): number {
    this.#lastId = (this.#lastId % 65_535) + 1;
    return this.#lastId;
  }
}
