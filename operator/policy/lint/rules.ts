export type Severity = 'error' | 'critical' | 'high' | 'medium' | 'low' | 'info';

/**
 * `semantic` rules show a request that the policy really allows (or really fails to stop), re-evaluated before it is reported;
 * `structural` rules are proved by the text or by an exact emptiness check and have no request to show.
 */
export type RuleKind = 'semantic' | 'structural';

export interface Rule {
  readonly severity: Severity;
  readonly kind: RuleKind;
  /** One line, true of every finding with this code. */
  readonly title: string;
  /** What to do about it. */
  readonly advice: string;
}

const rule = (severity: Severity, kind: RuleKind, title: string, advice: string): Rule => ({
  severity,
  kind,
  title,
  advice,
});

/** The rules by their stable code. Codes never change their meaning; a new meaning gets a new code. */
export const rules = {
  'any-client-id': rule(
    'critical',
    'semantic',
    'The device chooses its own client ID',
    'Allow Connect on client/${iot:Connection.Thing.ThingName} and require iot:Connection.Thing.IsAttached to be true.',
  ),
  'thing-not-required': rule(
    'info',
    'structural',
    'Connect names the thing without requiring that it is attached',
    'Add the condition Bool iot:Connection.Thing.IsAttached true, so that the intent is visible and audits agree.',
  ),
  'foreign-reserved-publish': rule(
    'critical',
    'semantic',
    'Publish reaches reserved topics of other things',
    'Put ${iot:Connection.Thing.ThingName} in place of the wildcard behind $aws/things/.',
  ),
  'foreign-reserved-subscribe': rule(
    'critical',
    'semantic',
    'Subscribe reaches reserved topics of other things',
    'Put ${iot:Connection.Thing.ThingName} in place of the wildcard behind $aws/things/.',
  ),
  'foreign-thing-api': rule(
    'critical',
    'semantic',
    'The shadow or jobs API is open for other things',
    'Name the thing: thing/${iot:Connection.Thing.ThingName}, or the few things that are meant.',
  ),
  'any-topic': rule(
    'high',
    'semantic',
    'Publish or Subscribe without a bound on the topic',
    'List the topics that the device uses, with the thing name in them.',
  ),
  'foreign-topic': rule(
    'high',
    'semantic',
    'One device reaches the topics of another',
    "Put the variable that makes the topic a device's own in place of the wildcard.",
  ),
  'mqtt-wildcard-in-deny': rule(
    'medium',
    'structural',
    'An MQTT wildcard in a Deny is a plain character',
    'Write * where the Deny has + or #, and deny iot:Receive on the same topics.',
  ),
  'deny-subscribe-bypassed': rule(
    'high',
    'semantic',
    'Messages that a Deny on Subscribe should withhold still arrive',
    'Deny iot:Receive on topic/ with the same pattern: it is checked on each message, whatever the filter was.',
  ),
  'mqtt-wildcard-in-publish': rule(
    'low',
    'structural',
    'An MQTT wildcard in a topic ARN never matches',
    'Topic names hold no + or #: write * or the topics themselves.',
  ),
  'malformed-filter': rule(
    'low',
    'structural',
    'No well-formed topic filter matches this resource',
    '+ must be a whole level and # the whole last one.',
  ),
  'unanchored-star': rule(
    'medium',
    'semantic',
    'A star right behind a name takes in longer names',
    'End the name with a slash before the star, and list the bare name beside it where it is needed.',
  ),
  'question-admits-mqtt-wildcard': rule(
    'medium',
    'semantic',
    'A question mark in a filter also takes + and #',
    'List the levels that are meant, or deny the filters with + and # at this place.',
  ),
  'wrong-resource-type': rule(
    'medium',
    'structural',
    'The action is never checked against this kind of ARN',
    'Subscribe takes topicfilter/, Publish and Receive take topic/, Connect takes client/, shadows and jobs take thing/.',
  ),
  'missing-receive': rule(
    'medium',
    'structural',
    'Subscribe without a Receive that lets anything arrive',
    'Allow iot:Receive on topic/ for the topics that the filter matches.',
  ),
  'missing-subscribe': rule(
    'low',
    'structural',
    'Receive without a Subscribe that brings anything in',
    'Allow iot:Subscribe on topicfilter/ for these topics, or drop the Receive; alone it only serves direct messages.',
  ),
  'missing-connect': rule(
    'medium',
    'structural',
    'Nothing allows the device to connect',
    'Allow iot:Connect here or in another policy of the same certificate.',
  ),
  'retain-without-publish': rule(
    'low',
    'semantic',
    'RetainPublish where Publish is not allowed',
    'Allow iot:Publish on the same topic: a retained message needs both.',
  ),
  'dead-allow': rule(
    'low',
    'structural',
    'A Deny takes all of this Allow away',
    'Drop the resource, or narrow the Deny.',
  ),
  'redundant-resource': rule(
    'info',
    'structural',
    'Other resources of the document already cover this one',
    'Drop it: the policy means the same and is shorter.',
  ),
  'deny-may-not-resolve': rule(
    'high',
    'semantic',
    'A Deny does nothing where its variable does not resolve',
    'Deny with a literal pattern, or add a Deny for devices on which the variable is missing.',
  ),
  'unbound-client-id': rule(
    'high',
    'semantic',
    'A topic rests on a client ID that the device chooses',
    'Bind the client ID in Connect, or use ${iot:Connection.Thing.ThingName} in the topic.',
  ),
  'attribute-may-hold-mqtt-wildcard': rule(
    'medium',
    'semantic',
    'A thing attribute in a filter may hold # or /',
    'Keep such attributes out of filters, or check their values when they are set.',
  ),
  'forall-vacuous': rule(
    'medium',
    'semantic',
    'ForAllValues is also true where the key is missing',
    'Use ForAnyValue, or add a Null condition that requires the key.',
  ),
  'control-plane-action': rule(
    'low',
    'structural',
    'Not an action that a device policy controls',
    'Remove it. Were this an IAM policy it would be a right over the account.',
  ),
  'star-action': rule(
    'medium',
    'structural',
    'A wildcard in the action grants what AWS adds later too',
    'List the actions that the device uses.',
  ),
  'region-or-account-wildcard': rule(
    'low',
    'structural',
    'A wildcard in the region or account of the ARN',
    'Write the region and the account: the star may run on and match another kind of resource.',
  ),
  'foreign-account': rule(
    'medium',
    'structural',
    'The ARN belongs to another account, region or partition',
    'Correct the ARN: it never matches a request of this deployment.',
  ),
  'too-large': rule(
    'error',
    'structural',
    'The document is longer than AWS accepts',
    'Merge actions that share resources, shorten patterns or split the policy; white space does not count.',
  ),
  'no-statement': rule(
    'medium',
    'structural',
    'The document has no statement',
    'Write what is allowed, or detach and delete the policy. Whether AWS IoT accepts such a document is not documented.',
  ),
  'unknown-variable': rule(
    'high',
    'structural',
    'No such policy variable or condition key',
    'Correct the name: an unknown variable never resolves, so the statement never matches.',
  ),
  'unknown-action': rule(
    'medium',
    'structural',
    'No such action',
    'Correct the name: the statement has no effect for it.',
  ),
  'variables-need-2012': rule(
    'high',
    'structural',
    'Policy variables are plain text in this Version',
    'Set "Version": "2012-10-17".',
  ),
  'basic-ingest-open': rule(
    'medium',
    'semantic',
    'Publish reaches rules directly through $aws/rules',
    'Name the rule: topic/$aws/rules/<rule name>/….',
  ),
  'any-role-alias': rule(
    'high',
    'semantic',
    'Credentials of every role alias',
    'Name the role alias that the device uses.',
  ),
  placeholder: rule(
    'error',
    'structural',
    'A template placeholder was left in',
    'Fill it in before the policy is used.',
  ),
  'own-echo': rule(
    'info',
    'semantic',
    'The device hears its own messages',
    'Use different topics for what it says and what it hears, unless the echo is wanted.',
  ),
  'direct-message-any-client': rule(
    'high',
    'semantic',
    'Direct messages to other clients, past their subscriptions',
    'Name the clients that may be addressed, or drop iot:SendDirectMessage.',
  ),
  'delete-any-connection': rule(
    'high',
    'semantic',
    'Connections of other clients can be cut',
    'Leave iot:DeleteConnection to operators; no device needs it for others.',
  ),
  'broad-receive': rule(
    'info',
    'semantic',
    'Receive is wider than what Subscribe brings in',
    'Narrow it to the subscribed topics: direct messages need Receive alone.',
  ),
  'allow-notresource': rule(
    'medium',
    'semantic',
    'Allow with NotResource grants everything else',
    'List what is allowed, and write what is forbidden as a Deny.',
  ),
} as const satisfies Record<string, Rule>;

export type RuleCode = keyof typeof rules;
