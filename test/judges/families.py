"""Drives the sandbox with boto3, family by family, and holds every answer against botocore's output shapes.

Prints one JSON object per family: {"name", "ok", "detail"}. The endpoint is the only argument.
"""

import datetime
import json
import sys

import boto3
from botocore.config import Config
from botocore.validate import ParamValidator

ENDPOINT = sys.argv[1]
ROLE = "arn:aws:iam::123456789012:role/judge"
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": ["iot:*"], "Resource": ["*"]}]}
POLICY = json.dumps(DENY)
EPOCH = datetime.datetime(2020, 1, 1)
LATER = datetime.datetime(2100, 1, 1)


class Checked:
    """A client whose every answer has to fit the operation's output shape."""

    def __init__(self, service):
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
            answer = getattr(self.client, method)(**kwargs)
            told = {k: v for k, v in answer.items() if k != "ResponseMetadata"}
            if shape is not None:
                report = ParamValidator().validate(told, shape)
                if report.has_errors():
                    raise AssertionError(f"{operation}: {report.generate_report()}")
            return told

        return call


iot = Checked("iot")


def things():
    iot.create_thing_type(thingTypeName="lamp")
    iot.create_thing(thingName="t", thingTypeName="lamp", attributePayload={"attributes": {"a": "1"}})
    iot.describe_thing(thingName="t")
    iot.list_things()
    iot.update_thing(thingName="t", expectedVersion=1, attributePayload={"attributes": {"b": "2"}, "merge": True})
    iot.describe_thing_type(thingTypeName="lamp")
    iot.list_thing_types()


def groups():
    iot.create_thing_group(thingGroupName="g", tags=[{"Key": "k", "Value": "v"}])
    iot.add_thing_to_thing_group(thingName="t", thingGroupName="g")
    iot.describe_thing_group(thingGroupName="g")
    iot.list_things_in_thing_group(thingGroupName="g")
    iot.list_thing_groups_for_thing(thingName="t")
    iot.create_billing_group(billingGroupName="b")
    iot.describe_billing_group(billingGroupName="b")
    iot.list_billing_groups()


def policies():
    arn = iot.create_policy(policyName="p", policyDocument=POLICY)["policyArn"]
    iot.create_policy_version(policyName="p", policyDocument=POLICY, setAsDefault=True)
    iot.get_policy(policyName="p")
    iot.list_policy_versions(policyName="p")
    iot.list_policies(pageSize=1)
    iot.tag_resource(resourceArn=arn, tags=[{"Key": "k", "Value": "v"}])
    iot.list_tags_for_resource(resourceArn=arn)


def certificates():
    made = iot.create_keys_and_certificate(setAsActive=True)
    arn = made["certificateArn"]
    iot.attach_policy(policyName="p", target=arn)
    iot.attach_thing_principal(thingName="t", principal=arn)
    iot.describe_certificate(certificateId=made["certificateId"])
    iot.list_certificates()
    iot.list_attached_policies(target=arn)
    iot.list_targets_for_policy(policyName="p")
    iot.get_effective_policies(thingName="t", principal=arn)
    iot.list_thing_principals(thingName="t")
    iot.test_authorization(
        principal=arn, authInfos=[{"actionType": "CONNECT", "resources": ["arn:aws:iot:us-east-1:123456789012:client/t"]}]
    )


def settings():
    iot.describe_endpoint(endpointType="iot:Data-ATS")
    iot.set_v2_logging_options(roleArn=ROLE, defaultLogLevel="INFO")
    iot.get_v2_logging_options()
    iot.update_event_configurations(eventConfigurations={"THING": {"Enabled": True}})
    iot.describe_event_configurations()
    iot.create_role_alias(roleAlias="ra", roleArn=ROLE)
    iot.describe_role_alias(roleAlias="ra")


