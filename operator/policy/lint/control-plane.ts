/**
 * Names of the control-plane operations of AWS IoT (API version 2015-05-28, from the SDK's command list), with the connection-management
 * calls that only IAM policies grant. In a device policy they have no effect; in an IAM role they are rights over the account.
 */
const names =
  'AcceptCertificateTransfer AddThingToBillingGroup AddThingToThingGroup AssociateSbomWithPackageVersion ' +
  'AssociateTargetsWithJob AttachPolicy AttachPrincipalPolicy AttachSecurityProfile AttachThingPrincipal ' +
  'CancelAuditMitigationActionsTask CancelAuditTask CancelCertificateTransfer CancelDetectMitigationActionsTask ' +
  'CancelJob CancelJobExecution ClearDefaultAuthorizer ConfirmTopicRuleDestination CreateAuditSuppression ' +
  'CreateAuthorizer CreateBillingGroup CreateCertificateFromCsr CreateCertificateProvider CreateCommand ' +
  'CreateCustomMetric CreateDimension CreateDomainConfiguration CreateDynamicThingGroup CreateFleetMetric CreateJob ' +
  'CreateJobTemplate CreateKeysAndCertificate CreateMitigationAction CreateOTAUpdate CreatePackage ' +
  'CreatePackageVersion CreatePolicy CreatePolicyVersion CreateProvisioningClaim CreateProvisioningTemplate ' +
  'CreateProvisioningTemplateVersion CreateRoleAlias CreateScheduledAudit CreateSecurityProfile CreateStream ' +
  'CreateThing CreateThingGroup CreateThingType CreateTopicRule CreateTopicRuleDestination ' +
  'DeleteAccountAuditConfiguration DeleteAuditSuppression DeleteAuthorizer DeleteBillingGroup DeleteCACertificate ' +
  'DeleteCertificate DeleteCertificateProvider DeleteCommand DeleteCommandExecution DeleteCustomMetric ' +
  'DeleteDimension DeleteDomainConfiguration DeleteDynamicThingGroup DeleteFleetMetric DeleteJob DeleteJobExecution ' +
  'DeleteJobTemplate DeleteMitigationAction DeleteOTAUpdate DeletePackage DeletePackageVersion DeletePolicy ' +
  'DeletePolicyVersion DeleteProvisioningTemplate DeleteProvisioningTemplateVersion DeleteRegistrationCode ' +
  'DeleteRoleAlias DeleteScheduledAudit DeleteSecurityProfile DeleteStream DeleteThing DeleteThingGroup ' +
  'DeleteThingType DeleteTopicRule DeleteTopicRuleDestination DeleteV2LoggingLevel DeprecateThingType ' +
  'DescribeAccountAuditConfiguration DescribeAuditFinding DescribeAuditMitigationActionsTask ' +
  'DescribeAuditSuppression DescribeAuditTask DescribeAuthorizer DescribeBillingGroup DescribeCACertificate ' +
  'DescribeCertificate DescribeCertificateProvider DescribeCustomMetric DescribeDefaultAuthorizer ' +
  'DescribeDetectMitigationActionsTask DescribeDimension DescribeDomainConfiguration ' +
  'DescribeEncryptionConfiguration DescribeEndpoint DescribeEventConfigurations DescribeFleetMetric DescribeIndex ' +
  'DescribeJob DescribeJobExecution DescribeJobTemplate DescribeManagedJobTemplate DescribeMitigationAction ' +
  'DescribeProvisioningTemplate DescribeProvisioningTemplateVersion DescribeRoleAlias DescribeScheduledAudit ' +
  'DescribeSecurityProfile DescribeStream DescribeThing DescribeThingGroup DescribeThingRegistrationTask ' +
  'DescribeThingType DetachPolicy DetachPrincipalPolicy DetachSecurityProfile DetachThingPrincipal DisableTopicRule ' +
  'DisassociateSbomFromPackageVersion EnableTopicRule GetBehaviorModelTrainingSummaries GetBucketsAggregation ' +
  'GetCardinality GetCommand GetCommandExecution GetEffectivePolicies GetIndexingConfiguration GetJobDocument ' +
  'GetLoggingOptions GetOTAUpdate GetPackage GetPackageConfiguration GetPackageVersion GetPercentiles GetPolicy ' +
  'GetPolicyVersion GetRegistrationCode GetStatistics GetThingConnectivityData GetTopicRule GetTopicRuleDestination ' +
  'GetV2LoggingOptions ListActiveViolations ListAttachedPolicies ListAuditFindings ' +
  'ListAuditMitigationActionsExecutions ListAuditMitigationActionsTasks ListAuditSuppressions ListAuditTasks ' +
  'ListAuthorizers ListBillingGroups ListCACertificates ListCertificateProviders ListCertificates ' +
  'ListCertificatesByCA ListCommandExecutions ListCommands ListCustomMetrics ListDetectMitigationActionsExecutions ' +
  'ListDetectMitigationActionsTasks ListDimensions ListDomainConfigurations ListFleetMetrics ListIndices ' +
  'ListJobExecutionsForJob ListJobExecutionsForThing ListJobTemplates ListJobs ListManagedJobTemplates ' +
  'ListMetricValues ListMitigationActions ListOTAUpdates ListOutgoingCertificates ListPackageVersions ListPackages ' +
  'ListPolicies ListPolicyPrincipals ListPolicyVersions ListPrincipalPolicies ListPrincipalThings ' +
  'ListPrincipalThingsV2 ListProvisioningTemplateVersions ListProvisioningTemplates ' +
  'ListRelatedResourcesForAuditFinding ListRoleAliases ListSbomValidationResults ListScheduledAudits ' +
  'ListSecurityProfiles ListSecurityProfilesForTarget ListStreams ListTagsForResource ListTargetsForPolicy ' +
  'ListTargetsForSecurityProfile ListThingGroups ListThingGroupsForThing ListThingPrincipals ListThingPrincipalsV2 ' +
  'ListThingRegistrationTaskReports ListThingRegistrationTasks ListThingTypes ListThings ListThingsInBillingGroup ' +
  'ListThingsInThingGroup ListTopicRuleDestinations ListTopicRules ListV2LoggingLevels ListViolationEvents ' +
  'PutVerificationStateOnViolation RegisterCACertificate RegisterCertificate RegisterCertificateWithoutCA ' +
  'RegisterThing RejectCertificateTransfer RemoveThingFromBillingGroup RemoveThingFromThingGroup ReplaceTopicRule ' +
  'SearchIndex SetDefaultAuthorizer SetDefaultPolicyVersion SetLoggingOptions SetV2LoggingLevel SetV2LoggingOptions ' +
  'StartAuditMitigationActionsTask StartDetectMitigationActionsTask StartOnDemandAuditTask ' +
  'StartThingRegistrationTask StopThingRegistrationTask TagResource TestAuthorization TestInvokeAuthorizer ' +
  'TransferCertificate UntagResource UpdateAccountAuditConfiguration UpdateAuditSuppression UpdateAuthorizer ' +
  'UpdateBillingGroup UpdateCACertificate UpdateCertificate UpdateCertificateProvider UpdateCommand ' +
  'UpdateCustomMetric UpdateDimension UpdateDomainConfiguration UpdateDynamicThingGroup ' +
  'UpdateEncryptionConfiguration UpdateEventConfigurations UpdateFleetMetric UpdateIndexingConfiguration UpdateJob ' +
  'UpdateMitigationAction UpdatePackage UpdatePackageConfiguration UpdatePackageVersion UpdateProvisioningTemplate ' +
  'UpdateRoleAlias UpdateScheduledAudit UpdateSecurityProfile UpdateStream UpdateThing UpdateThingGroup ' +
  'UpdateThingGroupsForThing UpdateThingType UpdateTopicRuleDestination ValidateSecurityProfileBehaviors ' +
  'GetConnection ListSubscriptions OpenTunnel CloseTunnel DescribeTunnel ListTunnels RotateTunnelAccessToken';

/** The same in lower case, without the prefix. */
export const controlPlaneNames: readonly string[] = names.toLowerCase().split(' ');

const known: ReadonlySet<string> = new Set(controlPlaneNames);

/** Whether `iot:<name>` is a call of the control plane; letter case is ignored. */
export function isControlPlaneAction(action: string): boolean {
  const colon = action.indexOf(':');
  return action.slice(0, colon).toLowerCase() === 'iot' && known.has(action.slice(colon + 1).toLowerCase());
}
