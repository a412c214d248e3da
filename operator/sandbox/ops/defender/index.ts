import type { Family } from '../../operations.ts';
import { family } from '../../operations.ts';
import { audits } from './audits.ts';
import { customMetrics } from './custom-metrics.ts';
import { metricValues } from './detect/values.ts';
import { detectTasks } from './detect-tasks.ts';
import { dimensions } from './dimensions.ts';
import { EVIDENCE } from './evidence.ts';
import { mitigationActions } from './mitigation-actions.ts';
import { mitigationTasks } from './mitigation-tasks.ts';
import { NOTIFICATIONS } from './notifications.ts';
import { REVOCATIONS } from './revocations.ts';
import { scheduledAudits } from './scheduled-audits.ts';
import { DEFENDER } from './state.ts';
import { auditSuppressions } from './suppressions.ts';
import { violations } from './violations.ts';

/** Device Defender besides security profiles. */
export const defenderFamilies: readonly Family[] = [
  family('iot', {}, [DEFENDER, EVIDENCE, NOTIFICATIONS, REVOCATIONS]),
  audits,
  auditSuppressions,
  customMetrics,
  detectTasks,
  dimensions,
  metricValues,
  mitigationActions,
  mitigationTasks,
  scheduledAudits,
  violations,
];
