import type { KubeObject } from '../api/meta.ts';

/** One thing that happened to an object, for the people who `kubectl describe` it. */
export interface EventInput {
  readonly type: 'Normal' | 'Warning';
  /** PascalCase; the same reason as the condition it announces. */
  readonly reason: string;
  /** At most 1 KiB is kept. Never a secret. */
  readonly message: string;
  /** What was being done, in PascalCase. Default `Reconcile`. */
  readonly action?: string;
  /** Of the event object, for whoever sends it on. Never part of what makes two events the same. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface EventRecorder {
  /** Never throws and never waits: events are told best effort, the truth is in conditions. */
  record(regarding: KubeObject, event: EventInput): void;
}

export const noEvents: EventRecorder = { record: () => undefined };
