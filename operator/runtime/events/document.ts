import { boundedMessage } from '../../api/conditions.ts';
import type { KubeObject, ObjectMeta } from '../../api/meta.ts';
import type { EventInput } from '../events.ts';
import { redactText } from '../log/redact.ts';

/**
 * events.k8s.io/v1 Event: https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 * Its fields stand beside `metadata`, not in a spec.
 */
export interface EventDocument extends KubeObject {
  readonly metadata: ObjectMeta & { readonly name: string; readonly namespace: string };
  readonly eventTime: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: ObjectReference;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly series?: { readonly count: number; readonly lastObservedTime: string };
}

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** A happening and how often it was seen. */
export interface Occurrence {
  readonly regarding: ObjectReference;
  readonly input: EventInput & { readonly action: string };
  /** Milliseconds since the epoch. */
  readonly first: number;
  last: number;
  count: number;
  /** Set by the recorder; keeps names of one millisecond apart. */
  readonly sequence: number;
}

const MAX_REASON = 128;
/** Object names go up to 253, and so do event names: room for the suffix has to be made. */
const MAX_NAME_PART = 230;

export function referenceTo(object: KubeObject): ObjectReference {
  const { namespace, name, uid } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
  };
}

/** What is kept of an input: bounded as the API server demands, and without secrets. */
export function cleanInput(input: EventInput): EventInput & { readonly action: string } {
  return {
    type: input.type,
    reason: input.reason.slice(0, MAX_REASON) || 'Unknown',
    message: boundedMessage(redactText(input.message)),
    action: (input.action ?? 'Reconcile').slice(0, MAX_REASON) || 'Reconcile',
    ...(input.annotations === undefined ? {} : { annotations: input.annotations }),
  };
}

export function eventDocument(
  occurrence: Occurrence,
  reporter: { readonly controller: string; readonly instance: string },
): EventDocument {
  const { regarding, input, first, last, count, sequence } = occurrence;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      name: `${regarding.name.slice(0, MAX_NAME_PART)}.${(first * 1000 + (sequence % 1000)).toString(16)}`,
      namespace: regarding.namespace ?? 'default',
      ...(input.annotations === undefined ? {} : { annotations: input.annotations }),
    },
    eventTime: microTime(first),
    type: input.type,
    reason: input.reason,
    action: input.action,
    note: input.message,
    regarding,
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, 128),
    ...(count > 1 ? { series: { count, lastObservedTime: microTime(last) } } : {}),
  };
}

/** metav1.MicroTime: exactly six digits, or the API server refuses it. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
