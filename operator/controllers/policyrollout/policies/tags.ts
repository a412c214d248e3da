/** On a candidate, what became of it: `started`, `proven` or `rejected`. */
export const STATE_TAG = 'fleetward.dev/state';

/** On an IoTPolicy: the eight digits of a document that went back and is to be tried again although its rollout is lost. */
export const RETRY_ANNOTATION = 'rollout.fleetward.dev/retry';
