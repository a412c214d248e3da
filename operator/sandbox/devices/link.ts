/** One connection of a simulated device. The callbacks are called by the link, never within a call to it. */
export interface Link {
  subscribe(filters: readonly string[]): void;
  publish(topic: string, payload: string, options: { readonly qos: 0 | 1; readonly retain: boolean }): void;
  /** `politely` says goodbye first. */
  close(politely: boolean): void;
}

export interface LinkEvents {
  readonly connected: () => void;
  readonly message: (topic: string, payload: Buffer) => void;
  readonly closed: () => void;
}

export interface LinkRequest {
  readonly thing: string;
  readonly clientId: string;
  readonly cleanSession: boolean;
  readonly keepAliveSeconds: number;
  readonly will: { readonly topic: string; readonly payload: string } | undefined;
}

export type OpenLink = (request: LinkRequest, events: LinkEvents) => Link;
