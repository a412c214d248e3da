import { type Family, family } from '../../operations.ts';
import { aggregations } from './aggregations.ts';
import { fleetMetrics } from './fleet-metrics.ts';
import { fleetIndexing } from './indexing.ts';
import { INDEXING } from './state.ts';

/** The fleet index; `startIndexing` keeps dynamic groups by it. */
export const indexingFamilies: readonly Family[] = [
  family('iot', {}, [INDEXING]),
  aggregations,
  fleetIndexing,
  fleetMetrics,
];
