"""Drives the sandbox with boto3, family by family, and holds every answer against botocore's output shapes.

Prints one JSON object per family: {"name", "ok", "detail"}. Arguments: the endpoint, and a JSON file with key material that
Python's own library cannot make and with the operations that have to be called: every one that the sandbox has.
"""

import datetime
import json
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.validate import ParamValidator

ENDPOINT = sys.argv[1]
with open(sys.argv[2], encoding="utf-8") as file:
    GIVEN = json.load(file)
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/judge"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["iot:*"], "Resource": ["*"]}]}
POLICY = json.dumps(DENY)
EPOCH = datetime.datetime(2020, 1, 1)
LATER = datetime.datetime(2100, 1, 1)
CALLED = set()


def arn(resource):
    return f"arn:aws:iot:us-east-1:{ACCOUNT}:{resource}"


class Checked:
    """A client whose every answer has to fit the operation's output shape."""

    def __init__(self, service):
        self.service = service
        self.client = boto3.client(
            service,
            endpoint_url=ENDPOINT,
            region_name="us-east-1",
            aws_access_key_id="AKIAJUDGE",
            aws_secret_access_key="judge",
            config=Config(retries={"max_attempts": 0}),
        )

    def __getattr__(self, method):
        operation = self.client.meta.method_to_api_mapping[method]
        shape = self.client.meta.service_model.operation_model(operation).output_shape

        def call(**kwargs):
            CALLED.add(f"{self.client.meta.service_model.signing_name}:{operation}")
            answer = getattr(self.client, method)(**kwargs)
            told = {k: v for k, v in answer.items() if k != "ResponseMetadata"}
            if shape is not None:
                report = ParamValidator().validate(told, shape)
                if report.has_errors():
                    raise AssertionError(f"{operation}: {report.generate_report()}")
            return told

        return call

    def refused(self, method, name, **kwargs):
        """The call has to fail with this error, and botocore has to know the error by its name."""
        try:
            getattr(self, method)(**kwargs)
        except self.client.exceptions.ClientError as error:
            assert error.response["Error"]["Code"] == name, error
            return
        raise AssertionError(f"{method} was not refused with {name}")


iot = Checked("iot")


def things():
    iot.create_thing_type(thingTypeName="lamp")
    iot.create_thing(thingName="t", thingTypeName="lamp", attributePayload={"attributes": {"a": "1"}})
    iot.describe_thing(thingName="t")
    iot.list_things()
    iot.update_thing(thingName="t", expectedVersion=1, attributePayload={"attributes": {"b": "2"}, "merge": True})
    iot.describe_thing_type(thingTypeName="lamp")
    iot.list_thing_types()
    iot.create_thing_type(thingTypeName="old")
    iot.update_thing_type(thingTypeName="old", thingTypeProperties={})
    iot.deprecate_thing_type(thingTypeName="old")
    iot.delete_thing_type(thingTypeName="old")
    iot.create_thing(thingName="gone")
    iot.delete_thing(thingName="gone")
    iot.refused("describe_thing", "ResourceNotFoundException", thingName="gone")


def groups():
    iot.create_thing_group(thingGroupName="g", tags=[{"Key": "k", "Value": "v"}])
    iot.create_thing_group(thingGroupName="child", parentGroupName="g")
    iot.list_thing_groups(parentGroup="g", recursive=True)
    iot.update_thing_group(thingGroupName="g", thingGroupProperties={"thingGroupDescription": "d"})
    iot.add_thing_to_thing_group(thingName="t", thingGroupName="g")
    iot.describe_thing_group(thingGroupName="g")
    iot.list_things_in_thing_group(thingGroupName="g")
    iot.list_thing_groups_for_thing(thingName="t")
    iot.remove_thing_from_thing_group(thingName="t", thingGroupName="g")
    iot.update_thing_groups_for_thing(thingName="t", thingGroupsToAdd=["g"])
    iot.refused("delete_thing_group", "InvalidRequestException", thingGroupName="g")
    iot.delete_thing_group(thingGroupName="child")
    iot.create_billing_group(billingGroupName="b")
    iot.update_billing_group(billingGroupName="b", billingGroupProperties={"billingGroupDescription": "d"})
    iot.describe_billing_group(billingGroupName="b")
    iot.list_billing_groups()
    iot.add_thing_to_billing_group(billingGroupName="b", thingName="t")
    assert iot.list_things_in_billing_group(billingGroupName="b")["things"] == ["t"]
    iot.remove_thing_from_billing_group(billingGroupName="b", thingName="t")
    iot.delete_billing_group(billingGroupName="b")


