import { createHash } from 'node:crypto';
import { hexDigits, uuid } from '../state/ids.ts';
import type { Slice } from '../state/scope.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  visibleAt: number;
  receives: number;
  firstReceivedAt: number | undefined;
  receipt: string | undefined;
}

export const DEFAULT_ATTRIBUTES: Readonly<Record<string, string>> = {
  VisibilityTimeout: '30',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
};

/** Messages that one queue keeps; the oldest are dropped beyond it, as at the end of the retention. */
const MAX_MESSAGES = 100_000;

export class Queue {
  readonly name: string;
  readonly createdAt: number;
  attributes: Readonly<Record<string, string>>;
  readonly #messages = new Map<string, Message>();
  readonly #waiting = new Set<() => void>();

  constructor(name: string, createdAt: number, attributes: Readonly<Record<string, string>>) {
    this.name = name;
    this.createdAt = createdAt;
    this.attributes = { ...DEFAULT_ATTRIBUTES, ...attributes };
  }

  seconds(attribute: string): number {
    return Number(this.attributes[attribute] ?? 0);
  }

  send(body: string, now: number, random: () => number): Message {
    const message: Message = {
      id: uuid(random),
      body,
      sentAt: now,
      visibleAt: now,
      receives: 0,
      firstReceivedAt: undefined,
      receipt: undefined,
    };
    this.#messages.set(message.id, message);
    const oldest = this.#messages.keys().next();
    if (this.#messages.size > MAX_MESSAGES && !oldest.done) this.#messages.delete(oldest.value);
    for (const wake of this.#waiting) wake();
    return message;
  }

  receive(limit: number, visibilityMs: number, now: number, random: () => number): Message[] {
    const taken: Message[] = [];
    const expiry = now - this.seconds('MessageRetentionPeriod') * 1000;
    for (const message of this.#messages.values()) {
      if (taken.length === limit) break;
      if (message.sentAt < expiry) this.#messages.delete(message.id);
      else if (message.visibleAt <= now) {
        message.visibleAt = now + visibilityMs;
        message.receives++;
        message.firstReceivedAt ??= now;
        message.receipt = `${message.id}.${hexDigits(random, 16)}`;
        taken.push(message);
      }
    }
    return taken;
  }

  /** The message behind a receipt handle, undefined when it is gone or was received again since. */
  byReceipt(receipt: string): Message | undefined {
    const message = this.#messages.get(receipt.slice(0, receipt.lastIndexOf('.')));
    return message?.receipt === receipt ? message : undefined;
  }

  delete(id: string): void {
    this.#messages.delete(id);
  }

  /** Messages with what was done to them so far, the oldest first. */
  messages(): Iterable<Message> {
    return this.#messages.values();
  }

  restore(message: Message): void {
    this.#messages.set(message.id, message);
  }

  purge(): void {
    this.#messages.clear();
  }

  counts(now: number): { readonly visible: number; readonly inFlight: number } {
    const all = [...this.#messages.values()];
    const visible = all.filter((m) => m.visibleAt <= now).length;
    return { visible, inFlight: all.length - visible };
  }

  /** Calls `wake` when a message arrives; returns how to stop. */
  onArrival(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }
}

/** The queues of one account and region. Each of them gets every signal that the sandbox sends. */
export class Queues {
  readonly all = new Map<string, Queue>();

  deliver(body: unknown, now: number, random: () => number): void {
    if (this.all.size === 0) return;
    const text = JSON.stringify(body);
    for (const queue of this.all.values()) queue.send(text, now, random);
  }
}

export const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

export const QUEUES: Slice<Queues> = {
  name: 'queues',
  create: () => new Queues(),
  save: (queues) =>
    [...queues.all.values()].map((queue) => [queue.name, queue.createdAt, queue.attributes, [...queue.messages()]]),
  load(queues, saved) {
    for (const row of saved as [string, number, Record<string, string>, Message[]?][]) {
      const [name, createdAt, attributes, messages] = row;
      const queue = new Queue(name, createdAt, attributes);
      for (const message of messages ?? []) queue.restore(message);
      queues.all.set(name, queue);
    }
  },
};
