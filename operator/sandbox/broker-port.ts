import type { Scope } from './state/scope.ts';

/** One MQTT connection or session as GetConnection describes it. */
export interface ConnectionInfo {
  readonly clientId: string;
  readonly connected: boolean;
  readonly thingName?: string;
  readonly cleanSession: boolean;
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly keepAliveSeconds: number;
  readonly connectedAt: number;
  readonly disconnectedAt?: number;
  readonly disconnectReason?: string;
  readonly sessionExpirySeconds: number;
}

/**
 * Lets a simulated device connect as one whose real key nobody here has. AWS has no such thing: it exists so that example
 * fleets, whose signing requests are in Git and whose keys are not, can be brought to life.
 */
export interface StandIn {
  readonly certificateId: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

/** What the HTTP data plane needs of the MQTT broker. Without a served broker nothing is connected. */
export interface BrokerPort {
  connection(scope: Scope, clientId: string): ConnectionInfo | undefined;
  /** Like `connection`, but also tells how the last connection ended when nothing waits for the next one. */
  lastSeen(scope: Scope, clientId: string): ConnectionInfo | undefined;
  subscriptions(scope: Scope, clientId: string): readonly { readonly topicFilter: string; readonly qos: number }[];
  /** False when there is neither a connection nor a session. */
  disconnect(
    scope: Scope,
    clientId: string,
    options: { readonly cleanSession: boolean; readonly preventWill: boolean },
  ): boolean;
  publish(scope: Scope, message: OutgoingMessage): void;
  /** A new key and certificate that stand in for a registered certificate at the door; undefined for an unknown thing. */
  standIn(scope: Scope, thingName: string): StandIn | undefined;
  /** Delivers to one client; false when it is not connected. */
  sendDirect(scope: Scope, clientId: string, message: OutgoingMessage): boolean;
}