def policies():
    policy = iot.create_policy(policyName="p", policyDocument=POLICY)["policyArn"]
    iot.create_policy_version(policyName="p", policyDocument=POLICY)
    iot.set_default_policy_version(policyName="p", policyVersionId="2")
    iot.get_policy_version(policyName="p", policyVersionId="1")
    iot.refused("delete_policy_version", "DeleteConflictException", policyName="p", policyVersionId="2")
    iot.delete_policy_version(policyName="p", policyVersionId="1")
    iot.get_policy(policyName="p")
    iot.list_policy_versions(policyName="p")
    iot.list_policies(pageSize=1)
    iot.tag_resource(resourceArn=policy, tags=[{"Key": "k", "Value": "v"}])
    iot.list_tags_for_resource(resourceArn=policy)
    iot.untag_resource(resourceArn=policy, tagKeys=["k"])
    iot.create_policy(policyName="q", policyDocument=POLICY)
    iot.delete_policy(policyName="q")
    iot.refused("create_policy", "MalformedPolicyException", policyName="r", policyDocument="no")


def certificates():
    made = iot.create_keys_and_certificate(setAsActive=True)
    cert, certificate = made["certificateArn"], made["certificateId"]
    iot.attach_policy(policyName="p", target=cert)
    iot.attach_thing_principal(thingName="t", principal=cert, thingPrincipalType="EXCLUSIVE_THING")
    iot.describe_certificate(certificateId=certificate)
    iot.list_certificates()
    iot.list_attached_policies(target=cert)
    iot.list_targets_for_policy(policyName="p")
    iot.get_effective_policies(thingName="t", principal=cert)
    iot.list_thing_principals(thingName="t")
    (principal,) = iot.list_thing_principals_v2(thingName="t")["thingPrincipalObjects"]
    assert principal["thingPrincipalType"] == "EXCLUSIVE_THING", principal
    iot.list_principal_things(principal=cert)
    iot.list_principal_things_v2(principal=cert)
    iot.test_authorization(principal=cert, authInfos=[{"actionType": "CONNECT", "resources": [arn("client/t")]}])
    iot.detach_policy(policyName="p", target=cert)
    iot.attach_principal_policy(policyName="p", principal=cert)
    iot.list_principal_policies(principal=cert)
    iot.list_policy_principals(policyName="p")
    iot.detach_principal_policy(policyName="p", principal=cert)
    iot.detach_thing_principal(thingName="t", principal=cert)
    iot.refused("delete_certificate", "CertificateStateException", certificateId=certificate)
    iot.update_certificate(certificateId=certificate, newStatus="INACTIVE")
    iot.delete_certificate(certificateId=certificate)
    iot.create_certificate_from_csr(certificateSigningRequest=GIVEN["csr"], setAsActive=True)


def authorities():
    iot.get_registration_code()
    ca = iot.register_ca_certificate(
        caCertificate=GIVEN["ca"], certificateMode="SNI_ONLY", setAsActive=True, allowAutoRegistration=True
    )["certificateId"]
    iot.describe_ca_certificate(certificateId=ca)
    iot.list_ca_certificates()
    iot.register_certificate(certificatePem=GIVEN["signed"], caCertificatePem=GIVEN["ca"], status="ACTIVE")
    assert len(iot.list_certificates_by_ca(caCertificateId=ca)["certificates"]) == 1
    iot.register_certificate_without_ca(certificatePem=GIVEN["foreign"], status="ACTIVE")
    iot.update_ca_certificate(certificateId=ca, newStatus="INACTIVE")
    iot.delete_ca_certificate(certificateId=ca)


