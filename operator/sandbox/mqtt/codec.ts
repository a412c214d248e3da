/** Just enough MQTT 3.1.1 for a device in memory: it writes few kinds of packets and reads few. */
export type Incoming =
  | { readonly kind: 'connack'; readonly sessionPresent: boolean; readonly returnCode: number }
  | {
      readonly kind: 'publish';
      readonly topic: string;
      readonly payload: Buffer;
      readonly qos: number;
      readonly retain: boolean;
      readonly id: number | undefined;
    }
  | { readonly kind: 'ack'; readonly id: number; readonly codes: readonly number[] }
  | { readonly kind: 'other' };

const TYPE = { connack: 2, publish: 3, puback: 4, suback: 9, unsuback: 11 };

function packet(first: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length: number[] = [];
  let rest = body.length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    length.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.concat([Buffer.from([first, ...length]), body]);
}

const word = (value: number) => Buffer.from([value >> 8, value & 0xff]);

function field(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([word(bytes.length), bytes]);
}

export interface ConnectFields {
  readonly clientId: string;
  readonly clean: boolean;
  readonly keepAliveSeconds: number;
  readonly will?: { readonly topic: string; readonly payload: Uint8Array | string; readonly retain?: boolean };
}

export function connectPacket({ clientId, clean, keepAliveSeconds, will }: ConnectFields): Buffer {
  const flags = (clean ? 0x02 : 0) | (will ? 0x04 : 0) | (will?.retain ? 0x20 : 0);
  const head = Buffer.concat([field('MQTT'), Buffer.from([4, flags]), word(keepAliveSeconds)]);
  return packet(0x10, head, field(clientId), ...(will ? [field(will.topic), field(Buffer.from(will.payload))] : []));
}

export interface PublishFields {
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly id: number;
}

export function publishPacket({ topic, payload, qos, retain, id }: PublishFields): Buffer {
  const parts = [field(topic), ...(qos > 0 ? [word(id)] : []), Buffer.from(payload)];
  return packet(0x30 | (qos << 1) | (retain ? 1 : 0), ...parts);
}

export function subscribePacket(id: number, filters: readonly string[], qos: 0 | 1): Buffer {
  return packet(0x82, word(id), ...filters.map((filter) => Buffer.concat([field(filter), Buffer.from([qos])])));
}

export function unsubscribePacket(id: number, filters: readonly string[]): Buffer {
  return packet(0xa2, word(id), ...filters.map(field));
}

export const pubackPacket = (id: number): Buffer => packet(0x40, word(id));
export const disconnectPacket = (): Buffer => packet(0xe0);
export const pingPacket = (): Buffer => packet(0xc0);

/** Cuts a byte stream into packets. */
export class PacketReader {
  #buffer: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): Incoming[] {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    const packets: Incoming[] = [];
    for (;;) {
      const next = this.#next();
      if (!next) return packets;
      packets.push(next);
    }
  }

  #next(): Incoming | undefined {
    const buffer = this.#buffer;
    let length = 0;
    let at = 1;
    for (let shift = 0; ; shift += 7) {
      const digit = buffer[at++];
      if (digit === undefined) return undefined;
      length |= (digit & 0x7f) << shift;
      if ((digit & 0x80) === 0) break;
    }
    if (buffer.length < at + length) return undefined;
    this.#buffer = buffer.subarray(at + length);
    return parse(buffer[0] ?? 0, buffer.subarray(at, at + length));
  }
}

function parse(first: number, body: Buffer): Incoming {
  switch (first >> 4) {
    case TYPE.connack:
      return { kind: 'connack', sessionPresent: (body[0] ?? 0) === 1, returnCode: body[1] ?? 0 };
    case TYPE.publish:
      return publish(first, body);
    case TYPE.puback:
    case TYPE.suback:
    case TYPE.unsuback:
      return { kind: 'ack', id: body.readUInt16BE(0), codes: [...body.subarray(2)] };
    default:
      return { kind: 'other' };
  }
}

function publish(first: number, body: Buffer): Incoming {
  const end = 2 + body.readUInt16BE(0);
  const qos = (first >> 1) & 3;
  return {
    kind: 'publish',
    topic: body.subarray(2, end).toString('utf8'),
    payload: body.subarray(qos > 0 ? end + 2 : end),
    qos,
    retain: (first & 1) === 1,
    id: qos > 0 ? body.readUInt16BE(end) : undefined,
  };
}
