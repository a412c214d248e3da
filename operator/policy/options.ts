/**
 * Behaviour of AWS IoT that its documentation leaves open. Each default is the likeliest reading; a verdict that would differ under the other one
 * names the switch in its `assumptions`. The comment gives the question to put to TestAuthorization or a live broker.
 */
export interface Switches {
  /** P1: are action names compared without case, as IAM does? */
  readonly actionCase: 'insensitive' | 'sensitive';
  /** P2: does the thing name resolve for a thing that is registered but not attached to the certificate? */
  readonly thingNameNeedsAttachment: boolean;
  /** P3: is `*` inside a substituted value a plain character? */
  readonly substitutedWildcards: 'literal' | 'glob';
  /** P4: does a NotResource value with an unresolved variable match nothing (so that the statement covers all), or switch the statement off? */
  readonly unresolvedNotResource: 'matchesNothing' | 'statementInert';
  /** P5: may `*` run across the colons of the ARN? */
  readonly starCrossesColons: boolean;
  /** P6: does `?` stand for one code point? The other reading (bytes of UTF-8) is not modelled; verdicts that touch it say so. */
  readonly questionMark: 'codePoint';
  /** P7: is Version 2008-10-17 accepted, with variables as plain text? */
  readonly oldVersion: 'accepted' | 'refused';
  /** P8: is NotAction accepted, with IAM's meaning? */
  readonly notAction: 'accepted' | 'refused';
  /** P9: is the whole of `$share/<group>/<filter>` checked? The other reading is not modelled; verdicts that touch it say so. */
  readonly sharedSubscription: 'whole';
  /** P10: which resource do ListNamedShadowsForThing and ListRetainedMessages check? */
  readonly listResource: 'star' | 'narrow';
  /** P11: do group policies count for an exclusively attached thing with another client ID? Read by callers, who choose the policies. */
  readonly groupPoliciesForExclusive: boolean;
  /** P12: do thing variables resolve on HTTPS calls? */
  readonly thingVariablesOnHttps: boolean;
  /** P13: does a wildcard at the first level skip every topic that begins with `$`? */
  readonly wildcardSkipsDollar: boolean;
  /** P14: does `iot:*` in a device policy include SendDirectMessage and DeleteConnection? */
  readonly starIncludesClientActions: boolean;
  /** P15: does a negated operator without a set operator hold of a key with several values where none of them is named, or where one is not? */
  readonly negationOfList: 'noneNamed' | 'oneUnnamed';
}

export const defaultSwitches: Switches = {
  actionCase: 'insensitive',
  thingNameNeedsAttachment: true,
  substitutedWildcards: 'literal',
  unresolvedNotResource: 'matchesNothing',
  starCrossesColons: true,
  questionMark: 'codePoint',
  oldVersion: 'accepted',
  notAction: 'accepted',
  sharedSubscription: 'whole',
  listResource: 'star',
  groupPoliciesForExclusive: true,
  thingVariablesOnHttps: true,
  wildcardSkipsDollar: true,
  starIncludesClientActions: true,
  negationOfList: 'noneNamed',
};

export interface PolicyOptions {
  /** Account of the principal and of every request, 12 digits. */
  readonly account: string;
  readonly region: string;
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  /** Whether a certificate may be attached exclusively, so that the thing is known under any client ID. */
  readonly exclusiveThings: boolean;
  /** AWS's quota of slashes in a topic or filter (the reserved `$aws/rules/<rule>/` is not counted); Infinity to lift it. */
  readonly maxSlashes: number;
  /** Search nodes that one comparison may use before it answers `undecided`. */
  readonly budget: number;
  /** Real names (things, client IDs) that witnesses should use where they fit, most preferred first. */
  readonly preferredNames: readonly string[];
  readonly switches: Switches;
}

export const defaultOptions: PolicyOptions = {
  account: '123456789012',
  region: 'us-east-1',
  partition: 'aws',
  exclusiveThings: true,
  maxSlashes: 7,
  budget: 1_000_000,
  preferredNames: [],
  switches: defaultSwitches,
};

/** Options as callers give them: whatever is left out has its default. */
export type GivenOptions = Partial<Omit<PolicyOptions, 'switches'>> & { readonly switches?: Partial<Switches> };

/** Options with the defaults filled in. */
export function withDefaults(given: GivenOptions = {}): PolicyOptions {
  return { ...defaultOptions, ...given, switches: { ...defaultSwitches, ...given.switches } };
}

/** `arn:<partition>:iot:<region>:<account>:`, the beginning of every resource of this deployment. */
export function arnPrefix(options: PolicyOptions): string {
  return `arn:${options.partition}:iot:${options.region}:${options.account}:`;
}