def provisioning():
    certificate = {"Type": "AWS::IoT::Certificate", "Properties": {"CertificateSigningRequest": {"Ref": "CSR"}}}
    thing = {"Type": "AWS::IoT::Thing", "Properties": {"ThingName": "made"}}
    body = json.dumps({"Parameters": {"CSR": {"Type": "String"}}, "Resources": {"c": certificate, "t": thing}})
    iot.create_provisioning_template(templateName="pt", templateBody=body, provisioningRoleArn=ROLE, enabled=True)
    iot.describe_provisioning_template(templateName="pt")
    iot.list_provisioning_templates()
    version = iot.create_provisioning_template_version(templateName="pt", templateBody=body)["versionId"]
    iot.describe_provisioning_template_version(templateName="pt", versionId=version)
    iot.list_provisioning_template_versions(templateName="pt")
    iot.delete_provisioning_template_version(templateName="pt", versionId=version)
    iot.update_provisioning_template(templateName="pt", description="d")
    iot.create_provisioning_claim(templateName="pt")
    iot.register_thing(templateBody=body, parameters={"CSR": GIVEN["csr"]})
    iot.delete_provisioning_template(templateName="pt")


def settings():
    iot.describe_endpoint(endpointType="iot:Data-ATS")
    iot.set_v2_logging_options(roleArn=ROLE, defaultLogLevel="INFO")
    iot.get_v2_logging_options()
    target = {"targetType": "CLIENT_ID", "targetName": "t"}
    iot.set_v2_logging_level(logTarget=target, logLevel="DEBUG")
    iot.list_v2_logging_levels()
    iot.delete_v2_logging_level(**target)
    iot.set_logging_options(loggingOptionsPayload={"roleArn": ROLE, "logLevel": "ERROR"})
    iot.get_logging_options()
    iot.update_event_configurations(eventConfigurations={"THING": {"Enabled": True}})
    iot.describe_event_configurations()
    iot.create_role_alias(roleAlias="ra", roleArn=ROLE)
    iot.update_role_alias(roleAlias="ra", credentialDurationSeconds=900)
    iot.describe_role_alias(roleAlias="ra")
    iot.list_role_aliases()
    iot.delete_role_alias(roleAlias="ra")


def defender():
    iot.create_custom_metric(metricName="m", metricType="number", clientRequestToken="t")
    iot.update_custom_metric(metricName="m", displayName="d")
    iot.describe_custom_metric(metricName="m")
    iot.list_custom_metrics()
    iot.create_dimension(name="d", type="TOPIC_FILTER", stringValues=["a/+"], clientRequestToken="t")
    iot.update_dimension(name="d", stringValues=["b/+"])
    iot.describe_dimension(name="d")
    iot.list_dimensions()
    behaviors = [{"name": "b", "metric": "m"}]
    iot.validate_security_profile_behaviors(behaviors=behaviors)
    iot.create_security_profile(securityProfileName="s", behaviors=behaviors)
    iot.update_security_profile(securityProfileName="s", securityProfileDescription="d")
    iot.describe_security_profile(securityProfileName="s")
    iot.list_security_profiles()
    everything = {"securityProfileName": "s", "securityProfileTargetArn": arn("all/things")}
    iot.attach_security_profile(**everything)
    iot.list_targets_for_security_profile(securityProfileName="s")
    iot.list_security_profiles_for_target(securityProfileTargetArn=arn("all/things"))
    raised = json.dumps({"thingName": "t", "securityProfileName": "s", "behaviorName": "b"}).encode()
    request = urllib.request.Request(f"{ENDPOINT}/_sandbox/violations", data=raised, method="POST")
    with urllib.request.urlopen(request) as answer:
        violation = json.load(answer)["id"]
    assert len(iot.list_active_violations()["activeViolations"]) == 1
    iot.list_violation_events(startTime=EPOCH, endTime=LATER)
    iot.put_verification_state_on_violation(violationId=violation, verificationState="BENIGN_POSITIVE")
    params = {"addThingsToThingGroupParams": {"thingGroupNames": ["g"]}}
    iot.create_mitigation_action(actionName="contain", roleArn=ROLE, actionParams=params)
    iot.start_detect_mitigation_actions_task(
        taskId="d", target={"violationIds": [violation]}, actions=["contain"], clientRequestToken="d"
    )
    iot.describe_detect_mitigation_actions_task(taskId="d")
    iot.list_detect_mitigation_actions_tasks(startTime=EPOCH, endTime=LATER)
    iot.list_detect_mitigation_actions_executions(taskId="d")
    iot.refused("cancel_detect_mitigation_actions_task", "InvalidRequestException", taskId="d")
    iot.list_metric_values(thingName="t", metricName="m", startTime=EPOCH, endTime=LATER)
    learned = [{"name": "l", "metric": "m", "criteria": {"mlDetectionConfig": {"confidenceLevel": "HIGH"}}}]
    iot.create_security_profile(securityProfileName="ml", behaviors=learned)
    (summary,) = iot.get_behavior_model_training_summaries(securityProfileName="ml")["summaries"]
    assert summary["modelStatus"] == "PENDING_BUILD", summary
    iot.delete_security_profile(securityProfileName="ml")
    iot.detach_security_profile(**everything)
    iot.delete_security_profile(securityProfileName="s")
    iot.delete_custom_metric(metricName="m")
    iot.delete_dimension(name="d")


