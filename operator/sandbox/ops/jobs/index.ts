import { type Family, family } from '../../operations.ts';
import { jobsDataPlane } from './device-plane.ts';
import { jobExecutions } from './executions.ts';
import { jobs } from './jobs.ts';
import { JOBS } from './state.ts';
import { jobTemplates } from './templates.ts';

/** Jobs, for the fleet's owner and for devices. */
export const jobFamilies: readonly Family[] = [
  family('iot', {}, [JOBS]),
  jobs,
  jobExecutions,
  jobsDataPlane,
  jobTemplates,
];