def defender():
    iot.create_custom_metric(metricName="m", metricType="number", clientRequestToken="t")
    iot.describe_custom_metric(metricName="m")
    iot.create_dimension(name="d", type="TOPIC_FILTER", stringValues=["a/+"], clientRequestToken="t")
    iot.describe_dimension(name="d")
    arn = iot.create_security_profile(securityProfileName="s", behaviors=[{"name": "b", "metric": "m"}])
    iot.describe_security_profile(securityProfileName="s")
    iot.attach_security_profile(
        securityProfileName="s", securityProfileTargetArn="arn:aws:iot:us-east-1:123456789012:all/things"
    )
    iot.list_targets_for_security_profile(securityProfileName="s")
    assert arn["securityProfileArn"]


def audits():
    check = "DEVICE_CERTIFICATE_AGE_CHECK"
    logging = "LOGGING_DISABLED_CHECK"
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
    iot.describe_audit_finding(findingId=findings[0]["findingId"])
    params = {"enableIoTLoggingParams": {"roleArnForLogging": ROLE, "logLevel": "ERROR"}}
    iot.create_mitigation_action(actionName="a", roleArn=ROLE, actionParams=params)
    iot.describe_mitigation_action(actionName="a")
    iot.list_mitigation_actions()
    iot.start_audit_mitigation_actions_task(
        taskId="x", target={"auditTaskId": task}, auditCheckToActionsMapping={logging: ["a"]}, clientRequestToken="x"
    )
    iot.describe_audit_mitigation_actions_task(taskId="x")
    iot.list_audit_mitigation_actions_executions(taskId="x", findingId=findings[0]["findingId"])
    assert iot.get_v2_logging_options()["defaultLogLevel"] == "ERROR"
    iot.create_scheduled_audit(frequency="DAILY", targetCheckNames=[check], scheduledAuditName="n")
    iot.describe_scheduled_audit(scheduledAuditName="n")
    iot.list_scheduled_audits()
    resource = {"account": "123456789012"}
    iot.create_audit_suppression(
        checkName=logging, resourceIdentifier=resource, suppressIndefinitely=True, clientRequestToken="s"
    )
    iot.list_audit_suppressions()


def index():
    iot.update_indexing_configuration(
        thingIndexingConfiguration={"thingIndexingMode": "REGISTRY", "thingConnectivityIndexingMode": "STATUS"}
    )
    iot.get_indexing_configuration()
    iot.describe_index(indexName="AWS_Things")
    found = iot.search_index(queryString="attributes.b:2")["things"]
    assert [t["thingName"] for t in found] == ["t"], found
    iot.get_thing_connectivity_data(thingName="t")
    iot.create_dynamic_thing_group(thingGroupName="dyn", queryString="thingName:t*")
    assert iot.list_things_in_thing_group(thingGroupName="dyn")["things"] == ["t"]


def jobs():
    arn = iot.describe_thing(thingName="t")["thingArn"]
    iot.create_job(jobId="j", targets=[arn], document="{}")
    iot.describe_job(jobId="j")
    iot.list_jobs()
    iot.list_job_executions_for_job(jobId="j")
    iot.list_job_executions_for_thing(thingName="t")
    device = Checked("iot-jobs-data")
    device.get_pending_job_executions(thingName="t")
    device.start_next_pending_job_execution(thingName="t")
    device.update_job_execution(jobId="j", thingName="t", status="SUCCEEDED")
    assert iot.describe_job(jobId="j")["job"]["status"] == "COMPLETED"


def data_plane():
    data = Checked("iot-data")
    data.update_thing_shadow(thingName="t", payload=json.dumps({"state": {"desired": {"on": True}}}).encode())
    data.get_thing_shadow(thingName="t")
    data.list_named_shadows_for_thing(thingName="t")


def sts():
    Checked("sts").get_caller_identity()
    Checked("sts").assume_role(RoleArn=ROLE, RoleSessionName="judge")


FAMILIES = [things, groups, policies, certificates, settings, defender, audits, index, jobs, data_plane, sts]

for family in FAMILIES:
    try:
        family()
        print(json.dumps({"name": family.__name__, "ok": True, "detail": ""}), flush=True)
    except Exception as error:  # every failure is a verdict, not a crash
        print(json.dumps({"name": family.__name__, "ok": False, "detail": f"{type(error).__name__}: {error}"}), flush=True)
