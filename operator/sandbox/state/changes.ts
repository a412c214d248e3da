/**
 * What happened in a scope's state, after it happened. The broker's caches, the registry events, the indexes and the
 * audit-trail events all listen to these instead of reaching into the operations.
 */
export type Change =
  | { readonly kind: 'thing'; readonly operation: Lifecycle; readonly thingName: string; readonly thingId: string }
  | { readonly kind: 'thing-type'; readonly operation: Lifecycle; readonly thingTypeName: string }
  | {
      readonly kind: 'thing-type-association';
      readonly thingName: string;
      readonly thingId: string;
      readonly thingTypeName: string;
      readonly added: boolean;
    }
  | {
      readonly kind: 'thing-group';
      readonly operation: Lifecycle;
      readonly groupName: string;
      readonly groupId: string;
    }
  /** A group with a parent came or went. */
  | {
      readonly kind: 'hierarchy';
      readonly parentName: string;
      readonly parentId: string;
      readonly groupName: string;
      readonly groupId: string;
      readonly added: boolean;
    }
  | {
      readonly kind: 'membership';
      readonly groupName: string;
      readonly groupId: string;
      readonly thingName: string;
      readonly thingId: string;
      readonly added: boolean;
    }
  | { readonly kind: 'policy'; readonly operation: Lifecycle; readonly policyName: string }
  | {
      readonly kind: 'policy-attachment';
      readonly policyName: string;
      readonly target: string;
      readonly attached: boolean;
    }
  | {
      readonly kind: 'thing-principal';
      readonly thingName: string;
      readonly principal: string;
      readonly attached: boolean;
    }
  | {
      readonly kind: 'certificate';
      readonly operation: Lifecycle;
      readonly certificateId: string;
      readonly status: string;
    }
  | { readonly kind: 'ca-certificate'; readonly operation: Lifecycle; readonly certificateId: string }
  /** The scope's state was loaded from a snapshot. */
  | { readonly kind: 'restored' }
  /** A job ended or went. */
  | { readonly kind: 'job'; readonly jobId: string; readonly operation: JobEnding }
  /** An execution was queued, started, ended or deleted. */
  | {
      readonly kind: 'job-execution';
      readonly jobId: string;
      readonly thingName: string;
      readonly status: string;
    }
  | { readonly kind: 'other'; readonly resource: string };

export type Lifecycle = 'CREATED' | 'UPDATED' | 'DELETED';

export type JobEnding = 'completed' | 'canceled' | 'deletion_in_progress' | 'deleted';