def audits():
    check = "DEVICE_CERTIFICATE_AGE_CHECK"
    logging = "LOGGING_DISABLED_CHECK"
    iot.set_logging_options(loggingOptionsPayload={"roleArn": ROLE, "logLevel": "DISABLED"})
    iot.set_v2_logging_options(disableAllLogs=True)
    iot.update_account_audit_configuration(
        roleArn=ROLE, auditCheckConfigurations={check: {"enabled": True}, logging: {"enabled": True}}
    )
    iot.describe_account_audit_configuration()
    task = iot.start_on_demand_audit_task(targetCheckNames=[check, logging])["taskId"]
    iot.describe_audit_task(taskId=task)
    iot.list_audit_tasks(startTime=EPOCH, endTime=LATER)
    findings = iot.list_audit_findings(taskId=task)["findings"]
    assert [f["checkName"] for f in findings] == [logging], findings
    finding = findings[0]["findingId"]
    iot.describe_audit_finding(findingId=finding)
    iot.list_related_resources_for_audit_finding(findingId=finding)
    iot.refused("cancel_audit_task", "InvalidRequestException", taskId=task)
    params = {"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "ERROR"}}
    iot.create_mitigation_action(actionName="a", roleArn=ROLE, actionParams=params)
    iot.update_mitigation_action(actionName="a", roleArn=ROLE)
    iot.describe_mitigation_action(actionName="a")
    iot.list_mitigation_actions()
    iot.start_audit_mitigation_actions_task(
        taskId="x", target={"auditTaskId": task}, auditCheckToActionsMapping={logging: ["a"]}, clientRequestToken="x"
    )
    iot.describe_audit_mitigation_actions_task(taskId="x")
    iot.list_audit_mitigation_actions_tasks(startTime=EPOCH, endTime=LATER)
    iot.list_audit_mitigation_actions_executions(taskId="x", findingId=finding)
    iot.refused("cancel_audit_mitigation_actions_task", "InvalidRequestException", taskId="x")
    iot.delete_mitigation_action(actionName="a")
    assert iot.get_v2_logging_options()["defaultLogLevel"] == "ERROR"
    iot.create_scheduled_audit(frequency="DAILY", targetCheckNames=[check], scheduledAuditName="n")
    iot.update_scheduled_audit(frequency="WEEKLY", dayOfWeek="MON", scheduledAuditName="n")
    iot.describe_scheduled_audit(scheduledAuditName="n")
    iot.list_scheduled_audits()
    iot.delete_scheduled_audit(scheduledAuditName="n")
    suppressed = {"checkName": logging, "resourceIdentifier": {"account": ACCOUNT}}
    iot.create_audit_suppression(**suppressed, suppressIndefinitely=True, clientRequestToken="s")
    iot.update_audit_suppression(**suppressed, description="d")
    iot.describe_audit_suppression(**suppressed)
    iot.list_audit_suppressions()
    iot.delete_audit_suppression(**suppressed)
    iot.delete_account_audit_configuration()


def index():
    iot.update_indexing_configuration(
        thingIndexingConfiguration={"thingIndexingMode": "REGISTRY", "thingConnectivityIndexingMode": "STATUS"}
    )
    iot.get_indexing_configuration()
    iot.list_indices()
    iot.describe_index(indexName="AWS_Things")
    found = iot.search_index(queryString="attributes.b:2")["things"]
    assert [t["thingName"] for t in found] == ["t"], found
    data = iot.get_thing_connectivity_data(thingName="connected")
    assert data["connected"] is True, data
    everything = {"queryString": "thingName:*", "aggregationField": "registry.version"}
    assert iot.get_statistics(**everything)["statistics"]["count"] > 0
    iot.get_percentiles(**everything, percents=[50])
    iot.get_cardinality(**everything)
    iot.get_buckets_aggregation(**everything, bucketsAggregationType={"termsAggregation": {"maxBuckets": 3}})
    iot.refused("get_statistics", "InvalidAggregationException", queryString="thingName:*", aggregationField="no")
    metric = {"metricName": "m", "indexName": "AWS_Things"}
    aggregation = {"name": "Statistics", "values": ["count"]}
    iot.create_fleet_metric(**metric, **everything, aggregationType=aggregation, period=60)
    iot.update_fleet_metric(**metric, period=120)
    iot.describe_fleet_metric(metricName="m")
    iot.list_fleet_metrics()
    iot.delete_fleet_metric(metricName="m")
    iot.create_dynamic_thing_group(thingGroupName="dyn", queryString="thingName:t*")
    assert iot.list_things_in_thing_group(thingGroupName="dyn")["things"] == ["t"]
    iot.update_dynamic_thing_group(thingGroupName="dyn", thingGroupProperties={}, queryString="thingName:x*")
    iot.delete_dynamic_thing_group(thingGroupName="dyn")


def jobs():
    target = iot.describe_thing(thingName="t")["thingArn"]
    iot.create_job(jobId="j", targets=[target], document="{}")
    iot.describe_job(jobId="j")
    iot.get_job_document(jobId="j")
    iot.update_job(jobId="j", description="d")
    iot.list_jobs()
    iot.describe_job_execution(jobId="j", thingName="t")
    iot.list_job_executions_for_job(jobId="j")
    iot.list_job_executions_for_thing(thingName="t")
    device = Checked("iot-jobs-data")
    device.get_pending_job_executions(thingName="t")
    device.describe_job_execution(jobId="j", thingName="t")
    device.start_next_pending_job_execution(thingName="t")
    device.update_job_execution(jobId="j", thingName="t", status="SUCCEEDED")
    assert iot.describe_job(jobId="j")["job"]["status"] == "COMPLETED"
    iot.delete_job_execution(jobId="j", thingName="t", executionNumber=1)
    iot.delete_job(jobId="j")
    iot.create_job(jobId="k", targets=[arn("thinggroup/g")], document="{}", targetSelection="CONTINUOUS")
    iot.associate_targets_with_job(jobId="k", targets=[target])
    iot.cancel_job_execution(jobId="k", thingName="t")
    iot.cancel_job(jobId="k")
    template = iot.create_job_template(jobTemplateId="jt", description="d", document="{}")["jobTemplateArn"]
    iot.refused("create_job_template", "ConflictException", jobTemplateId="jt", description="d", document="{}")
    iot.describe_job_template(jobTemplateId="jt")
    iot.list_job_templates()
    windows = {"maintenanceWindows": [{"startTime": "cron(0 2 ? * MON *)", "durationInMinutes": 60}]}
    iot.create_job(jobId="w", targets=[target], jobTemplateArn=template, schedulingConfig=windows)
    assert iot.describe_job(jobId="w")["job"]["jobTemplateArn"] == template
    iot.delete_job_template(jobTemplateId="jt")
    managed = iot.list_managed_job_templates()["managedJobTemplates"]
    iot.describe_managed_job_template(templateName=managed[0]["templateName"])
    iot.create_job(jobId="m", targets=[target], jobTemplateArn=managed[0]["templateArn"])


def data_plane():
    data = Checked("iot-data")
    data.update_thing_shadow(thingName="t", payload=json.dumps({"state": {"desired": {"on": True}}}).encode())
    data.get_thing_shadow(thingName="t")
    data.list_named_shadows_for_thing(thingName="t")
    data.delete_thing_shadow(thingName="t")
    data.publish(topic="r/t", qos=1, retain=True, payload=b"kept")
    assert data.get_retained_message(topic="r/t")["payload"] == b"kept"
    data.list_retained_messages()
    data.get_connection(clientId="connected")
    subscribed = data.list_subscriptions(clientId="connected")["subscriptions"]
    assert [s["topicFilter"] for s in subscribed] == ["a/+"], subscribed
    data.send_direct_message(clientId="connected", topic="direct", payload=b"x")
    data.delete_connection(clientId="connected", cleanSession=True)
    data.refused("get_connection", "ResourceNotFoundException", clientId="connected")


def tunnels():
    tunneling = Checked("iotsecuretunneling")
    opened = tunneling.open_tunnel(destinationConfig={"thingName": "t", "services": ["SSH"]})
    tunnel, resource = opened["tunnelId"], opened["tunnelArn"]
    tunneling.describe_tunnel(tunnelId=tunnel)
    tunneling.list_tunnels(thingName="t")
    tunneling.rotate_tunnel_access_token(tunnelId=tunnel, clientMode="ALL")
    tunneling.tag_resource(resourceArn=resource, tags=[{"key": "k", "value": "v"}])
    tunneling.list_tags_for_resource(resourceArn=resource)
    tunneling.untag_resource(resourceArn=resource, tagKeys=["k"])
    tunneling.close_tunnel(tunnelId=tunnel, delete=True)
    tunneling.refused("describe_tunnel", "ResourceNotFoundException", tunnelId=tunnel)


def signals():
    logs = Checked("logs")
    logs.describe_log_groups()
    logs.describe_log_streams(logGroupName="AWSIotLogsV2")
    logs.filter_log_events(logGroupName="AWSIotLogsV2")
    logs.get_log_events(logGroupName="AWSIotLogsV2", logStreamName="connected")
    sqs = Checked("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.get_queue_url(QueueName="q")
    sqs.list_queues()
    sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    for body in ("one", "two"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    first, second = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=1)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": second["ReceiptHandle"]}])
    sqs.purge_queue(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)


def sts():
    Checked("sts").get_caller_identity()
    Checked("sts").assume_role(RoleArn=ROLE, RoleSessionName="judge")


def errors():
    """An operation that the sandbox does not have fails with an error that botocore can read."""
    iot.refused("list_topic_rules", "NotImplementedException")
    iot.refused("describe_thing", "InvalidRequestException", thingName="a b")


def every_operation():
    missing = sorted(set(GIVEN["operations"]) - CALLED)
    assert not missing, f"not called: {', '.join(missing)}"


FAMILIES = [
    things,
    groups,
    policies,
    certificates,
    authorities,
    provisioning,
    settings,
    defender,
    audits,
    index,
    jobs,
    data_plane,
    tunnels,
    signals,
    sts,
    errors,
    every_operation,
]

for family in FAMILIES:
    try:
        family()
        print(json.dumps({"name": family.__name__, "ok": True, "detail": ""}), flush=True)
    except Exception as error:  # every failure is a verdict, not a crash
        print(json.dumps({"name": family.__name__, "ok": False, "detail": f"{type(error).__name__}: {error}"}), flush=True)
