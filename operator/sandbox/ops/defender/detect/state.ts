import type { MetricValue } from '@aws-sdk/client-iot';
import type { Slice } from '../../../state/scope.ts';

/** Cloud-side metrics are cut into windows of five minutes; devices report no more often. */
export const WINDOW = 300_000;
/** Datapoints are kept for fourteen days (GR iot_device_defender). */
export const METRIC_RETENTION = 14 * 86_400_000;

export interface Point {
  readonly at: number;
  readonly value: MetricValue;
  /** Smallest message of the window, beside the largest in `value.count`. */
  readonly least?: number;
}

/** What has been seen in the window that is open. */
export interface Seen {
  count: number;
  largest: number;
  least: number;
  addresses: string[];
}

/** How a device has kept one behavior lately. */
export interface Streak {
  bad: number;
  good: number;
  violationId: string | undefined;
  lastAt: number;
}

/** One device that Detect watches, by the name of its thing or by its client id. */
export interface Watched {
  /** The client that stands for it. */
  clientId: string;
  /** Something was seen of it in the open window. */
  isActive: boolean;
  /** When it was connected last, as far as the windows tell. */
  connectedAt: number | undefined;
  reportedAt: number | undefined;
  readonly seen: Map<string, Seen>;
  readonly points: Map<string, Point[]>;
  readonly streaks: Map<string, Streak>;
}

export interface Detect {
  readonly devices: Map<string, Watched>;
  /** Datapoints that a behavior of ML Detect has had, by profile and behavior, and since when. */
  readonly training: Map<string, { readonly since: number; points: number }>;
}

export function watched(detect: Detect, name: string): Watched {
  let device = detect.devices.get(name);
  if (!device) {
    device = {
      clientId: name,
      isActive: false,
      connectedAt: undefined,
      reportedAt: undefined,
      seen: new Map(),
      points: new Map(),
      streaks: new Map(),
    };
    detect.devices.set(name, device);
  }
  return device;
}

interface SavedDevice extends Pick<Watched, 'clientId' | 'isActive'> {
  readonly name: string;
  readonly connectedAt: number | null;
  readonly reportedAt: number | null;
  readonly seen: readonly (readonly [string, Seen])[];
  readonly points: readonly (readonly [string, Point[]])[];
  readonly streaks: readonly (readonly [string, Omit<Streak, 'violationId'> & { violationId?: string }])[];
}

interface Saved {
  readonly devices: readonly SavedDevice[];
  readonly training: readonly (readonly [string, { since: number; points: number }])[];
}

function loadDevice(detect: Detect, saved: SavedDevice): void {
  const device = watched(detect, saved.name);
  device.clientId = saved.clientId;
  device.isActive = saved.isActive;
  device.connectedAt = saved.connectedAt ?? undefined;
  device.reportedAt = saved.reportedAt ?? undefined;
  for (const [key, value] of saved.seen) device.seen.set(key, value);
  for (const [key, value] of saved.points) device.points.set(key, value);
  for (const [key, value] of saved.streaks) device.streaks.set(key, { ...value, violationId: value.violationId });
}

export const DETECT: Slice<Detect> = {
  name: 'detect',
  create: () => ({ devices: new Map(), training: new Map() }),
  save: ({ devices, training }) => ({
    devices: [...devices].map(([name, device]) => ({
      ...device,
      name,
      connectedAt: device.connectedAt ?? null,
      reportedAt: device.reportedAt ?? null,
      seen: [...device.seen],
      points: [...device.points],
      streaks: [...device.streaks],
    })),
    training: [...training],
  }),
  load(detect, saved) {
    const from = saved as Saved;
    for (const device of from.devices) loadDevice(detect, device);
    for (const [key, value] of from.training) detect.training.set(key, value);
  },
};
