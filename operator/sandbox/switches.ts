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
}

export const DEFAULT_SWITCHES: Switches = {
  revokedIsFinal: true,
  tagsInIdempotence: false,
  attachedProfileBlocksDelete: true,
  exclusiveThingGroupPolicies: true,
  dynamicGroupsNeedIndex: true,
  dynamicGroupCreateRepeats: false,
};
