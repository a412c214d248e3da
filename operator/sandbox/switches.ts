/**
 * Behaviour that AWS's pages leave open, each with the default that is safer to build on. docs/sandbox.md lists why.
 */
export interface Switches {
  /** A REVOKED certificate cannot be set to another status. */
  readonly revokedIsFinal: boolean;
  /** Tags take part in the comparison of an idempotent create. */
  readonly tagsInIdempotence: boolean;
  /** DeleteSecurityProfile is refused while the profile is attached. */
  readonly attachedProfileBlocksDelete: boolean;
  /** An exclusively attached thing's group policies apply whatever the client id is. */
  readonly exclusiveThingGroupPolicies: boolean;
  /** CreateDynamicThingGroup is refused while the index of things is off. */
  readonly dynamicGroupsNeedIndex: boolean;
  /** CreateDynamicThingGroup of an existing group with the same configuration succeeds, as CreateThingGroup does. */
  readonly dynamicGroupCreateRepeats: boolean;
  /** Policy documents may use NotAction. */
  readonly notAction: boolean;
  /** Which text iot:Subscribe is judged by for `$share/<group>/<filter>`: the whole, the filter alone, or both. */
  readonly sharedSubscription: 'whole' | 'filter' | 'both';
  /** A publish or subscribe on a topic with `$` that no service of AWS IoT has ends the connection. */
  readonly unknownReservedCloses: boolean;
}

export const DEFAULT_SWITCHES: Switches = {
  revokedIsFinal: true,
  tagsInIdempotence: false,
  attachedProfileBlocksDelete: true,
  exclusiveThingGroupPolicies: true,
  dynamicGroupsNeedIndex: true,
  dynamicGroupCreateRepeats: false,
  notAction: false,
  sharedSubscription: 'both',
  unknownReservedCloses: true,
};
