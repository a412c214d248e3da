import { getCondition, isTrue, type Progress, READY } from '../../api/conditions.ts';
import { driftStatus, driftText } from '../../drift/status.ts';
import type { Change } from '../../drift/types.ts';
import { sameJson } from './equal.ts';
import { FIGHTING } from './progress.ts';
import type { ExternalObject, Scope } from './types.ts';

/** Told before the act, so that the last line before a crash says what was tried. */
export function showCorrection<O extends ExternalObject>(scope: Scope<O>, changes: readonly Change<unknown>[]): void {
  const drift = changes.filter(({ cause }) => cause === 'drift');
  if (drift.length === 0) return;
  const message = `Setting back what was changed in AWS: ${driftText(drift)}`;
  scope.log.info('Correcting drift', { drift: driftText(drift, 20) });
  scope.deps.events.record(scope.object, { type: 'Warning', reason: 'DriftCorrected', message, action: 'Correct' });
  scope.deps.onDrift?.({ object: scope.object, changes: drift, corrected: true });
}

/** Told once per difference, not at each look. */
export function showDrift<O extends ExternalObject>(scope: Scope<O>, changes: readonly Change<unknown>[]): void {
  if (changes.length === 0) return;
  const known = scope.object.status?.drift;
  if (sameJson(known?.fields, driftStatus(changes, known, '')?.fields)) return;
  const message = driftText(changes);
  scope.log.info('Reporting drift', { drift: driftText(changes, 20) });
  scope.deps.events.record(scope.object, { type: 'Warning', reason: 'DriftDetected', message, action: 'Observe' });
  scope.deps.onDrift?.({ object: scope.object, changes, corrected: false });
}

export function showReady<O extends ExternalObject>(scope: Scope<O>, progress: Progress): void {
  if (progress.kind !== 'ready' || isTrue(scope.object.status?.conditions, READY)) return;
  scope.deps.events.record(scope.object, { type: 'Normal', reason: 'Succeeded', message: progress.message });
}

/** Told when it begins, and again with each longer pause. */
export function showFight<O extends ExternalObject>(scope: Scope<O>, progress: Progress): void {
  if (progress.kind !== 'reconciling' || progress.reason !== FIGHTING) return;
  const ready = getCondition(scope.object.status?.conditions, READY);
  if (ready?.message === progress.message) return;
  scope.log.warn('Pausing corrections that somebody sets back', { cause: progress.message });
  scope.deps.events.record(scope.object, { type: 'Warning', reason: FIGHTING, message: progress.message });
  scope.deps.onFight?.(scope.object.kind);
}
