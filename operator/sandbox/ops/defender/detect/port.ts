import type { MetricValue } from '@aws-sdk/client-iot';
import type { Scope } from '../../../state/scope.ts';

/** The client that did something, and the thing it stands for. */
export interface Actor {
  readonly clientId: string;
  readonly thingName?: string | undefined;
  readonly sourceIp: string;
}

export type DeviceEvent =
  /** A CONNECT, accepted or not. */
  | { readonly kind: 'attempt' }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'sent'; readonly topic: string; readonly bytes: number }
  | { readonly kind: 'received'; readonly topic: string }
  /** A policy did not allow it; a CONNECT has no topic. */
  | { readonly kind: 'refused'; readonly topic?: string };

/** What the broker tells Device Defender Detect. */
export interface DetectPort {
  note(scope: Scope, who: Actor, event: DeviceEvent): void;
  /** Takes a report of device-side metrics; false when the device reported less than five minutes ago. */
  report(scope: Scope, thingName: string, values: ReadonlyMap<string, MetricValue>): boolean;
}
