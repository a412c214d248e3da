// Generated from crds/ by `npm run gen`. Change the CRD, not this file.
import type { KindDefinition } from './schema-types.ts';

/** Every kind with its names, printer columns and structural schema. */
export const kindDefinitions: readonly KindDefinition[] = [
 {
  "kind": "AWSAccount",
  "plural": "awsaccounts",
  "singular": "awsaccount",
  "shortNames": [
   "acct"
  ],
  "columns": [
   {
    "name": "Ready",
    "type": "string",
    "description": "Whether AWS matches the spec.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
   },
   {
    "name": "Status",
    "type": "string",
    "description": "What is going on, and what to do when it is not Ready.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
   },
   {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp"
   },
   {
    "name": "Account",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.accountId"
   },
   {
    "name": "Region",
    "type": "string",
    "priority": 1,
    "jsonPath": ".spec.region"
   },
   {
    "name": "Objects",
    "type": "integer",
    "priority": 1,
    "jsonPath": ".status.objects"
   }
  ],
  "schema": {
   "description": "AWSAccount is one AWS account in one region, the credentials to reach it and how much of its API budget may be used. Objects without an accountRef use the AWSAccount named `default` of their namespace. Before the first write, and after each change of credentials, AWS is asked who we are: nothing is written when the answer is not accountId.",
   "type": "object",
   "required": [
    "spec"
   ],
   "properties": {
    "apiVersion": {
     "description": "Version of this schema: fleetward.dev/v1alpha1.",
     "type": "string"
    },
    "kind": {
     "description": "Always AWSAccount.",
     "type": "string"
    },
    "metadata": {
     "type": "object"
    },
    "spec": {
     "description": "Which account, which region and how to reach them.",
     "type": "object",
     "required": [
      "region"
     ],
     "x-kubernetes-validations": [
      {
       "rule": "!has(oldSelf.accountId) || (has(self.accountId) && self.accountId == oldSelf.accountId)",
       "message": "accountId is immutable once set: create another AWSAccount",
       "fieldPath": ".accountId"
      },
      {
       "rule": "self.region == oldSelf.region",
       "message": "region is immutable: create another AWSAccount",
       "fieldPath": ".region"
      }
     ],
     "properties": {
      "accountId": {
       "description": "The account, twelve digits, in quotes. Nothing is written before AWS confirms it. May only be left out in standalone mode, where the account of the credentials is then used and shown in the status.",
       "type": "string",
       "minLength": 12,
       "maxLength": 12,
       "pattern": "^[0-9]{12}$"
      },
      "region": {
       "description": "AWS region, for example eu-central-1. Immutable.",
       "type": "string",
       "minLength": 1,
       "maxLength": 32,
       "pattern": "^[a-z]{2}(-[a-z]+)+-[0-9]+$"
      },
      "roleArn": {
       "description": "Role that is assumed for every call, with an external id that names installation and namespace. Default: the credentials that the operator itself has. In a cluster the operator's configuration says which roles a namespace may name.",
       "type": "string",
       "minLength": 1,
       "maxLength": 2048,
       "pattern": "^arn:[a-z0-9-]+:iam::[0-9]{12}:role/[\\w+=,.@/-]+$"
      },
      "endpoint": {
       "description": "URL that replaces the endpoints of all services, for a sandbox or a private endpoint. In a cluster it must be permitted by the operator's configuration; `--endpoint` on the command line beats it.",
       "type": "string",
       "maxLength": 2048,
       "pattern": "^https?://[^@\\s]+$"
      },
      "quotaOverrides": {
       "description": "Calls per second of single AWS operations where AWS grants this account more, or less, than its default, for example `AttachPolicy: 50`. See https://docs.aws.amazon.com/general/latest/gr/iot-core.html",
       "type": "object",
       "maxProperties": 200,
       "additionalProperties": {
        "type": "number",
        "minimum": 0.01,
        "maximum": 100000
       }
      },
      "quotaShare": {
       "description": "Share of those rates that the operator uses; the rest is left to everybody else in the account. Default 0.5.",
       "type": "number",
       "minimum": 0.01,
       "maximum": 1,
       "default": 0.5
      },
      "driftInterval": {
       "description": "How often the whole account is compared with the objects. Default 10m; at least 30s. Detection is as slow as this where no events arrive.",
       "type": "string",
       "maxLength": 32,
       "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$",
       "default": "10m",
       "x-kubernetes-validations": [
        {
         "rule": "duration(self) >= duration('30s')",
         "message": "driftInterval must be at least 30s"
        }
       ]
      },
      "ownerAttribute": {
       "description": "Mark things as ours with the attribute `fleetward.dev/owner`, because AWS takes no tags on things. Without it a thing cannot be recognised after our own state is lost. It costs one of the three attributes of a thing without a type. Default true.",
       "type": "boolean",
       "default": true
      },
      "defaultPolicyRefs": {
       "description": "Policies that every Device of this account gets beside its own. At most 5.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 5,
       "items": {
        "description": "A policy.",
        "type": "object",
        "required": [
         "name"
        ],
        "properties": {
         "kind": {
          "description": "Kind of the object. Always IoTPolicy, which is the default.",
          "type": "string",
          "enum": [
           "IoTPolicy"
          ],
          "default": "IoTPolicy"
         },
         "name": {
          "description": "Name of the object in the same namespace.",
          "type": "string",
          "minLength": 1,
          "maxLength": 253,
          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
         }
        }
       }
      },
      "signals": {
       "description": "What the operator listens to, to see that a device still works after its policy was changed. Without it nothing is heard and no rollout takes anything from a device. All of it is read; nothing is set up. Needs the calls of the feature `signals` of `fleetward iam-policy`.",
       "type": "object",
       "properties": {
        "queueName": {
         "description": "SQS queue of this account and region that gets lifecycle events of AWS IoT by a topic rule (`SELECT *, topic() AS topic FROM '$aws/events/#'`). Only the operator may take messages from it, and only that rule may send: who can send decides what is taken for evidence. Records of CloudTrail may come to it as well.",
         "type": "string",
         "minLength": 1,
         "maxLength": 80,
         "pattern": "^[A-Za-z0-9_-]+$"
        },
        "logGroup": {
         "description": "CloudWatch log group of the V2 logs, for AWS IoT `AWSIotLogsV2`. The level has to be INFO for good news to be in it. Without it no denied request is heard of, and no delivery.",
         "type": "string",
         "minLength": 1,
         "maxLength": 512,
         "pattern": "^[.\\-_/#A-Za-z0-9]+$"
        },
        "connectivity": {
         "description": "Ask AWS which devices are connected (fleet indexing with connectivity) when a rollout runs and it is not known, as after a restart. Default true.",
         "type": "boolean",
         "default": true
        },
        "subscriptions": {
         "description": "Compare the subscriptions of a connected device before and after its change. Default true.",
         "type": "boolean",
         "default": true
        },
        "violations": {
         "description": "Ask for new violations of Device Defender Detect while a rollout runs. Default true.",
         "type": "boolean",
         "default": true
        },
        "endpoints": {
         "description": "Addresses that replace those of single services, where `endpoint` is not meant for them. In a cluster they must be permitted by the operator's configuration.",
         "type": "object",
         "properties": {
          "sqs": {
           "description": "Address of SQS, such as https://sqs.eu-central-1.amazonaws.com.",
           "type": "string",
           "maxLength": 2048,
           "pattern": "^https?://[^@\\s]+$"
          },
          "logs": {
           "description": "CloudWatch Logs.",
           "type": "string",
           "maxLength": 2048,
           "pattern": "^https?://[^@\\s]+$"
          },
          "data": {
           "description": "The data plane of AWS IoT.",
           "type": "string",
           "maxLength": 2048,
           "pattern": "^https?://[^@\\s]+$"
          }
         }
        }
       }
      },
      "lifeline": {
       "description": "What every asset of this account must never lose. Connecting under its own client ids is always part of it; everything here adds to that. The lifeline of an asset is the union of those of its AWSAccount, its ThingType and the Device, and an IoTPolicy may add to it for its own users; none of them takes away from another. A rollout whose result would not permit the lifeline does not start.",
       "type": "object",
       "properties": {
        "jobs": {
         "description": "Jobs over MQTT: receiving notifications of jobs for the own thing, asking for them and reporting progress (topics below `$aws/things/<thing>/jobs`). Default false.",
         "type": "boolean"
        },
        "classicShadow": {
         "description": "The unnamed device shadow of the own thing: get, update and the answers to both. Default false.",
         "type": "boolean"
        },
        "namedShadows": {
         "description": "Named shadows of the own thing that must stay usable. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[$a-zA-Z0-9:_-]+$"
         }
        },
        "tunnels": {
         "description": "Secure tunneling: the notification topic of the own thing. Default false.",
         "type": "boolean"
        },
        "roleAliases": {
         "description": "Role aliases whose credentials the asset fetches with its certificate (`iot:AssumeRoleWithCertificate`). At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[\\w=,@-]+$"
         }
        },
        "persistentSession": {
         "description": "The asset connects with a persistent session (MQTT 3.1.1 cleanSession=0, MQTT 5 session expiry above 0), so the connection must be permitted with that feature. Default false.",
         "type": "boolean"
        },
        "willTopics": {
         "description": "Topics of the last will that the asset hands over when it connects. AWS refuses the connection when the will may not be published. Thing variables such as `${iot:Connection.Thing.ThingName}` are filled in. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256
         }
        },
        "domains": {
         "description": "Endpoint host names through which the asset connects, where a policy looks at `iot:DomainName`. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 253
         }
        },
        "sourceNetworks": {
         "description": "Networks (CIDR) from which the asset connects, where a policy looks at `aws:SourceIp`. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "minLength": 3,
          "maxLength": 43,
          "pattern": "^[0-9a-fA-F.:]+/[0-9]{1,3}$"
         }
        },
        "allow": {
         "description": "Further requests that must stay permitted, for what the switches above do not name. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "object",
          "required": [
           "actions",
           "resources"
          ],
          "properties": {
           "actions": {
            "description": "Actions of AWS IoT, for example `iot:Publish`. At most 10.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 10,
            "minItems": 1,
            "items": {
             "type": "string",
             "minLength": 1,
             "maxLength": 64,
             "pattern": "^iot[a-z]*:[A-Za-z]+$"
            }
           },
           "resources": {
            "description": "Resources without the ARN prefix, for example `topic/alarms/${iot:Connection.Thing.ThingName}`; `topicfilter/`, `client/`, `thing/` and `rolealias/` likewise. At most 20.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 20,
            "minItems": 1,
            "items": {
             "type": "string",
             "minLength": 1,
             "maxLength": 512,
             "pattern": "^(topic|topicfilter|client|thing|rolealias)/"
            }
           }
          }
         }
        }
       }
      }
     }
    },
    "status": {
     "description": "What AWS says about the account.",
     "type": "object",
     "properties": {
      "observedGeneration": {
       "description": "metadata.generation that was last brought to an end, successfully or not.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "conditions": {
       "description": "What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.",
       "type": "array",
       "x-kubernetes-list-type": "map",
       "x-kubernetes-list-map-keys": [
        "type"
       ],
       "maxItems": 20,
       "items": {
        "type": "object",
        "required": [
         "type",
         "status",
         "reason",
         "message",
         "lastTransitionTime"
        ],
        "properties": {
         "type": {
          "description": "Name of the condition, for example Ready.",
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "status": {
          "description": "True, False, or Unknown while it is not known.",
          "type": "string",
          "enum": [
           "True",
           "False",
           "Unknown"
          ]
         },
         "reason": {
          "description": "The cause as one word; the event that announced it has the same reason.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "message": {
          "description": "What happened, on which AWS object, what happens next and what a person can do. At most 1,024 characters.",
          "type": "string",
          "maxLength": 1024
         },
         "lastTransitionTime": {
          "description": "When status last changed.",
          "type": "string",
          "format": "date-time"
         },
         "observedGeneration": {
          "description": "metadata.generation that this condition speaks of.",
          "type": "integer",
          "format": "int64",
          "minimum": 0
         }
        }
       }
      },
      "lastHandledReconcileAt": {
       "description": "Value of the annotation `reconcile.fleetward.dev/requestedAt` that was last acted on.",
       "type": "string",
       "maxLength": 128
      },
      "accountId": {
       "description": "Account that AWS confirmed for our credentials.",
       "type": "string",
       "maxLength": 12
      },
      "callerArn": {
       "description": "Identity under which the operator calls AWS.",
       "type": "string",
       "maxLength": 2048
      },
      "verifiedTime": {
       "description": "When the identity was last confirmed.",
       "type": "string",
       "format": "date-time"
      },
      "lastScanTime": {
       "description": "When the account was last compared as a whole.",
       "type": "string",
       "format": "date-time"
      },
      "objects": {
       "description": "Objects that use this account.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      }
     }
    }
   }
  }
 },
 {
  "kind": "Device",
  "plural": "devices",
  "singular": "device",
  "shortNames": [
   "dev"
  ],
  "columns": [
   {
    "name": "Ready",
    "type": "string",
    "description": "Whether AWS matches the spec.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
   },
   {
    "name": "Status",
    "type": "string",
    "description": "What is going on, and what to do when it is not Ready.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
   },
   {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp"
   },
   {
    "name": "Thing",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.claim.name"
   },
   {
    "name": "Type",
    "type": "string",
    "priority": 1,
    "jsonPath": ".spec.thingTypeRef.name"
   },
   {
    "name": "Drift",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.drift.class"
   },
   {
    "name": "Held",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.held.reason"
   },
   {
    "name": "Account",
    "type": "string",
    "priority": 1,
    "jsonPath": ".spec.accountRef.name"
   }
  ],
  "schema": {
   "description": "Device is one asset: its thing, its certificates, the policies on them and its groups. The parts are created, changed and taken down in the order that AWS demands. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/iot-thing-management.html",
   "type": "object",
   "required": [
    "spec"
   ],
   "x-kubernetes-validations": [
    {
     "rule": "has(self.spec.thingName) || self.metadata.name.matches('^[a-zA-Z0-9:_-]{1,128}$')",
     "message": "metadata.name cannot serve as the name of a thing (letters, digits, : _ -; at most 128): set spec.thingName"
    }
   ],
   "properties": {
    "apiVersion": {
     "description": "Version of this schema: fleetward.dev/v1alpha1.",
     "type": "string"
    },
    "kind": {
     "description": "Always Device.",
     "type": "string"
    },
    "metadata": {
     "type": "object"
    },
    "spec": {
     "description": "The asset as it should be.",
     "type": "object",
     "x-kubernetes-validations": [
      {
       "rule": "self.accountRef.name == oldSelf.accountRef.name",
       "message": "accountRef is immutable: create a new object in the other account and delete this one",
       "fieldPath": ".accountRef"
      },
      {
       "rule": "has(self.thingName) == has(oldSelf.thingName) && (!has(self.thingName) || self.thingName == oldSelf.thingName)",
       "message": "thingName is immutable, because AWS cannot rename: create a new object under the new name and delete this one",
       "fieldPath": ".thingName"
      },
      {
       "rule": "!has(self.attributes) || has(self.thingTypeRef) || self.attributes.size() <= 3",
       "message": "a thing without a thing type takes at most 3 attributes: set thingTypeRef or remove some",
       "fieldPath": ".attributes"
      }
     ],
     "properties": {
      "accountRef": {
       "description": "The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.",
       "type": "object",
       "required": [
        "name"
       ],
       "default": {
        "name": "default"
       },
       "properties": {
        "name": {
         "description": "Name of the AWSAccount.",
         "type": "string",
         "minLength": 1,
         "maxLength": 253,
         "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        }
       }
      },
      "managementPolicy": {
       "description": "Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.",
       "type": "string",
       "enum": [
        "Manage",
        "Observe"
       ],
       "default": "Manage"
      },
      "adoption": {
       "description": "What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.",
       "type": "string",
       "enum": [
        "Create",
        "Adopt",
        "AdoptOrCreate"
       ],
       "default": "Create"
      },
      "deletionPolicy": {
       "description": "What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. For a Device: policies off the certificates, certificates made inactive, thing, certificates.",
       "type": "string",
       "enum": [
        "Retain",
        "Delete"
       ],
       "default": "Retain"
      },
      "driftPolicy": {
       "description": "What to do with a change made in AWS behind our back. Correct: set it back (the default; rights that were taken away are reported first, because somebody may be containing an incident). Report: condition and event only. Ignore: not even that.",
       "type": "string",
       "enum": [
        "Correct",
        "Report",
        "Ignore"
       ],
       "default": "Correct"
      },
      "suspend": {
       "description": "true stops every read and write for this object until it is false again; nothing is deleted. Default false.",
       "type": "boolean",
       "default": false
      },
      "thingName": {
       "description": "Name of the thing: letters, digits, `:`, `_` and `-`, at most 128. Default: metadata.name. Immutable.",
       "type": "string",
       "minLength": 1,
       "maxLength": 128,
       "pattern": "^[a-zA-Z0-9:_-]+$"
      },
      "thingTypeRef": {
       "description": "The ThingType of the asset. A thing without a type takes at most three attributes, the ownership mark included; with a type, fifty.",
       "type": "object",
       "required": [
        "name"
       ],
       "properties": {
        "kind": {
         "description": "Kind of the object. Always ThingType, which is the default.",
         "type": "string",
         "enum": [
          "ThingType"
         ],
         "default": "ThingType"
        },
        "name": {
         "description": "Name of the object in the same namespace.",
         "type": "string",
         "minLength": 1,
         "maxLength": 253,
         "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        }
       }
      },
      "attributes": {
       "description": "Attributes of the thing. Names as AWS takes them; values without blanks, not empty, at most 800 characters. Attributes that are not listed here are removed.",
       "type": "object",
       "maxProperties": 50,
       "additionalProperties": {
        "description": "A value: letters, digits and `_ . , @ / : # = [ ] -`, no blanks, 1 to 800 characters.",
        "type": "string",
        "minLength": 1,
        "maxLength": 800,
        "pattern": "^[a-zA-Z0-9_.,@/:#=\\[\\]-]*$"
       },
       "x-kubernetes-validations": [
        {
         "rule": "self.all(k, k.size() > 0 && k.size() <= 128)",
         "message": "attribute names have 1 to 128 characters"
        },
        {
         "rule": "self.all(k, k.matches('^[a-zA-Z0-9_.,@/:#-]+$'))",
         "message": "attribute names consist of letters, digits and _ . , @ / : # -"
        }
       ]
      },
      "groupRefs": {
       "description": "Static ThingGroups the thing belongs to. At most 10, and never two of the same hierarchy. Groups marked as quarantine do not belong here: only security acts fill them.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 10,
       "items": {
        "description": "A group.",
        "type": "object",
        "required": [
         "name"
        ],
        "properties": {
         "kind": {
          "description": "Kind of the object. Always ThingGroup, which is the default.",
          "type": "string",
          "enum": [
           "ThingGroup"
          ],
          "default": "ThingGroup"
         },
         "name": {
          "description": "Name of the object in the same namespace.",
          "type": "string",
          "minLength": 1,
          "maxLength": 253,
          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
         }
        }
       }
      },
      "policyRefs": {
       "description": "Policies on each certificate of the asset, beside the defaultPolicyRefs of its account. AWS takes at most 10 on a certificate.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 10,
       "items": {
        "description": "A policy.",
        "type": "object",
        "required": [
         "name"
        ],
        "properties": {
         "kind": {
          "description": "Kind of the object. Always IoTPolicy, which is the default.",
          "type": "string",
          "enum": [
           "IoTPolicy"
          ],
          "default": "IoTPolicy"
         },
         "name": {
          "description": "Name of the object in the same namespace.",
          "type": "string",
          "minLength": 1,
          "maxLength": 253,
          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
         }
        }
       }
      },
      "certificates": {
       "description": "Certificates of the asset, each under a name of its own. For a rotation with overlap, add the new one, wait until it is in use, then remove the old one. What a name stands for never changes. At most 8.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 8,
       "x-kubernetes-validations": [
        {
         "rule": "self.all(c, self.exists_one(d, d.name == c.name))",
         "message": "certificate names must be unique within the Device"
        },
        {
         "rule": "self.all(c, oldSelf.all(o, o.name != c.name || (has(o.csr) == has(c.csr) && (!has(c.csr) || o.csr == c.csr) && has(o.pem) == has(c.pem) && (!has(c.pem) || o.pem == c.pem) && has(o.certificateId) == has(c.certificateId) && (!has(c.certificateId) || o.certificateId == c.certificateId) && has(o.issued) == has(c.issued) && (!has(c.issued) || o.issued.secretName == c.issued.secretName))))",
         "message": "what a certificate name stands for is immutable: add an entry under a new name and remove this one later"
        }
       ],
       "items": {
        "description": "One certificate: exactly one of csr, pem, certificateId and issued.",
        "type": "object",
        "required": [
         "name"
        ],
        "x-kubernetes-validations": [
         {
          "rule": "(has(self.csr) ? 1 : 0) + (has(self.pem) ? 1 : 0) + (has(self.certificateId) ? 1 : 0) + (has(self.issued) ? 1 : 0) == 1",
          "message": "give exactly one of csr, pem, certificateId and issued"
         },
         {
          "rule": "!has(self.csr) || !self.csr.contains('PRIVATE KEY')",
          "message": "csr must not hold a private key: take it out, and replace the key if this was ever committed",
          "fieldPath": ".csr"
         },
         {
          "rule": "!has(self.pem) || !self.pem.contains('PRIVATE KEY')",
          "message": "pem must not hold a private key: take it out, and replace the key if this was ever committed",
          "fieldPath": ".pem"
         }
        ],
        "properties": {
         "name": {
          "description": "Name of the certificate within this Device: lower-case letters, digits and `-`, at most 63, for example `a` or `2026`.",
          "type": "string",
          "minLength": 1,
          "maxLength": 63,
          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
         },
         "csr": {
          "description": "Certificate signing request (PEM, beginning with -----BEGIN CERTIFICATE REQUEST-----) that the device made; AWS issues the certificate and the private key never leaves the device. RSA of at least 2,048 bits, or NIST P-256, P-384 or P-521.",
          "type": "string",
          "minLength": 1,
          "maxLength": 4096,
          "pattern": "^-----BEGIN (NEW )?CERTIFICATE REQUEST-----"
         },
         "pem": {
          "description": "Certificate (PEM, beginning with -----BEGIN CERTIFICATE-----) from an authority of your own. It is registered with AWS without its authority, so the device must send SNI. Never a private key.",
          "type": "string",
          "minLength": 1,
          "maxLength": 16384,
          "pattern": "^-----BEGIN CERTIFICATE-----"
         },
         "certificateId": {
          "description": "Id (64 hexadecimal digits) of a certificate that is registered in AWS already.",
          "type": "string",
          "minLength": 64,
          "maxLength": 64,
          "pattern": "^[0-9a-f]{64}$"
         },
         "issued": {
          "description": "The operator makes a P-256 key and writes it, with the certificate, to a Secret (`tls.key`, `tls.crt`); in standalone mode to files of mode 0600. Prefer csr: there the key never exists here.",
          "type": "object",
          "required": [
           "secretName"
          ],
          "properties": {
           "secretName": {
            "description": "Name of the Secret in the same namespace. It is created; one that exists already and is not ours is never overwritten.",
            "type": "string",
            "minLength": 1,
            "maxLength": 253,
            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
           }
          }
         }
        }
       }
      },
      "clientIds": {
       "description": "Client ids under which the asset connects. `*` stands for any characters and `?` for one; thing variables are filled in. Default: the thing name alone. Comparisons, checks and verdicts are made for each of them. At most 10.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 10,
       "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 128,
        "pattern": "^[^\\s\\x00-\\x1f\\x7f]+$"
       }
      },
      "attachments": {
       "description": "Exclusive: any other policy on a certificate of this Device is drift that widens its rights, and is detached under driftPolicy Correct (the default). Additive: others are reported and left alone. The foreign policy itself is never touched.",
       "type": "string",
       "enum": [
        "Exclusive",
        "Additive"
       ],
       "default": "Exclusive"
      },
      "approvedLifelineRemoval": {
       "description": "Approves, in Git, that what `status.lifeline` shows as removed is no longer part of the lifeline: its digest, with a suffix where the same is approved once more (`1a2b3c4d-2`). Only counts on a Device that a FleetSource keeps, and for rollouts that are made afterwards. Where the admission policy is not installed this is the only way to approve it.",
       "type": "string",
       "maxLength": 41,
       "pattern": "^[0-9a-f]{8}(-[0-9A-Za-z]{1,32})?$"
      },
      "lifeline": {
       "description": "What this asset must never lose. Connecting under its own client ids is always part of it; everything here adds to that. The lifeline of an asset is the union of those of its AWSAccount, its ThingType and the Device, and an IoTPolicy may add to it for its own users; none of them takes away from another. A rollout whose result would not permit the lifeline does not start.",
       "type": "object",
       "properties": {
        "jobs": {
         "description": "Jobs over MQTT: receiving notifications of jobs for the own thing, asking for them and reporting progress (topics below `$aws/things/<thing>/jobs`). Default false.",
         "type": "boolean"
        },
        "classicShadow": {
         "description": "The unnamed device shadow of the own thing: get, update and the answers to both. Default false.",
         "type": "boolean"
        },
        "namedShadows": {
         "description": "Named shadows of the own thing that must stay usable. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[$a-zA-Z0-9:_-]+$"
         }
        },
        "tunnels": {
         "description": "Secure tunneling: the notification topic of the own thing. Default false.",
         "type": "boolean"
        },
        "roleAliases": {
         "description": "Role aliases whose credentials the asset fetches with its certificate (`iot:AssumeRoleWithCertificate`). At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[\\w=,@-]+$"
         }
        },
        "persistentSession": {
         "description": "The asset connects with a persistent session (MQTT 3.1.1 cleanSession=0, MQTT 5 session expiry above 0), so the connection must be permitted with that feature. Default false.",
         "type": "boolean"
        },
        "willTopics": {
         "description": "Topics of the last will that the asset hands over when it connects. AWS refuses the connection when the will may not be published. Thing variables such as `${iot:Connection.Thing.ThingName}` are filled in. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256
         }
        },
        "domains": {
         "description": "Endpoint host names through which the asset connects, where a policy looks at `iot:DomainName`. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 253
         }
        },
        "sourceNetworks": {
         "description": "Networks (CIDR) from which the asset connects, where a policy looks at `aws:SourceIp`. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "minLength": 3,
          "maxLength": 43,
          "pattern": "^[0-9a-fA-F.:]+/[0-9]{1,3}$"
         }
        },
        "allow": {
         "description": "Further requests that must stay permitted, for what the switches above do not name. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "object",
          "required": [
           "actions",
           "resources"
          ],
          "properties": {
           "actions": {
            "description": "Actions of AWS IoT, for example `iot:Publish`. At most 10.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 10,
            "minItems": 1,
            "items": {
             "type": "string",
             "minLength": 1,
             "maxLength": 64,
             "pattern": "^iot[a-z]*:[A-Za-z]+$"
            }
           },
           "resources": {
            "description": "Resources without the ARN prefix, for example `topic/alarms/${iot:Connection.Thing.ThingName}`; `topicfilter/`, `client/`, `thing/` and `rolealias/` likewise. At most 20.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 20,
            "minItems": 1,
            "items": {
             "type": "string",
             "minLength": 1,
             "maxLength": 512,
             "pattern": "^(topic|topicfilter|client|thing|rolealias)/"
            }
           }
          }
         }
        }
       }
      }
     }
    },
    "status": {
     "description": "The asset as AWS shows it.",
     "type": "object",
     "properties": {
      "observedGeneration": {
       "description": "metadata.generation that was last brought to an end, successfully or not.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "conditions": {
       "description": "What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.",
       "type": "array",
       "x-kubernetes-list-type": "map",
       "x-kubernetes-list-map-keys": [
        "type"
       ],
       "maxItems": 20,
       "items": {
        "type": "object",
        "required": [
         "type",
         "status",
         "reason",
         "message",
         "lastTransitionTime"
        ],
        "properties": {
         "type": {
          "description": "Name of the condition, for example Ready.",
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "status": {
          "description": "True, False, or Unknown while it is not known.",
          "type": "string",
          "enum": [
           "True",
           "False",
           "Unknown"
          ]
         },
         "reason": {
          "description": "The cause as one word; the event that announced it has the same reason.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "message": {
          "description": "What happened, on which AWS object, what happens next and what a person can do. At most 1,024 characters.",
          "type": "string",
          "maxLength": 1024
         },
         "lastTransitionTime": {
          "description": "When status last changed.",
          "type": "string",
          "format": "date-time"
         },
         "observedGeneration": {
          "description": "metadata.generation that this condition speaks of.",
          "type": "integer",
          "format": "int64",
          "minimum": 0
         }
        }
       }
      },
      "lastHandledReconcileAt": {
       "description": "Value of the annotation `reconcile.fleetward.dev/requestedAt` that was last acted on.",
       "type": "string",
       "maxLength": 128
      },
      "arn": {
       "description": "ARN of the object in AWS.",
       "type": "string",
       "maxLength": 2048
      },
      "claim": {
       "description": "The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.",
       "type": "object",
       "required": [
        "accountId",
        "region",
        "name"
       ],
       "properties": {
        "accountId": {
         "description": "Verified AWS account of the claim, twelve digits.",
         "type": "string",
         "maxLength": 12
        },
        "region": {
         "description": "AWS region of the claim.",
         "type": "string",
         "maxLength": 32
        },
        "name": {
         "description": "Name in AWS.",
         "type": "string",
         "maxLength": 128
        },
        "since": {
         "description": "Since when.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "drift": {
       "description": "How AWS differs from the spec. Absent when it does not.",
       "type": "object",
       "required": [
        "class",
        "since",
        "total"
       ],
       "properties": {
        "class": {
         "description": "Worst class of the differences: widened, narrowed, mitigation, foreign, missing or changed.",
         "type": "string",
         "enum": [
          "widened",
          "narrowed",
          "mitigation",
          "foreign",
          "missing",
          "changed"
         ]
        },
        "since": {
         "description": "When the difference was first seen.",
         "type": "string",
         "format": "date-time"
        },
        "total": {
         "description": "Number of differences; the list shows at most 20.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "fields": {
         "description": "The differences, worst first. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "object",
          "required": [
           "field",
           "class"
          ],
          "properties": {
           "field": {
            "description": "Where, as a path, for example `attributes.site` or `certificates[a].policies`.",
            "type": "string",
            "maxLength": 256
           },
           "class": {
            "description": "Class of this difference.",
            "type": "string",
            "enum": [
             "widened",
             "narrowed",
             "mitigation",
             "foreign",
             "missing",
             "changed"
            ]
           },
           "want": {
            "description": "What the spec says, shortened.",
            "type": "string",
            "maxLength": 256
           },
           "got": {
            "description": "What AWS says, shortened.",
            "type": "string",
            "maxLength": 256
           }
          }
         }
        }
       }
      },
      "lastWriteTime": {
       "description": "When this object last changed AWS. Differences that this write explains are not judged until it has settled.",
       "type": "string",
       "format": "date-time"
      },
      "thingId": {
       "description": "Id that AWS gave the thing. It changes when the thing is deleted and made again.",
       "type": "string",
       "maxLength": 128
      },
      "thingVersion": {
       "description": "Version of the thing in the registry, as it was last seen.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "certificates": {
       "description": "The certificates, by the names of the spec; those that left the spec stay until they are gone from AWS.",
       "type": "array",
       "maxItems": 20,
       "x-kubernetes-list-type": "map",
       "x-kubernetes-list-map-keys": [
        "name"
       ],
       "items": {
        "description": "One certificate.",
        "type": "object",
        "required": [
         "name"
        ],
        "properties": {
         "name": {
          "description": "Name within the Device.",
          "type": "string",
          "maxLength": 63
         },
         "certificateId": {
          "description": "Id in AWS.",
          "type": "string",
          "maxLength": 64
         },
         "arn": {
          "description": "ARN in AWS.",
          "type": "string",
          "maxLength": 2048
         },
         "status": {
          "description": "Status in AWS: ACTIVE, INACTIVE, REVOKED, PENDING_TRANSFER, PENDING_ACTIVATION or REGISTER_INACTIVE.",
          "type": "string",
          "maxLength": 32
         },
         "pendingSince": {
          "description": "Set before AWS is asked to create the certificate and removed when its id is known. After a crash in between, the certificate is looked for among those created since.",
          "type": "string",
          "format": "date-time"
         },
         "publicKeySha256": {
          "description": "SHA-256 of the public key (SubjectPublicKeyInfo), in hexadecimal; by it a certificate is found again after a lost answer.",
          "type": "string",
          "maxLength": 64
         },
         "activated": {
          "description": "Whether the operator has made it active once. Afterwards an inactive certificate is a security act, and stays inactive.",
          "type": "boolean"
         },
         "expiresAt": {
          "description": "End of its validity.",
          "type": "string",
          "format": "date-time"
         }
        }
       }
      },
      "policies": {
       "description": "AWS policy names that are on the certificates now.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 20,
       "items": {
        "type": "string",
        "maxLength": 128
       }
      },
      "groups": {
       "description": "AWS group names that the thing is in now.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 20,
       "items": {
        "type": "string",
        "maxLength": 128
       }
      },
      "lifeline": {
       "description": "What the asset must never lose, as it is remembered: what once was in its lifeline counts until its removal has been approved, whatever the specs say.",
       "type": "object",
       "required": [
        "kept"
       ],
       "properties": {
        "kept": {
         "description": "The lifeline that counts beside those of the specs, as JSON.",
         "type": "string",
         "maxLength": 16384
        },
        "removed": {
         "description": "What the specs no longer ask for and what counts all the same, the first of them; at most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "string",
          "maxLength": 512
         }
        },
        "digest": {
         "description": "Eight digits of what was removed: the approval names them, as in the annotation `rollout.fleetward.dev/shrink-lifeline: <token>@<digest> by <user>`.",
         "type": "string",
         "maxLength": 8
        },
        "assumed": {
         "description": "Nothing was remembered of an asset in use, after a restore for example: all that a lifeline can ask for counts, as far as the asset may do it now.",
         "type": "boolean"
        },
        "before": {
         "description": "The lifeline before its last approved removal, as JSON; rollouts made before that are still held to it.",
         "type": "string",
         "maxLength": 16384
        },
        "since": {
         "description": "When the last removal was approved.",
         "type": "string",
         "format": "date-time"
        },
        "approvedBy": {
         "description": "Who approved it.",
         "type": "string",
         "maxLength": 256
        },
        "token": {
         "description": "Token of the last approval; each approves once.",
         "type": "string",
         "maxLength": 64
        }
       }
      },
      "departure": {
       "description": "Set while the Device is being deleted under `deletionPolicy Delete` and was in use (heard of, or with an active certificate older than a day). Its certificates are inactive for a settle time before anything is deleted.",
       "type": "object",
       "required": [
        "since"
       ],
       "properties": {
        "since": {
         "description": "Since when. Written before AWS is called.",
         "type": "string",
         "format": "date-time"
        },
        "certificates": {
         "description": "Certificates, by their name in this object, that were made inactive for it; with `deletionPolicy Retain` they are made active again.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 8,
         "items": {
          "type": "string",
          "maxLength": 63
         }
        }
       }
      },
      "held": {
       "description": "Set while a security act (quarantine, blank policy, deactivated certificate) holds the asset. It is not changed until a person acknowledges that act.",
       "type": "object",
       "required": [
        "reason"
       ],
       "properties": {
        "reason": {
         "description": "Which act holds the device.",
         "type": "string",
         "maxLength": 64
        },
        "detail": {
         "description": "What the act was done to, a certificate or a thing group for example.",
         "type": "string",
         "maxLength": 256
        },
        "since": {
         "description": "Since when.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "pendingChange": {
       "description": "What the spec changes in the rights of the asset. It is not done at once; a PolicyRollout takes it up.",
       "type": "object",
       "required": [
        "digest",
        "since"
       ],
       "properties": {
        "digest": {
         "description": "Names the change; devices to which the same is done share it.",
         "type": "string",
         "maxLength": 64
        },
        "attach": {
         "description": "AWS policies that its certificates are to get.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "string",
          "maxLength": 128
         }
        },
        "detach": {
         "description": "AWS policies that its certificates are to lose.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "string",
          "maxLength": 128
         }
        },
        "join": {
         "description": "AWS thing groups, with policies on them or above them, that it is to join.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "string",
          "maxLength": 128
         }
        },
        "leave": {
         "description": "AWS thing groups, with policies on them or above them, that it is to leave.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "string",
          "maxLength": 128
         }
        },
        "set": {
         "description": "What of the thing changes that some policy of the asset reads: `thingType`, or `attributes.` and a name.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "string",
          "maxLength": 160
         }
        },
        "retire": {
         "description": "Certificates, by their name in the Device, that are to go out of use.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "string",
          "maxLength": 63
         }
        },
        "since": {
         "description": "Since when it waits.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "contained": {
       "description": "What became of the last request to contain the device.",
       "type": "object",
       "required": [
        "token",
        "policy",
        "by",
        "at"
       ],
       "properties": {
        "token": {
         "description": "Token of the request.",
         "type": "string",
         "maxLength": 64
        },
        "policy": {
         "description": "The IoTPolicy that was asked for.",
         "type": "string",
         "maxLength": 253
        },
        "by": {
         "description": "Who asked.",
         "type": "string",
         "maxLength": 256
        },
        "at": {
         "description": "When it was done.",
         "type": "string",
         "format": "date-time"
        },
        "remark": {
         "description": "What the user said about it.",
         "type": "string",
         "maxLength": 256
        },
        "problem": {
         "description": "Why it could not be done.",
         "type": "string",
         "maxLength": 512
        }
       }
      },
      "rollout": {
       "description": "Where the asset stands in the PolicyRollout that moves it, or moved it last.",
       "type": "object",
       "required": [
        "name",
        "state"
       ],
       "properties": {
        "name": {
         "description": "The PolicyRollout.",
         "type": "string",
         "maxLength": 253
        },
        "state": {
         "description": "Queued, Expanding, Contracting, Observing, Armed, Succeeded, Deferred, Held, RollingBack, RolledBack or Unrecovered.",
         "type": "string",
         "maxLength": 32
        },
        "why": {
         "description": "Why it stands there.",
         "type": "string",
         "maxLength": 512
        },
        "since": {
         "description": "Since when.",
         "type": "string",
         "format": "date-time"
        },
        "startedAt": {
         "description": "When the first change of it was allowed.",
         "type": "string",
         "format": "date-time"
        },
        "wave": {
         "description": "Its wave among those of the strategy, counted from 0. It stays in it, whatever joins or leaves the fleet.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "unit": {
         "description": "Names of the Devices that move as one because they share certificates, this one among them; the first carries out the calls, and the records of the others repeat its own. At most 50. Not set where the Device shares none.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 50,
         "items": {
          "type": "string",
          "maxLength": 253
         }
        },
        "attachedAt": {
         "description": "When a policy was last attached by the rollout. Written before AWS is called.",
         "type": "string",
         "format": "date-time"
        },
        "detachedAt": {
         "description": "When a policy was last detached by the rollout. Written before AWS is called.",
         "type": "string",
         "format": "date-time"
        },
        "restoredAt": {
         "description": "When the policy of before was attached again. Contact after it shows that the asset is well.",
         "type": "string",
         "format": "date-time"
        },
        "switchedAt": {
         "description": "When a group, a field of the thing or the status of a certificate was last changed by the rollout. Written before AWS is called.",
         "type": "string",
         "format": "date-time"
        },
        "change": {
         "description": "What the rollout changes at this asset beside documents, and what it takes to go back.",
         "type": "object",
         "properties": {
          "digest": {
           "description": "Names the change; devices to which the same is done share it.",
           "type": "string",
           "maxLength": 64
          },
          "attach": {
           "description": "AWS policies that its certificates are to get.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 20,
           "items": {
            "type": "string",
            "maxLength": 128
           }
          },
          "detach": {
           "description": "AWS policies that its certificates are to lose.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 20,
           "items": {
            "type": "string",
            "maxLength": 128
           }
          },
          "join": {
           "description": "AWS thing groups, with policies on them or above them, that it is to join.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 20,
           "items": {
            "type": "string",
            "maxLength": 128
           }
          },
          "leave": {
           "description": "AWS thing groups, with policies on them or above them, that it is to leave.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 20,
           "items": {
            "type": "string",
            "maxLength": 128
           }
          },
          "set": {
           "description": "What of the thing changes that some policy of the asset reads: `thingType`, or `attributes.` and a name.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 20,
           "items": {
            "type": "string",
            "maxLength": 160
           }
          },
          "retire": {
           "description": "Certificates, by their name in the Device, that are to go out of use.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 20,
           "items": {
            "type": "string",
            "maxLength": 63
           }
          },
          "pins": {
           "description": "What the asset inherits and would lose with a group, which is on its certificates from before the group changes until after it.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 20,
           "items": {
            "type": "string",
            "maxLength": 128
           }
          },
          "retired": {
           "description": "Of the certificates to go out of use those that the rollout has made inactive; no other is ever made active again.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 20,
           "items": {
            "type": "string",
            "maxLength": 63
           }
          },
          "before": {
           "description": "The values of before.",
           "type": "object",
           "properties": {
            "thingType": {
             "description": "Name of the thing type in AWS; empty when it had none.",
             "type": "string",
             "maxLength": 128
            },
            "attributes": {
             "description": "The attributes that change; an empty value says that it was not set.",
             "type": "object",
             "maxProperties": 50,
             "additionalProperties": {
              "type": "string",
              "maxLength": 800
             }
            }
           }
          }
         }
        },
        "used": {
         "description": "Requests that the asset had made before it was first changed, as action and resource; at most 48. A denial of one of them fails it.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 48,
         "items": {
          "type": "string",
          "maxLength": 512
         }
        },
        "waitsForGroup": {
         "description": "The thing group, by its name in AWS, that has to be handed over before anything is taken from the asset; it has both policies on its certificates meanwhile.",
         "type": "string",
         "maxLength": 128
        },
        "lent": {
         "description": "Policies, by their names in AWS, that the rollout put on the certificates because a thing group gives them and changes; they go with the membership.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "string",
          "maxLength": 128
         }
        },
        "preflight": {
         "description": "What the last check before something was taken said, and whether AWS agreed.",
         "type": "string",
         "maxLength": 512
        },
        "armed": {
         "description": "true: it was changed in one contact and is judged at the next, because its contacts are too short to be watched.",
         "type": "boolean"
        },
        "sessions": {
         "description": "Sessions that were made before the change was in force. They may use what is looked at only when a device connects or subscribes.",
         "type": "object",
         "properties": {
          "since": {
           "description": "When the change was in force; sessions made before it are older.",
           "type": "string",
           "format": "date-time"
          },
          "older": {
           "description": "Client ids with an older session, the first of them; at most 4. Empty when none remains.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 4,
           "items": {
            "type": "string",
            "maxLength": 128
           }
          },
          "sentAt": {
           "description": "When AWS was asked to end older sessions (`strategy.sessions`). Written before AWS is called.",
           "type": "string",
           "format": "date-time"
          },
          "endedAt": {
           "description": "When AWS had done so. Only what is heard after it is evidence.",
           "type": "string",
           "format": "date-time"
          },
          "lost": {
           "description": "What went with a session that was dropped.",
           "type": "string",
           "maxLength": 512
          }
         }
        },
        "blocked": {
         "description": "Denied requests of the asset that are the tightening at work, the first of them; at most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "maxLength": 512
         }
        },
        "openDetach": {
         "description": "A detachment that was sent and not yet read back: nothing else is taken away until it is.",
         "type": "object",
         "required": [
          "certificateArn",
          "policy",
          "sentAt"
         ],
         "properties": {
          "certificateArn": {
           "description": "The certificate.",
           "type": "string",
           "maxLength": 2048
          },
          "policy": {
           "description": "AWS name of the policy that is detached.",
           "type": "string",
           "maxLength": 128
          },
          "sentAt": {
           "description": "When the call was handed to AWS.",
           "type": "string",
           "format": "date-time"
          }
         }
        },
        "failure": {
         "description": "failed: the evidence after the change was negative. lifeline: what the asset must never lose was denied.",
         "type": "string",
         "enum": [
          "failed",
          "lifeline"
         ]
        },
        "verdict": {
         "description": "Reason of the last verdict.",
         "type": "string",
         "maxLength": 64
        }
       }
      }
     }
    }
   }
  }
 },
 {
  "kind": "FleetSource",
  "plural": "fleetsources",
  "singular": "fleetsource",
  "shortNames": [
   "fsrc"
  ],
  "columns": [
   {
    "name": "Ready",
    "type": "string",
    "description": "Whether AWS matches the spec.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
   },
   {
    "name": "Status",
    "type": "string",
    "description": "What is going on, and what to do when it is not Ready.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
   },
   {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp"
   },
   {
    "name": "Revision",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.revision"
   },
   {
    "name": "Objects",
    "type": "integer",
    "priority": 1,
    "jsonPath": ".status.inventory.count"
   },
   {
    "name": "URL",
    "type": "string",
    "priority": 1,
    "jsonPath": ".spec.url"
   }
  ],
  "schema": {
   "description": "FleetSource applies the manifests of a Git repository to its own namespace and keeps them there: what enters the repository is created, what changes is changed, what leaves it is pruned within the bounds of the prune guard. An invalid tree applies nothing; an unreachable remote leaves the last good revision in place. Deleting a FleetSource deletes none of its objects.",
   "type": "object",
   "required": [
    "spec"
   ],
   "properties": {
    "apiVersion": {
     "description": "Version of this schema: fleetward.dev/v1alpha1.",
     "type": "string"
    },
    "kind": {
     "description": "Always FleetSource.",
     "type": "string"
    },
    "metadata": {
     "type": "object"
    },
    "spec": {
     "description": "Where the manifests are and how to follow them.",
     "type": "object",
     "required": [
      "url"
     ],
     "properties": {
      "url": {
       "description": "URL of the repository: `https://…`, `ssh://user@host/path`, `user@host:path`, or `file:///path` where the operator permits it. Never with a password or token in it: those belong into the Secret that secretRef names.",
       "type": "string",
       "minLength": 1,
       "maxLength": 2048,
       "pattern": "^(https://[^@\\s]+|ssh://[^\\s]+|file:///[^\\s]*|[A-Za-z0-9._-]+@[A-Za-z0-9._-]+:[^\\s]+)$",
       "x-kubernetes-validations": [
        {
         "rule": "!self.matches('^ssh://[^/@]*:[^/@]*@')",
         "message": "url must not carry a password: put credentials into the Secret that secretRef names"
        }
       ]
      },
      "ref": {
       "description": "What to follow. At most one of branch, tag and commit. Default: the default branch of the remote.",
       "type": "object",
       "x-kubernetes-validations": [
        {
         "rule": "(has(self.branch) ? 1 : 0) + (has(self.tag) ? 1 : 0) + (has(self.commit) ? 1 : 0) <= 1",
         "message": "give at most one of branch, tag and commit"
        }
       ],
       "properties": {
        "branch": {
         "description": "Branch whose newest commit is applied.",
         "type": "string",
         "minLength": 1,
         "maxLength": 255,
         "pattern": "^[^-\\s~^:?*\\[\\\\][^\\s~^:?*\\[\\\\]*$"
        },
        "tag": {
         "description": "Tag. When the tag moves, so does the fleet.",
         "type": "string",
         "minLength": 1,
         "maxLength": 255,
         "pattern": "^[^-\\s~^:?*\\[\\\\][^\\s~^:?*\\[\\\\]*$"
        },
        "commit": {
         "description": "Full id of a commit, 40 hexadecimal digits (64 in a SHA-256 repository).",
         "type": "string",
         "pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$",
         "maxLength": 64
        }
       }
      },
      "path": {
       "description": "Folder within the repository that is read, with all its sub-folders. Relative, without `..`. Default: the whole repository.",
       "type": "string",
       "maxLength": 1024,
       "default": ".",
       "x-kubernetes-validations": [
        {
         "rule": "!self.startsWith('/') && !self.matches('(^|/)[.][.](/|$)')",
         "message": "path is relative to the root of the repository and stays within it"
        }
       ]
      },
      "interval": {
       "description": "How often the remote is asked for a new revision, with a little jitter. Default 1m; at least 5s. The annotation `reconcile.fleetward.dev/requestedAt` asks at once.",
       "type": "string",
       "maxLength": 32,
       "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$",
       "default": "1m",
       "x-kubernetes-validations": [
        {
         "rule": "duration(self) >= duration('5s')",
         "message": "interval must be at least 5s"
        }
       ]
      },
      "timeout": {
       "description": "How long one fetch may take. Default 60s; at least 1s.",
       "type": "string",
       "maxLength": 32,
       "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$",
       "default": "60s",
       "x-kubernetes-validations": [
        {
         "rule": "duration(self) >= duration('1s')",
         "message": "timeout must be at least 1s"
        }
       ]
      },
      "secretRef": {
       "description": "Secret in the same namespace with the credentials: `token`, or `username` and `password`, for HTTPS, with `ca.crt` for a private authority; `identity` (private key) and `known_hosts` for SSH.",
       "type": "object",
       "required": [
        "name"
       ],
       "properties": {
        "name": {
         "description": "Name of the Secret.",
         "type": "string",
         "minLength": 1,
         "maxLength": 253,
         "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        }
       }
      },
      "prune": {
       "description": "Delete objects that left the repository. What happens to them in AWS is decided by the deletionPolicy of each. Default true.",
       "type": "boolean",
       "default": true
      },
      "pruneGuard": {
       "description": "How much one revision may prune. A revision that would remove more objects than both bounds allow prunes nothing and is Stalled with reason PruneGuard until the annotation `fleetward.dev/allow-prune: <revision>` names it.",
       "type": "object",
       "default": {},
       "properties": {
        "maxCount": {
         "description": "Objects that may always be pruned at once. Default 5.",
         "type": "integer",
         "format": "int64",
         "minimum": 0,
         "maximum": 1000000,
         "default": 5
        },
        "maxPercent": {
         "description": "Share of the objects of this source, in percent, that may be pruned at once when that is more than maxCount. Default 10.",
         "type": "integer",
         "format": "int64",
         "minimum": 0,
         "maximum": 100,
         "default": 10
        }
       }
      },
      "foreignFields": {
       "description": "What becomes of spec fields that somebody else put into an object of this source, for example with kubectl edit, and that Git does not have. Remove: they are reported by an event and taken out. Report: they are only reported. Default Remove.",
       "type": "string",
       "enum": [
        "Remove",
        "Report"
       ],
       "default": "Remove"
      },
      "suspend": {
       "description": "true stops fetching and applying until it is false again; what was applied stays. Default false.",
       "type": "boolean",
       "default": false
      }
     }
    },
    "status": {
     "description": "What was fetched and applied.",
     "type": "object",
     "properties": {
      "observedGeneration": {
       "description": "metadata.generation that was last brought to an end, successfully or not.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "conditions": {
       "description": "What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.",
       "type": "array",
       "x-kubernetes-list-type": "map",
       "x-kubernetes-list-map-keys": [
        "type"
       ],
       "maxItems": 20,
       "items": {
        "type": "object",
        "required": [
         "type",
         "status",
         "reason",
         "message",
         "lastTransitionTime"
        ],
        "properties": {
         "type": {
          "description": "Name of the condition, for example Ready.",
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "status": {
          "description": "True, False, or Unknown while it is not known.",
          "type": "string",
          "enum": [
           "True",
           "False",
           "Unknown"
          ]
         },
         "reason": {
          "description": "The cause as one word; the event that announced it has the same reason.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "message": {
          "description": "What happened, on which AWS object, what happens next and what a person can do. At most 1,024 characters.",
          "type": "string",
          "maxLength": 1024
         },
         "lastTransitionTime": {
          "description": "When status last changed.",
          "type": "string",
          "format": "date-time"
         },
         "observedGeneration": {
          "description": "metadata.generation that this condition speaks of.",
          "type": "integer",
          "format": "int64",
          "minimum": 0
         }
        }
       }
      },
      "lastHandledReconcileAt": {
       "description": "Value of the annotation `reconcile.fleetward.dev/requestedAt` that was last acted on.",
       "type": "string",
       "maxLength": 128
      },
      "revision": {
       "description": "Revision that is applied, as `branch@sha1:commit`, `tag@sha1:commit` or `sha1:commit`.",
       "type": "string",
       "maxLength": 512
      },
      "lastAttemptedRevision": {
       "description": "Revision that was tried last. Differs from revision when it could not be applied; the conditions say why.",
       "type": "string",
       "maxLength": 512
      },
      "lastAppliedTime": {
       "description": "When revision was applied.",
       "type": "string",
       "format": "date-time"
      },
      "inventory": {
       "description": "The objects of the applied revision. Each carries the label `fleetward.dev/source` with the uid of this FleetSource; here is only their number.",
       "type": "object",
       "required": [
        "count",
        "digest"
       ],
       "properties": {
        "count": {
         "description": "Number of objects.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "digest": {
         "description": "Digest over their kinds and names.",
         "type": "string",
         "maxLength": 128
        }
       }
      },
      "skipped": {
       "description": "Objects of foreign kinds in the tree, which are not applied.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "errors": {
       "description": "Mistakes in the tree that was tried last, as `file:line:column: message`. At most 20; errorCount has the total.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 20,
       "items": {
        "type": "string",
        "maxLength": 1024
       }
      },
      "errorCount": {
       "description": "Number of mistakes in the tree that was tried last.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      }
     }
    }
   }
  }
 },
 {
  "kind": "IoTPolicy",
  "plural": "iotpolicies",
  "singular": "iotpolicy",
  "shortNames": [
   "iotp"
  ],
  "columns": [
   {
    "name": "Ready",
    "type": "string",
    "description": "Whether AWS matches the spec.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
   },
   {
    "name": "Status",
    "type": "string",
    "description": "What is going on, and what to do when it is not Ready.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
   },
   {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp"
   },
   {
    "name": "Policy",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.claim.name"
   },
   {
    "name": "Version",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.defaultVersionId"
   },
   {
    "name": "Targets",
    "type": "integer",
    "priority": 1,
    "jsonPath": ".status.targets"
   },
   {
    "name": "Drift",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.drift.class"
   },
   {
    "name": "Account",
    "type": "string",
    "priority": 1,
    "jsonPath": ".spec.accountRef.name"
   }
  ],
  "schema": {
   "description": "IoTPolicy is a named AWS IoT policy: what the assets that carry it may do. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html",
   "type": "object",
   "required": [
    "spec"
   ],
   "x-kubernetes-validations": [
    {
     "rule": "has(self.spec.policyName) || self.metadata.name.matches('^[a-zA-Z0-9_+=,.@-]{1,100}$')",
     "message": "metadata.name cannot serve as the name of a policy (letters, digits, + = , . @ _ -; at most 100): set spec.policyName"
    }
   ],
   "properties": {
    "apiVersion": {
     "description": "Version of this schema: fleetward.dev/v1alpha1.",
     "type": "string"
    },
    "kind": {
     "description": "Always IoTPolicy.",
     "type": "string"
    },
    "metadata": {
     "type": "object"
    },
    "spec": {
     "description": "The policy as it should be.",
     "type": "object",
     "required": [
      "document"
     ],
     "x-kubernetes-validations": [
      {
       "rule": "self.accountRef.name == oldSelf.accountRef.name",
       "message": "accountRef is immutable: create a new object in the other account and delete this one",
       "fieldPath": ".accountRef"
      },
      {
       "rule": "has(self.policyName) == has(oldSelf.policyName) && (!has(self.policyName) || self.policyName == oldSelf.policyName)",
       "message": "policyName is immutable, because AWS cannot rename: create a new object under the new name and delete this one",
       "fieldPath": ".policyName"
      },
      {
       "rule": "!has(self.containment) || !self.containment || self.document.Statement.all(s, s.Effect == 'Deny')",
       "message": "a policy for containment only takes away, so every statement must have Effect Deny",
       "fieldPath": ".document"
      }
     ],
     "properties": {
      "accountRef": {
       "description": "The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.",
       "type": "object",
       "required": [
        "name"
       ],
       "default": {
        "name": "default"
       },
       "properties": {
        "name": {
         "description": "Name of the AWSAccount.",
         "type": "string",
         "minLength": 1,
         "maxLength": 253,
         "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        }
       }
      },
      "managementPolicy": {
       "description": "Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.",
       "type": "string",
       "enum": [
        "Manage",
        "Observe"
       ],
       "default": "Manage"
      },
      "adoption": {
       "description": "What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.",
       "type": "string",
       "enum": [
        "Create",
        "Adopt",
        "AdoptOrCreate"
       ],
       "default": "Create"
      },
      "deletionPolicy": {
       "description": "What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. A policy goes only when nothing carries it any more.",
       "type": "string",
       "enum": [
        "Retain",
        "Delete"
       ],
       "default": "Retain"
      },
      "driftPolicy": {
       "description": "What to do with a change made in AWS behind our back. Correct: set it back (the default; rights that were taken away are reported first, because somebody may be containing an incident). Report: condition and event only. Ignore: not even that.",
       "type": "string",
       "enum": [
        "Correct",
        "Report",
        "Ignore"
       ],
       "default": "Correct"
      },
      "suspend": {
       "description": "true stops every read and write for this object until it is false again; nothing is deleted. Default false.",
       "type": "boolean",
       "default": false
      },
      "policyName": {
       "description": "Name of the policy: letters, digits and `+ = , . @ _ -`, at most 100 (AWS takes 128; rollouts need the room). Default: metadata.name. Immutable.",
       "type": "string",
       "minLength": 1,
       "maxLength": 100,
       "pattern": "^[a-zA-Z0-9_+=,.@-]+$"
      },
      "document": {
       "description": "The policy document, with the keys as AWS writes them; Action, Resource and the values of conditions are always lists. At most 2,048 characters, white space not counted.",
       "type": "object",
       "required": [
        "Statement"
       ],
       "properties": {
        "Version": {
         "description": "Version of the policy language. Only with 2012-10-17 are variables filled in.",
         "type": "string",
         "enum": [
          "2012-10-17",
          "2008-10-17"
         ],
         "default": "2012-10-17"
        },
        "Statement": {
         "description": "The statements. A request is permitted when one allows it and none denies it.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 100,
         "minItems": 1,
         "items": {
          "description": "One statement: Resource or NotResource, never both.",
          "type": "object",
          "required": [
           "Effect",
           "Action"
          ],
          "x-kubernetes-validations": [
           {
            "rule": "has(self.Resource) != has(self.NotResource)",
            "message": "give exactly one of Resource and NotResource"
           }
          ],
          "properties": {
           "Sid": {
            "description": "Name of the statement.",
            "type": "string",
            "maxLength": 128,
            "pattern": "^[a-zA-Z0-9]*$"
           },
           "Effect": {
            "description": "Allow or Deny. A Deny beats every Allow.",
            "type": "string",
            "enum": [
             "Allow",
             "Deny"
            ]
           },
           "Action": {
            "description": "Actions, for example `iot:Publish`; `*` and `?` are wildcards.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 50,
            "minItems": 1,
            "items": {
             "description": "An action such as `iot:Publish`, or `*`.",
             "type": "string",
             "minLength": 1,
             "maxLength": 128,
             "pattern": "^(\\*|[a-zA-Z*?][a-zA-Z*?-]*:[a-zA-Z*?]+)$"
            }
           },
           "Resource": {
            "description": "ARNs, for example `arn:aws:iot:eu-central-1:123456789012:topic/dt/*`, or `*`. In them `*` is any run of characters, `/` included; the MQTT wildcards `+` and `#` are plain characters.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 100,
            "minItems": 1,
            "items": {
             "description": "An ARN such as `arn:aws:iot:eu-central-1:123456789012:topic/dt/*`, or `*`.",
             "type": "string",
             "minLength": 1,
             "maxLength": 2048,
             "pattern": "^(\\*|arn:)"
            }
           },
           "NotResource": {
            "description": "Every resource but these. AWS shows it only with iot:Receive.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 100,
            "minItems": 1,
            "items": {
             "description": "An ARN such as `arn:aws:iot:eu-central-1:123456789012:topic/dt/*`, or `*`.",
             "type": "string",
             "minLength": 1,
             "maxLength": 2048,
             "pattern": "^(\\*|arn:)"
            }
           },
           "Condition": {
            "description": "Operators (for example `StringEquals`, `Bool`), below them condition keys, below them lists of values; all must hold.",
            "type": "object",
            "maxProperties": 20,
            "additionalProperties": {
             "type": "object",
             "maxProperties": 20,
             "additionalProperties": {
              "type": "array",
              "x-kubernetes-list-type": "atomic",
              "maxItems": 100,
              "items": {
               "type": "string",
               "maxLength": 2048
              }
             }
            }
           }
          }
         }
        }
       }
      },
      "containment": {
       "description": "true: the policy takes rights away to contain an incident, and does nothing else: every statement denies. `fleetward contain` puts it on devices outside of every rollout, and on a certificate it counts as a security act, whoever attached it: the device is held until a person acknowledges that. No Device refers to it. Default false.",
       "type": "boolean"
      },
      "approvedRevision": {
       "description": "Approves, in Git, the rollout of this revision (eight digits, as the PolicyRollout shows it). Only counts on a policy that a FleetSource keeps, and when every policy of the rollout says it. Where the admission policy is not installed this is the only way to approve a widening.",
       "type": "string",
       "minLength": 8,
       "maxLength": 128,
       "pattern": "^[0-9a-f]+$"
      },
      "strategy": {
       "description": "How a change of the document reaches the assets that use the policy. Default: as type says. The first creation of a policy, and a return to what was proven, skip it.",
       "type": "object",
       "required": [
        "type"
       ],
       "x-kubernetes-validations": [
        {
         "rule": "self.type == 'Waves' || (!has(self.waves) && !has(self.maxInFlight) && !has(self.budgets))",
         "message": "waves, maxInFlight and budgets need type Waves",
         "fieldPath": ".type"
        }
       ],
       "properties": {
        "type": {
         "description": "Waves: one asset after the other by the fields below, with proof before and after each step. AllAtOnce: the same with every field as when it is not given; a policy that nothing carries changes at once in either case.",
         "type": "string",
         "enum": [
          "AllAtOnce",
          "Waves"
         ]
        },
        "order": {
         "description": "In which order assets are taken.",
         "type": "object",
         "properties": {
          "criticality": {
           "description": "Whether the most critical assets go last (when not given) or first.",
           "type": "string",
           "enum": [
            "MostCriticalLast",
            "MostCriticalFirst"
           ]
          },
          "criticalityLabel": {
           "description": "Label of the Devices whose number says how critical an asset is; greater is more critical.",
           "type": "string",
           "minLength": 1,
           "maxLength": 316
          },
          "cohortLabels": {
           "description": "Labels that make up a cohort, for example firmware and site. One asset of each cohort goes before the second of any. At most 5.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 5,
           "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 316
           }
          }
         }
        },
        "waves": {
         "description": "The waves. After the last one the rest of the assets follow. When not given: one asset, one of each cohort, 1, 10 and 33 percent, the rest. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "description": "One wave: exactly one of count, percent and perCohort.",
          "type": "object",
          "x-kubernetes-validations": [
           {
            "rule": "(has(self.count) ? 1 : 0) + (has(self.percent) ? 1 : 0) + (has(self.perCohort) ? 1 : 0) == 1",
            "message": "give exactly one of count, percent and perCohort"
           }
          ],
          "properties": {
           "count": {
            "description": "Number of assets.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 1000000
           },
           "percent": {
            "description": "Share of all assets, in percent.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 100
           },
           "perCohort": {
            "description": "Number of assets of each cohort; those of earlier waves count.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 1000000
           },
           "bake": {
            "description": "Time to watch the wave before the next one.",
            "type": "string",
            "maxLength": 32,
            "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
           },
           "minEvidence": {
            "description": "Assets of the wave that must have shown positive evidence before the next one.",
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": 1000000
           },
           "pause": {
            "description": "true: after the wave the rollout waits until somebody promotes it. false when not given.",
            "type": "boolean"
           }
          }
         }
        },
        "maxInFlight": {
         "description": "Assets that may be between the first change and their verdict at the same time, counted over the whole account; things that share certificates move as one and count one by one. 1 when not given.",
         "type": "integer",
         "format": "int64",
         "minimum": 1,
         "maximum": 10000
        },
        "budgets": {
         "description": "Further bounds: at most maxInFlight assets in flight among those with the same value of a label, for example per site or per gateway. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "description": "One budget.",
          "type": "object",
          "required": [
           "label",
           "maxInFlight"
          ],
          "properties": {
           "label": {
            "description": "Label of the Devices.",
            "type": "string",
            "minLength": 1,
            "maxLength": 316
           },
           "maxInFlight": {
            "description": "Assets in flight for each value.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 10000
           }
          }
         }
        },
        "windows": {
         "description": "Times at which assets may be started; any of them will do. Always when not given. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "description": "One window.",
          "type": "object",
          "required": [
           "start",
           "duration"
          ],
          "properties": {
           "start": {
            "description": "When it opens: five cron fields, in UTC, for example `0 2 * * 1-5`.",
            "type": "string",
            "minLength": 9,
            "maxLength": 128
           },
           "duration": {
            "description": "How long it stays open.",
            "type": "string",
            "maxLength": 32,
            "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
           }
          }
         }
        },
        "approval": {
         "description": "When a person has to approve. WhenWidening: when some asset gains a right, or when that cannot be ruled out. Always: every change. WhenWidening when not given.",
         "type": "string",
         "enum": [
          "WhenWidening",
          "Always"
         ]
        },
        "stragglers": {
         "description": "Wait: the rollout is done when every asset is. Leave: it is done when all assets are that could be reached; the others stay on the former policy until they appear. Wait when not given.",
         "type": "string",
         "enum": [
          "Wait",
          "Leave"
         ]
        },
        "settleTime": {
         "description": "Time after each change until AWS is sure to apply it. 10m when not given; AWS says 6 to 8 minutes, so at least 8m.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$",
         "x-kubernetes-validations": [
          {
           "rule": "duration(self) >= duration('8m')",
           "message": "settleTime must be at least 8m: AWS needs 6 to 8 minutes to apply a policy everywhere"
          }
         ]
        },
        "observeTime": {
         "description": "Time in which evidence is gathered after the last change of an asset. 15m when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "stragglersAfter": {
         "description": "Time without any progress after which stragglers says what becomes of the assets that could not be reached. 168h when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "contactWithin": {
         "description": "An asset must have been heard of within this time before anything is taken from it. 15m when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "recoveryDeadline": {
         "description": "Time after which an asset that got its former policy back and is not heard of counts as lost, which stops the rollout and calls for a person. 30m when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "progressDeadline": {
         "description": "Time without any progress, pauses not counted, after which the rollout is Stalled.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "silenceDeadline": {
         "description": "Time without contact after which an asset in flight gets its former policy back.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "onFailure": {
         "description": "What a failed asset does to the rollout: it goes back alone in either case. Rollback: above failureThreshold all others go back too. Pause: the rollout waits for a person. Rollback when not given.",
         "type": "string",
         "enum": [
          "Rollback",
          "Pause"
         ]
        },
        "abortScope": {
         "description": "Whom a person's abort brings back. All: every asset, by the emergency brake. InFlight: those without a verdict; proven assets keep the new policy until another rollout takes them along. What the operator aborts by itself, and a commit that takes the change back, always bring all back. InFlight is refused where a thing group carries the policy. All when not given.",
         "type": "string",
         "enum": [
          "All",
          "InFlight"
         ]
        },
        "failureThreshold": {
         "description": "Failed assets above which all go back. 2 when not given.",
         "type": "integer",
         "format": "int64",
         "minimum": 0,
         "maximum": 10000
        },
        "usedActions": {
         "description": "What happens to an asset that would lose a request which it made in the last 14 days. Protect: nothing is taken from it; it stays on the former policy until it has stopped or the document permits the request. Judge: it is moved, and goes back when it is refused. Protect when not given.",
         "type": "string",
         "enum": [
          "Protect",
          "Judge"
         ]
        },
        "checks": {
         "description": "Checks of your own that every asset has to pass beside the evidence of AWS. They are made after the change of an asset has settled. Hosts have to be permitted by the operator's configuration (`allowedCheckHosts`). At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "x-kubernetes-validations": [
          {
           "rule": "self.all(a, self.exists_one(b, b.name == a.name))",
           "message": "each check needs a name of its own"
          }
         ],
         "items": {
          "description": "One check: exactly one of prometheus and http.",
          "type": "object",
          "required": [
           "name"
          ],
          "x-kubernetes-validations": [
           {
            "rule": "has(self.prometheus) != has(self.http)",
            "message": "give exactly one of prometheus and http"
           }
          ],
          "properties": {
           "name": {
            "description": "Name of the check, in messages and metrics.",
            "type": "string",
            "minLength": 1,
            "maxLength": 63,
            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
           },
           "prometheus": {
            "description": "A query whose value has to lie between atLeast and atMost; of several series each has to. NaN and no series at all are as whenEmpty says.",
            "type": "object",
            "required": [
             "url",
             "query"
            ],
            "x-kubernetes-validations": [
             {
              "rule": "has(self.atLeast) || has(self.atMost)",
              "message": "give atLeast, atMost or both"
             }
            ],
            "properties": {
             "url": {
              "description": "Address of the Prometheus server, before `/api/v1/query`. No credentials in it.",
              "type": "string",
              "maxLength": 1024,
              "pattern": "^https?://[^@\\s?#]+$"
             },
             "query": {
              "description": "The query (PromQL). `{{thing}}` and `{{device}}` stand for the names of the asset; with either it is asked for each asset, else once for all.",
              "type": "string",
              "minLength": 1,
              "maxLength": 2048
             },
             "atLeast": {
              "description": "Smallest good value.",
              "type": "number"
             },
             "atMost": {
              "description": "Greatest good value.",
              "type": "number"
             },
             "whenEmpty": {
              "description": "What no series, or NaN, means. Inconclusive: no answer. Passed and Failed: a measurement. Inconclusive when not given.",
              "type": "string",
              "enum": [
               "Inconclusive",
               "Passed",
               "Failed"
              ]
             }
            }
           },
           "http": {
            "description": "A GET request whose answer has to be as said. Redirects are not followed.",
            "type": "object",
            "required": [
             "url"
            ],
            "properties": {
             "url": {
              "description": "Address. `{{thing}}` and `{{device}}` stand for the names of the asset; with either it is asked for each asset, else once for all. No credentials in it.",
              "type": "string",
              "maxLength": 1024,
              "pattern": "^https?://[^@\\s]+$"
             },
             "status": {
              "description": "The good status. 200 when not given. Statuses from 500 on are errors of the measurement unless they are the good one.",
              "type": "integer",
              "format": "int64",
              "minimum": 100,
              "maximum": 599
             },
             "contains": {
              "description": "Text that a good answer has in its first mebibyte.",
              "type": "string",
              "minLength": 1,
              "maxLength": 256
             }
            }
           },
           "interval": {
            "description": "Time between two measurements; at least 5s. 1m when not given.",
            "type": "string",
            "maxLength": 32,
            "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$",
            "x-kubernetes-validations": [
             {
              "rule": "duration(self) >= duration('5s')",
              "message": "interval must be at least 5s"
             }
            ]
           },
           "initialDelay": {
            "description": "Time after the change of an asset has settled before it is measured. 0s when not given.",
            "type": "string",
            "maxLength": 32,
            "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
           },
           "fromWave": {
            "description": "The wave from which on the check counts, 1 being the first. 1 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 21
           },
           "failureLimit": {
            "description": "Bad measurements that are borne; one more fails the asset. 0 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": 100
           },
           "consecutiveErrorLimit": {
            "description": "Measurements in a row that gave no answer (server out of reach, not permitted, unreadable) before the check is inconclusive: the asset then goes on only when answers come again. 4 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": 100
           },
           "consecutiveSuccessLimit": {
            "description": "Good measurements in a row that it takes to pass. 1 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 100
           },
           "dryRun": {
            "description": "Measured and shown, and never part of a verdict. Default false.",
            "type": "boolean"
           }
          }
         }
        },
        "sessions": {
         "description": "What happens to connections that were made before the change. Wait: they end by themselves. Reconnect: they are closed once AWS applies the change. Purge: their stored session is dropped too. Wait when not given.",
         "type": "string",
         "enum": [
          "Wait",
          "Reconnect",
          "Purge"
         ]
        },
        "maxArmed": {
         "description": "Assets with contacts too short to be watched that may be changed in one contact and judged at the next, once somebody has said so (`fleetward rollout arm`). 0 when not given: they are deferred.",
         "type": "integer",
         "format": "int64",
         "minimum": 0,
         "maximum": 10000
        },
        "armedDeadline": {
         "description": "Time without contact after which an armed asset gets its former policy back, and after which it counts as lost when it was not heard of then. 336h when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "homing": {
         "description": "Back: at the end the assets return to the declared policy name, which carries the new document by then. Stay: they keep the policy they were moved to. Back when not given.",
         "type": "string",
         "enum": [
          "Back",
          "Stay"
         ]
        },
        "rollbackWindow": {
         "description": "How long superseded documents are kept in AWS, for a quick way back.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        }
       }
      },
      "lifeline": {
       "description": "What an asset that carries this policy must never lose. Connecting under its own client ids is always part of it; everything here adds to that. The lifeline of an asset is the union of those of its AWSAccount, its ThingType and the Device, and an IoTPolicy may add to it for its own users; none of them takes away from another. A rollout whose result would not permit the lifeline does not start.",
       "type": "object",
       "properties": {
        "jobs": {
         "description": "Jobs over MQTT: receiving notifications of jobs for the own thing, asking for them and reporting progress (topics below `$aws/things/<thing>/jobs`). Default false.",
         "type": "boolean"
        },
        "classicShadow": {
         "description": "The unnamed device shadow of the own thing: get, update and the answers to both. Default false.",
         "type": "boolean"
        },
        "namedShadows": {
         "description": "Named shadows of the own thing that must stay usable. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[$a-zA-Z0-9:_-]+$"
         }
        },
        "tunnels": {
         "description": "Secure tunneling: the notification topic of the own thing. Default false.",
         "type": "boolean"
        },
        "roleAliases": {
         "description": "Role aliases whose credentials the asset fetches with its certificate (`iot:AssumeRoleWithCertificate`). At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[\\w=,@-]+$"
         }
        },
        "persistentSession": {
         "description": "The asset connects with a persistent session (MQTT 3.1.1 cleanSession=0, MQTT 5 session expiry above 0), so the connection must be permitted with that feature. Default false.",
         "type": "boolean"
        },
        "willTopics": {
         "description": "Topics of the last will that the asset hands over when it connects. AWS refuses the connection when the will may not be published. Thing variables such as `${iot:Connection.Thing.ThingName}` are filled in. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256
         }
        },
        "domains": {
         "description": "Endpoint host names through which the asset connects, where a policy looks at `iot:DomainName`. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 253
         }
        },
        "sourceNetworks": {
         "description": "Networks (CIDR) from which the asset connects, where a policy looks at `aws:SourceIp`. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "minLength": 3,
          "maxLength": 43,
          "pattern": "^[0-9a-fA-F.:]+/[0-9]{1,3}$"
         }
        },
        "allow": {
         "description": "Further requests that must stay permitted, for what the switches above do not name. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "object",
          "required": [
           "actions",
           "resources"
          ],
          "properties": {
           "actions": {
            "description": "Actions of AWS IoT, for example `iot:Publish`. At most 10.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 10,
            "minItems": 1,
            "items": {
             "type": "string",
             "minLength": 1,
             "maxLength": 64,
             "pattern": "^iot[a-z]*:[A-Za-z]+$"
            }
           },
           "resources": {
            "description": "Resources without the ARN prefix, for example `topic/alarms/${iot:Connection.Thing.ThingName}`; `topicfilter/`, `client/`, `thing/` and `rolealias/` likewise. At most 20.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 20,
            "minItems": 1,
            "items": {
             "type": "string",
             "minLength": 1,
             "maxLength": 512,
             "pattern": "^(topic|topicfilter|client|thing|rolealias)/"
            }
           }
          }
         }
        }
       }
      }
     }
    },
    "status": {
     "description": "The policy as AWS shows it.",
     "type": "object",
     "properties": {
      "observedGeneration": {
       "description": "metadata.generation that was last brought to an end, successfully or not.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "conditions": {
       "description": "What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.",
       "type": "array",
       "x-kubernetes-list-type": "map",
       "x-kubernetes-list-map-keys": [
        "type"
       ],
       "maxItems": 20,
       "items": {
        "type": "object",
        "required": [
         "type",
         "status",
         "reason",
         "message",
         "lastTransitionTime"
        ],
        "properties": {
         "type": {
          "description": "Name of the condition, for example Ready.",
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "status": {
          "description": "True, False, or Unknown while it is not known.",
          "type": "string",
          "enum": [
           "True",
           "False",
           "Unknown"
          ]
         },
         "reason": {
          "description": "The cause as one word; the event that announced it has the same reason.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "message": {
          "description": "What happened, on which AWS object, what happens next and what a person can do. At most 1,024 characters.",
          "type": "string",
          "maxLength": 1024
         },
         "lastTransitionTime": {
          "description": "When status last changed.",
          "type": "string",
          "format": "date-time"
         },
         "observedGeneration": {
          "description": "metadata.generation that this condition speaks of.",
          "type": "integer",
          "format": "int64",
          "minimum": 0
         }
        }
       }
      },
      "lastHandledReconcileAt": {
       "description": "Value of the annotation `reconcile.fleetward.dev/requestedAt` that was last acted on.",
       "type": "string",
       "maxLength": 128
      },
      "arn": {
       "description": "ARN of the object in AWS.",
       "type": "string",
       "maxLength": 2048
      },
      "claim": {
       "description": "The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.",
       "type": "object",
       "required": [
        "accountId",
        "region",
        "name"
       ],
       "properties": {
        "accountId": {
         "description": "Verified AWS account of the claim, twelve digits.",
         "type": "string",
         "maxLength": 12
        },
        "region": {
         "description": "AWS region of the claim.",
         "type": "string",
         "maxLength": 32
        },
        "name": {
         "description": "Name in AWS.",
         "type": "string",
         "maxLength": 128
        },
        "since": {
         "description": "Since when.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "drift": {
       "description": "How AWS differs from the spec. Absent when it does not.",
       "type": "object",
       "required": [
        "class",
        "since",
        "total"
       ],
       "properties": {
        "class": {
         "description": "Worst class of the differences: widened, narrowed, mitigation, foreign, missing or changed.",
         "type": "string",
         "enum": [
          "widened",
          "narrowed",
          "mitigation",
          "foreign",
          "missing",
          "changed"
         ]
        },
        "since": {
         "description": "When the difference was first seen.",
         "type": "string",
         "format": "date-time"
        },
        "total": {
         "description": "Number of differences; the list shows at most 20.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "fields": {
         "description": "The differences, worst first. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "object",
          "required": [
           "field",
           "class"
          ],
          "properties": {
           "field": {
            "description": "Where, as a path, for example `attributes.site` or `certificates[a].policies`.",
            "type": "string",
            "maxLength": 256
           },
           "class": {
            "description": "Class of this difference.",
            "type": "string",
            "enum": [
             "widened",
             "narrowed",
             "mitigation",
             "foreign",
             "missing",
             "changed"
            ]
           },
           "want": {
            "description": "What the spec says, shortened.",
            "type": "string",
            "maxLength": 256
           },
           "got": {
            "description": "What AWS says, shortened.",
            "type": "string",
            "maxLength": 256
           }
          }
         }
        }
       }
      },
      "lastWriteTime": {
       "description": "When this object last changed AWS. Differences that this write explains are not judged until it has settled.",
       "type": "string",
       "format": "date-time"
      },
      "defaultVersionId": {
       "description": "Version that is in force in AWS.",
       "type": "string",
       "maxLength": 16
      },
      "documentHash": {
       "description": "SHA-256 of the canonical form of the document in force, in hexadecimal.",
       "type": "string",
       "maxLength": 64
      },
      "versions": {
       "description": "Number of versions in AWS, which keeps at most five.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "targets": {
       "description": "Certificates and groups that carry the policy.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "characters": {
       "description": "Characters of the document that count towards the 2,048 AWS allows.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "awsNames": {
       "description": "AWS policy names that satisfy a reference to this object: the declared one, and candidates during a rollout.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 20,
       "items": {
        "type": "string",
        "maxLength": 128
       }
      },
      "held": {
       "description": "Set while a security act (a blank default version) holds the policy. It is not changed until a person acknowledges that very version.",
       "type": "object",
       "required": [
        "reason"
       ],
       "properties": {
        "reason": {
         "description": "Which act.",
         "type": "string",
         "maxLength": 64
        },
        "versionId": {
         "description": "Version that holds it.",
         "type": "string",
         "maxLength": 16
        },
        "since": {
         "description": "Since when.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "pendingChange": {
       "description": "A change of the document that goes through a PolicyRollout, because assets carry the policy.",
       "type": "object",
       "required": [
        "digest",
        "baseline",
        "since"
       ],
       "properties": {
        "digest": {
         "description": "SHA-256 of the canonical form of the wanted document, in hexadecimal.",
         "type": "string",
         "maxLength": 64
        },
        "baseline": {
         "description": "The document in AWS, as JSON.",
         "type": "string",
         "maxLength": 8192
        },
        "since": {
         "description": "Since when.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "inPlace": {
       "description": "What the declared policy got at once, while nothing carried it, after the last PolicyRollout of it had ended. It keeps that while a document is asked for that went back before.",
       "type": "object",
       "required": [
        "after",
        "document"
       ],
       "properties": {
        "after": {
         "description": "Name of that PolicyRollout. After another one this counts no more.",
         "type": "string",
         "maxLength": 253
        },
        "document": {
         "description": "The document, as JSON.",
         "type": "string",
         "maxLength": 8192
        }
       }
      },
      "rejected": {
       "description": "Changes that were tried and went back; they are not tried again by themselves. Digests of canonical documents, at most 10.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 10,
       "items": {
        "type": "string",
        "maxLength": 64
       }
      }
     }
    }
   }
  }
 },
 {
  "kind": "PolicyRollout",
  "plural": "policyrollouts",
  "singular": "policyrollout",
  "shortNames": [
   "pro"
  ],
  "columns": [
   {
    "name": "Phase",
    "type": "string",
    "description": "Where it stands, in one word.",
    "jsonPath": ".status.phase"
   },
   {
    "name": "Step",
    "type": "string",
    "description": "The wave under way, of how many.",
    "jsonPath": ".status.step"
   },
   {
    "name": "Switched",
    "type": "string",
    "description": "Assets proven on the new policies, of how many.",
    "jsonPath": ".status.switched"
   },
   {
    "name": "In-flight",
    "type": "integer",
    "description": "Assets between their first change and their verdict.",
    "jsonPath": ".status.counters.inFlight"
   },
   {
    "name": "Failed",
    "type": "integer",
    "description": "Assets that went back because of what was seen.",
    "jsonPath": ".status.counters.failed"
   },
   {
    "name": "Deferred",
    "type": "integer",
    "description": "Assets that could not be watched, so that nothing was taken from them.",
    "jsonPath": ".status.counters.deferred"
   },
   {
    "name": "Ready",
    "type": "string",
    "description": "Whether every asset is on the new policy.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
   },
   {
    "name": "Status",
    "type": "string",
    "description": "How far it is, what it waits for, and what to do.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
   },
   {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp"
   },
   {
    "name": "Class",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.class"
   },
   {
    "name": "Held",
    "type": "integer",
    "priority": 1,
    "jsonPath": ".status.counters.held"
   },
   {
    "name": "Unrecovered",
    "type": "integer",
    "priority": 1,
    "jsonPath": ".status.counters.unrecovered"
   },
   {
    "name": "Approved by",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.verbs.approvedBy"
   },
   {
    "name": "Revision",
    "type": "string",
    "priority": 1,
    "jsonPath": ".spec.revision"
   },
   {
    "name": "Commit",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.sourceRevision"
   }
  ],
  "schema": {
   "description": "PolicyRollout is one change of policies on its way through the assets that carry them, one asset at a time. The operator makes it; people steer it by annotations. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/iot-policies.html",
   "type": "object",
   "required": [
    "spec"
   ],
   "properties": {
    "apiVersion": {
     "description": "Version of this schema: fleetward.dev/v1alpha1.",
     "type": "string"
    },
    "kind": {
     "description": "Always PolicyRollout.",
     "type": "string"
    },
    "metadata": {
     "type": "object"
    },
    "spec": {
     "description": "What moves, and how. Made by the operator and never changed.",
     "type": "object",
     "required": [
      "revision",
      "policies"
     ],
     "x-kubernetes-validations": [
      {
       "rule": "self == oldSelf",
       "message": "a rollout is never changed: change the IoTPolicy, and another one is made"
      },
      {
       "rule": "size(self.policies) > 0 || (has(self.changes) && size(self.changes) > 0)",
       "message": "a rollout moves something: give policies or changes"
      }
     ],
     "properties": {
      "accountRef": {
       "description": "The AWSAccount in the same namespace that the policies live in. Default: the AWSAccount named `default`.",
       "type": "object",
       "required": [
        "name"
       ],
       "default": {
        "name": "default"
       },
       "properties": {
        "name": {
         "description": "Name of the AWSAccount.",
         "type": "string",
         "minLength": 1,
         "maxLength": 253,
         "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        }
       }
      },
      "revision": {
       "description": "Names this change; verbs that decide about it must say it.",
       "type": "string",
       "maxLength": 128,
       "minLength": 1
      },
      "attempt": {
       "description": "Counts the tries of one and the same change; each has candidates of its own. 1 when not given.",
       "type": "integer",
       "format": "int64",
       "minimum": 1,
       "maximum": 1000
      },
      "policies": {
       "description": "The policies that move together, because they share assets; none when only Devices change. At most 10.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 10,
       "items": {
        "description": "One policy that moves.",
        "type": "object",
        "required": [
         "name",
         "policyName",
         "candidateName",
         "digest",
         "baseline",
         "document"
        ],
        "properties": {
         "name": {
          "description": "The IoTPolicy in the same namespace.",
          "type": "string",
          "maxLength": 253
         },
         "policyName": {
          "description": "Its declared name in AWS. It keeps the document of before until every asset has left it.",
          "type": "string",
          "maxLength": 128
         },
         "candidateName": {
          "description": "The policy in AWS that carries the new document: its first version is the document of before, which is the emergency brake.",
          "type": "string",
          "maxLength": 128
         },
         "digest": {
          "description": "SHA-256 of the canonical form of the new document, in hexadecimal.",
          "type": "string",
          "maxLength": 64
         },
         "baseline": {
          "description": "The document of before, as JSON: what was last proven.",
          "type": "string",
          "maxLength": 8192
         },
         "document": {
          "description": "The new document, as JSON.",
          "type": "string",
          "maxLength": 8192
         }
        }
       }
      },
      "changes": {
       "description": "What changes at Devices beside documents, each once however many Devices it concerns. At most 50.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 50,
       "items": {
        "description": "One change.",
        "type": "object",
        "required": [
         "digest"
        ],
        "properties": {
         "digest": {
          "description": "Names the change; devices to which the same is done share it.",
          "type": "string",
          "maxLength": 64
         },
         "attach": {
          "description": "AWS policies that its certificates are to get.",
          "type": "array",
          "x-kubernetes-list-type": "atomic",
          "maxItems": 20,
          "items": {
           "type": "string",
           "maxLength": 128
          }
         },
         "detach": {
          "description": "AWS policies that its certificates are to lose.",
          "type": "array",
          "x-kubernetes-list-type": "atomic",
          "maxItems": 20,
          "items": {
           "type": "string",
           "maxLength": 128
          }
         },
         "join": {
          "description": "AWS thing groups, with policies on them or above them, that it is to join.",
          "type": "array",
          "x-kubernetes-list-type": "atomic",
          "maxItems": 20,
          "items": {
           "type": "string",
           "maxLength": 128
          }
         },
         "leave": {
          "description": "AWS thing groups, with policies on them or above them, that it is to leave.",
          "type": "array",
          "x-kubernetes-list-type": "atomic",
          "maxItems": 20,
          "items": {
           "type": "string",
           "maxLength": 128
          }
         },
         "set": {
          "description": "What of the thing changes that some policy of the asset reads: `thingType`, or `attributes.` and a name.",
          "type": "array",
          "x-kubernetes-list-type": "atomic",
          "maxItems": 20,
          "items": {
           "type": "string",
           "maxLength": 160
          }
         },
         "retire": {
          "description": "Certificates, by their name in the Device, that are to go out of use.",
          "type": "array",
          "x-kubernetes-list-type": "atomic",
          "maxItems": 20,
          "items": {
           "type": "string",
           "maxLength": 63
          }
         }
        }
       }
      },
      "fastTrack": {
       "description": "true: every policy returns to what was proven before, within the rollbackWindow of the rollout that took it away. Waves do not bake; approval, budgets and the care with each asset stay.",
       "type": "boolean"
      },
      "strategy": {
       "description": "How the assets are taken, as the policies said when the rollout was made. A later change of theirs does not alter it.",
       "type": "object",
       "required": [
        "type"
       ],
       "properties": {
        "type": {
         "description": "Waves: one asset after the other by the fields below, with proof before and after each step. AllAtOnce: the same with every field as when it is not given; a policy that nothing carries changes at once in either case.",
         "type": "string",
         "enum": [
          "AllAtOnce",
          "Waves"
         ]
        },
        "order": {
         "description": "In which order assets are taken.",
         "type": "object",
         "properties": {
          "criticality": {
           "description": "Whether the most critical assets go last (when not given) or first.",
           "type": "string",
           "enum": [
            "MostCriticalLast",
            "MostCriticalFirst"
           ]
          },
          "criticalityLabel": {
           "description": "Label of the Devices whose number says how critical an asset is; greater is more critical.",
           "type": "string",
           "minLength": 1,
           "maxLength": 316
          },
          "cohortLabels": {
           "description": "Labels that make up a cohort, for example firmware and site. One asset of each cohort goes before the second of any. At most 5.",
           "type": "array",
           "x-kubernetes-list-type": "atomic",
           "maxItems": 5,
           "items": {
            "type": "string",
            "minLength": 1,
            "maxLength": 316
           }
          }
         }
        },
        "waves": {
         "description": "The waves. After the last one the rest of the assets follow. When not given: one asset, one of each cohort, 1, 10 and 33 percent, the rest. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "description": "One wave: exactly one of count, percent and perCohort.",
          "type": "object",
          "properties": {
           "count": {
            "description": "Number of assets.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 1000000
           },
           "percent": {
            "description": "Share of all assets, in percent.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 100
           },
           "perCohort": {
            "description": "Number of assets of each cohort; those of earlier waves count.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 1000000
           },
           "bake": {
            "description": "Time to watch the wave before the next one.",
            "type": "string",
            "maxLength": 32,
            "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
           },
           "minEvidence": {
            "description": "Assets of the wave that must have shown positive evidence before the next one.",
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": 1000000
           },
           "pause": {
            "description": "true: after the wave the rollout waits until somebody promotes it. false when not given.",
            "type": "boolean"
           }
          }
         }
        },
        "maxInFlight": {
         "description": "Assets that may be between the first change and their verdict at the same time, counted over the whole account; things that share certificates move as one and count one by one. 1 when not given.",
         "type": "integer",
         "format": "int64",
         "minimum": 1,
         "maximum": 10000
        },
        "budgets": {
         "description": "Further bounds: at most maxInFlight assets in flight among those with the same value of a label, for example per site or per gateway. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "description": "One budget.",
          "type": "object",
          "required": [
           "label",
           "maxInFlight"
          ],
          "properties": {
           "label": {
            "description": "Label of the Devices.",
            "type": "string",
            "minLength": 1,
            "maxLength": 316
           },
           "maxInFlight": {
            "description": "Assets in flight for each value.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 10000
           }
          }
         }
        },
        "windows": {
         "description": "Times at which assets may be started; any of them will do. Always when not given. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "description": "One window.",
          "type": "object",
          "required": [
           "start",
           "duration"
          ],
          "properties": {
           "start": {
            "description": "When it opens: five cron fields, in UTC, for example `0 2 * * 1-5`.",
            "type": "string",
            "minLength": 9,
            "maxLength": 128
           },
           "duration": {
            "description": "How long it stays open.",
            "type": "string",
            "maxLength": 32,
            "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
           }
          }
         }
        },
        "approval": {
         "description": "When a person has to approve. WhenWidening: when some asset gains a right, or when that cannot be ruled out. Always: every change. WhenWidening when not given.",
         "type": "string",
         "enum": [
          "WhenWidening",
          "Always"
         ]
        },
        "stragglers": {
         "description": "Wait: the rollout is done when every asset is. Leave: it is done when all assets are that could be reached; the others stay on the former policy until they appear. Wait when not given.",
         "type": "string",
         "enum": [
          "Wait",
          "Leave"
         ]
        },
        "settleTime": {
         "description": "Time after each change until AWS is sure to apply it. 10m when not given; AWS says 6 to 8 minutes, so at least 8m.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "observeTime": {
         "description": "Time in which evidence is gathered after the last change of an asset. 15m when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "stragglersAfter": {
         "description": "Time without any progress after which stragglers says what becomes of the assets that could not be reached. 168h when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "contactWithin": {
         "description": "An asset must have been heard of within this time before anything is taken from it. 15m when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "recoveryDeadline": {
         "description": "Time after which an asset that got its former policy back and is not heard of counts as lost, which stops the rollout and calls for a person. 30m when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "progressDeadline": {
         "description": "Time without any progress, pauses not counted, after which the rollout is Stalled.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "silenceDeadline": {
         "description": "Time without contact after which an asset in flight gets its former policy back.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "onFailure": {
         "description": "What a failed asset does to the rollout: it goes back alone in either case. Rollback: above failureThreshold all others go back too. Pause: the rollout waits for a person. Rollback when not given.",
         "type": "string",
         "enum": [
          "Rollback",
          "Pause"
         ]
        },
        "abortScope": {
         "description": "Whom a person's abort brings back. All: every asset, by the emergency brake. InFlight: those without a verdict; proven assets keep the new policy until another rollout takes them along. What the operator aborts by itself, and a commit that takes the change back, always bring all back. InFlight is refused where a thing group carries the policy. All when not given.",
         "type": "string",
         "enum": [
          "All",
          "InFlight"
         ]
        },
        "failureThreshold": {
         "description": "Failed assets above which all go back. 2 when not given.",
         "type": "integer",
         "format": "int64",
         "minimum": 0,
         "maximum": 10000
        },
        "usedActions": {
         "description": "What happens to an asset that would lose a request which it made in the last 14 days. Protect: nothing is taken from it; it stays on the former policy until it has stopped or the document permits the request. Judge: it is moved, and goes back when it is refused. Protect when not given.",
         "type": "string",
         "enum": [
          "Protect",
          "Judge"
         ]
        },
        "checks": {
         "description": "Checks of your own that every asset has to pass beside the evidence of AWS. They are made after the change of an asset has settled. Hosts have to be permitted by the operator's configuration (`allowedCheckHosts`). At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "description": "One check: exactly one of prometheus and http.",
          "type": "object",
          "required": [
           "name"
          ],
          "properties": {
           "name": {
            "description": "Name of the check, in messages and metrics.",
            "type": "string",
            "minLength": 1,
            "maxLength": 63,
            "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
           },
           "prometheus": {
            "description": "A query whose value has to lie between atLeast and atMost; of several series each has to. NaN and no series at all are as whenEmpty says.",
            "type": "object",
            "required": [
             "url",
             "query"
            ],
            "properties": {
             "url": {
              "description": "Address of the Prometheus server, before `/api/v1/query`. No credentials in it.",
              "type": "string",
              "maxLength": 1024,
              "pattern": "^https?://[^@\\s?#]+$"
             },
             "query": {
              "description": "The query (PromQL). `{{thing}}` and `{{device}}` stand for the names of the asset; with either it is asked for each asset, else once for all.",
              "type": "string",
              "minLength": 1,
              "maxLength": 2048
             },
             "atLeast": {
              "description": "Smallest good value.",
              "type": "number"
             },
             "atMost": {
              "description": "Greatest good value.",
              "type": "number"
             },
             "whenEmpty": {
              "description": "What no series, or NaN, means. Inconclusive: no answer. Passed and Failed: a measurement. Inconclusive when not given.",
              "type": "string",
              "enum": [
               "Inconclusive",
               "Passed",
               "Failed"
              ]
             }
            }
           },
           "http": {
            "description": "A GET request whose answer has to be as said. Redirects are not followed.",
            "type": "object",
            "required": [
             "url"
            ],
            "properties": {
             "url": {
              "description": "Address. `{{thing}}` and `{{device}}` stand for the names of the asset; with either it is asked for each asset, else once for all. No credentials in it.",
              "type": "string",
              "maxLength": 1024,
              "pattern": "^https?://[^@\\s]+$"
             },
             "status": {
              "description": "The good status. 200 when not given. Statuses from 500 on are errors of the measurement unless they are the good one.",
              "type": "integer",
              "format": "int64",
              "minimum": 100,
              "maximum": 599
             },
             "contains": {
              "description": "Text that a good answer has in its first mebibyte.",
              "type": "string",
              "minLength": 1,
              "maxLength": 256
             }
            }
           },
           "interval": {
            "description": "Time between two measurements; at least 5s. 1m when not given.",
            "type": "string",
            "maxLength": 32,
            "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
           },
           "initialDelay": {
            "description": "Time after the change of an asset has settled before it is measured. 0s when not given.",
            "type": "string",
            "maxLength": 32,
            "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
           },
           "fromWave": {
            "description": "The wave from which on the check counts, 1 being the first. 1 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 21
           },
           "failureLimit": {
            "description": "Bad measurements that are borne; one more fails the asset. 0 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": 100
           },
           "consecutiveErrorLimit": {
            "description": "Measurements in a row that gave no answer (server out of reach, not permitted, unreadable) before the check is inconclusive: the asset then goes on only when answers come again. 4 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 0,
            "maximum": 100
           },
           "consecutiveSuccessLimit": {
            "description": "Good measurements in a row that it takes to pass. 1 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 100
           },
           "dryRun": {
            "description": "Measured and shown, and never part of a verdict. Default false.",
            "type": "boolean"
           }
          }
         }
        },
        "sessions": {
         "description": "What happens to connections that were made before the change. Wait: they end by themselves. Reconnect: they are closed once AWS applies the change. Purge: their stored session is dropped too. Wait when not given.",
         "type": "string",
         "enum": [
          "Wait",
          "Reconnect",
          "Purge"
         ]
        },
        "maxArmed": {
         "description": "Assets with contacts too short to be watched that may be changed in one contact and judged at the next, once somebody has said so (`fleetward rollout arm`). 0 when not given: they are deferred.",
         "type": "integer",
         "format": "int64",
         "minimum": 0,
         "maximum": 10000
        },
        "armedDeadline": {
         "description": "Time without contact after which an armed asset gets its former policy back, and after which it counts as lost when it was not heard of then. 336h when not given.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        },
        "homing": {
         "description": "Back: at the end the assets return to the declared policy name, which carries the new document by then. Stay: they keep the policy they were moved to. Back when not given.",
         "type": "string",
         "enum": [
          "Back",
          "Stay"
         ]
        },
        "rollbackWindow": {
         "description": "How long superseded documents are kept in AWS, for a quick way back.",
         "type": "string",
         "maxLength": 32,
         "pattern": "^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$"
        }
       }
      }
     }
    },
    "status": {
     "description": "How far it is.",
     "type": "object",
     "properties": {
      "observedGeneration": {
       "description": "metadata.generation that was last brought to an end, successfully or not.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "conditions": {
       "description": "What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.",
       "type": "array",
       "x-kubernetes-list-type": "map",
       "x-kubernetes-list-map-keys": [
        "type"
       ],
       "maxItems": 20,
       "items": {
        "type": "object",
        "required": [
         "type",
         "status",
         "reason",
         "message",
         "lastTransitionTime"
        ],
        "properties": {
         "type": {
          "description": "Name of the condition, for example Ready.",
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "status": {
          "description": "True, False, or Unknown while it is not known.",
          "type": "string",
          "enum": [
           "True",
           "False",
           "Unknown"
          ]
         },
         "reason": {
          "description": "The cause as one word; the event that announced it has the same reason.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "message": {
          "description": "What happened, on which AWS object, what happens next and what a person can do. At most 1,024 characters.",
          "type": "string",
          "maxLength": 1024
         },
         "lastTransitionTime": {
          "description": "When status last changed.",
          "type": "string",
          "format": "date-time"
         },
         "observedGeneration": {
          "description": "metadata.generation that this condition speaks of.",
          "type": "integer",
          "format": "int64",
          "minimum": 0
         }
        }
       }
      },
      "phase": {
       "description": "Pending, AwaitingApproval, Progressing, Paused, Baking, Aborting, Succeeded, Aborted or Superseded.",
       "type": "string",
       "maxLength": 32
      },
      "reason": {
       "description": "The cause as one word.",
       "type": "string",
       "maxLength": 128
      },
      "message": {
       "description": "What is going on, what it waits for and what a person can do.",
       "type": "string",
       "maxLength": 1024
      },
      "class": {
       "description": "The worst of what the change does to any asset, over its whole set of policies: equivalent, widens, tightens or mixed.",
       "type": "string",
       "enum": [
        "equivalent",
        "widens",
        "tightens",
        "mixed"
       ]
      },
      "addsDeny": {
       "description": "Whether the new documents deny what the old ones did not: attaching them already takes rights away.",
       "type": "boolean"
      },
      "uncertain": {
       "description": "Whether the comparison could not be certain, which counts as the worst in both directions.",
       "type": "boolean"
      },
      "brakeProblem": {
       "description": "Why the emergency brake is not one act here, so that assets go back by attachment.",
       "type": "string",
       "maxLength": 512
      },
      "gained": {
       "description": "Examples of what some asset may do afterwards and not before. At most 5.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 5,
       "items": {
        "type": "string",
        "maxLength": 512
       }
      },
      "lost": {
       "description": "Examples of what some asset may do before and not afterwards. At most 5.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 5,
       "items": {
        "type": "string",
        "maxLength": 512
       }
      },
      "step": {
       "description": "The wave under way and the number of waves, for example 2/5.",
       "type": "string",
       "maxLength": 16
      },
      "switched": {
       "description": "Assets proven on the new policies and assets in all, for example 3/10.",
       "type": "string",
       "maxLength": 32
      },
      "sourceRevision": {
       "description": "The revision in Git that asked for the change, for example main@sha1:5f2c…; absent for policies that no FleetSource keeps.",
       "type": "string",
       "maxLength": 512
      },
      "wave": {
       "description": "The wave under way, counted from 1.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "waves": {
       "description": "Number of waves.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "counters": {
       "description": "Devices by where they stand; those that share certificates stand together.",
       "type": "object",
       "properties": {
        "total": {
         "description": "All assets.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "queued": {
         "description": "Not started.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "inFlight": {
         "description": "Between the first change and their verdict.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "succeeded": {
         "description": "Proven on the new policy.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "deferred": {
         "description": "Not reachable, so nothing was taken from them.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "armed": {
         "description": "Changed in one contact, to be judged at the next.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "held": {
         "description": "Kept where they are by a security act or a person.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "rolledBack": {
         "description": "Back on the policy of before.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "failed": {
         "description": "Went back because of what was seen.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "unrecovered": {
         "description": "Restored, and not heard of since.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "applied": {
         "description": "On the new policies alone, proven or under observation.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "olderSessions": {
         "description": "Of the applied those with a session from before the change, which may still use what is looked at only when a device connects or subscribes.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "homed": {
         "description": "Returned to the declared name.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        }
       }
      },
      "samples": {
       "description": "Assets that people look at first: failed, unrecovered, held, deferred, in flight. At most 20.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 20,
       "items": {
        "type": "object",
        "required": [
         "device",
         "state"
        ],
        "properties": {
         "device": {
          "description": "Name of the Device.",
          "type": "string",
          "maxLength": 253
         },
         "state": {
          "description": "Where it stands.",
          "type": "string",
          "maxLength": 32
         },
         "why": {
          "description": "What the asset waits for, or why it failed.",
          "type": "string",
          "maxLength": 512
         }
        }
       }
      },
      "candidates": {
       "description": "The candidates in AWS.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 10,
       "items": {
        "type": "object",
        "required": [
         "name",
         "inForce"
        ],
        "properties": {
         "name": {
          "description": "Name in AWS.",
          "type": "string",
          "maxLength": 128
         },
         "inForce": {
          "description": "Which document AWS applies: absent, new, brake or foreign.",
          "type": "string",
          "enum": [
           "absent",
           "new",
           "brake",
           "foreign"
          ]
         }
        }
       }
      },
      "startedAt": {
       "description": "When the first asset was allowed to move.",
       "type": "string",
       "format": "date-time"
      },
      "lastProgressAt": {
       "description": "When an asset last moved.",
       "type": "string",
       "format": "date-time"
      },
      "finishedAt": {
       "description": "When it ended.",
       "type": "string",
       "format": "date-time"
      },
      "flippedAt": {
       "description": "When a default version of a candidate was last moved.",
       "type": "string",
       "format": "date-time"
      },
      "brakedAt": {
       "description": "When the emergency brake was pulled.",
       "type": "string",
       "format": "date-time"
      },
      "pausedAt": {
       "description": "Since when a person has it paused.",
       "type": "string",
       "format": "date-time"
      },
      "resumedAt": {
       "description": "When a pause by people last ended. Deadlines for progress count from it.",
       "type": "string",
       "format": "date-time"
      },
      "manualPauseSeconds": {
       "description": "Time that people had it paused, pauses that have ended.",
       "type": "number",
       "minimum": 0
      },
      "homedAt": {
       "description": "When the last asset was back on the declared name.",
       "type": "string",
       "format": "date-time"
      },
      "cleanedAt": {
       "description": "When the candidates were deleted.",
       "type": "string",
       "format": "date-time"
      },
      "waitsUntil": {
       "description": "Until when it waits, where that is known.",
       "type": "string",
       "format": "date-time"
      },
      "groups": {
       "description": "Thing groups that carry policies of the rollout, with the times of the calls that hand them over.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 50,
       "items": {
        "type": "object",
        "required": [
         "name"
        ],
        "properties": {
         "name": {
          "description": "Name of the thing group in AWS.",
          "type": "string",
          "maxLength": 128
         },
         "attachedAt": {
          "description": "When a policy was last attached to it by this rollout; written before the call.",
          "type": "string",
          "format": "date-time"
         },
         "detachedAt": {
          "description": "When a policy was last detached from it by this rollout; written before the call.",
          "type": "string",
          "format": "date-time"
         },
         "openDetach": {
          "description": "A detachment that was sent and not yet read back: nothing else is taken from the group until it is.",
          "type": "object",
          "required": [
           "policy",
           "sentAt"
          ],
          "properties": {
           "policy": {
            "description": "The policy.",
            "type": "string",
            "maxLength": 128
           },
           "sentAt": {
            "description": "When the call was handed to AWS.",
            "type": "string",
            "format": "date-time"
           }
          }
         }
        }
       }
      },
      "waveDoneAt": {
       "description": "When each wave had its last verdict; empty while it runs.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 42,
       "items": {
        "type": "string",
        "maxLength": 32
       }
      },
      "verbs": {
       "description": "What people asked for.",
       "type": "object",
       "properties": {
        "handled": {
         "description": "Token of each verb that was last answered.",
         "type": "object",
         "maxProperties": 20,
         "additionalProperties": {
          "type": "string",
          "maxLength": 64
         }
        },
        "abortedBy": {
         "description": "Who aborted it.",
         "type": "string",
         "maxLength": 256
        },
        "deniedBy": {
         "description": "Who denied it.",
         "type": "string",
         "maxLength": 256
        },
        "approvedBy": {
         "description": "Who approved it.",
         "type": "string",
         "maxLength": 256
        },
        "armedBy": {
         "description": "Who let assets be armed.",
         "type": "string",
         "maxLength": 256
        },
        "pausedBy": {
         "description": "Who paused it.",
         "type": "string",
         "maxLength": 256
        },
        "acknowledgedBy": {
         "description": "Who acknowledged the security acts that held it.",
         "type": "string",
         "maxLength": 256
        },
        "retriedAt": {
         "description": "When somebody asked last to try again what went back.",
         "type": "string",
         "format": "date-time"
        },
        "promotedThrough": {
         "description": "Wave up to which pauses and bakes were skipped, counted from 1.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "promotedFully": {
         "description": "Whether all remaining pauses and bakes are skipped.",
         "type": "boolean"
        },
        "resumedThrough": {
         "description": "Wave up to which somebody went on although evidence was missing, counted from 1.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "acceptedFailures": {
         "description": "Failed assets that somebody has looked at; one more pauses the rollout again.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "acknowledged": {
         "description": "Ids of the security acts that were acknowledged. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "string",
          "maxLength": 253
         }
        }
       }
      },
      "answers": {
       "description": "Verbs that were carried out: who, when, and what they said. The newest last; at most 10, all of them are in the evidence log.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 10,
       "items": {
        "type": "object",
        "required": [
         "verb",
         "by",
         "at"
        ],
        "properties": {
         "verb": {
          "description": "The verb that was used.",
          "type": "string",
          "maxLength": 64
         },
         "by": {
          "description": "Who used the verb, as the API server knows the user.",
          "type": "string",
          "maxLength": 256
         },
         "at": {
          "description": "When it was carried out.",
          "type": "string",
          "format": "date-time"
         },
         "remark": {
          "description": "What the user said about it.",
          "type": "string",
          "maxLength": 256
         }
        }
       }
      },
      "acts": {
       "description": "Security acts that hold the rollout until a person acknowledges each of them. At most 10.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 10,
       "items": {
        "type": "object",
        "required": [
         "id",
         "object",
         "what"
        ],
        "properties": {
         "id": {
          "description": "Names this very act; acknowledging it names the same.",
          "type": "string",
          "maxLength": 253
         },
         "object": {
          "description": "Where it is acknowledged: <kind>/<name>.",
          "type": "string",
          "maxLength": 320
         },
         "what": {
          "description": "What was done to what.",
          "type": "string",
          "maxLength": 512
         }
        }
       }
      },
      "refused": {
       "description": "Verbs that were not carried out. At most 10.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 10,
       "items": {
        "type": "object",
        "required": [
         "annotation",
         "reason",
         "message"
        ],
        "properties": {
         "annotation": {
          "description": "The annotation that was refused.",
          "type": "string",
          "maxLength": 317
         },
         "reason": {
          "description": "Why, as one word.",
          "type": "string",
          "maxLength": 64
         },
         "message": {
          "description": "Why, and what would be right.",
          "type": "string",
          "maxLength": 512
         },
         "token": {
          "description": "The token of the request, where it could be read.",
          "type": "string",
          "maxLength": 64
         }
        }
       }
      },
      "evidence": {
       "description": "The evidence log.",
       "type": "object",
       "properties": {
        "entries": {
         "description": "Entries so far.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "head": {
         "description": "Hash of the last one; each contains the hash of the one before.",
         "type": "string",
         "maxLength": 64
        }
       }
      }
     }
    }
   }
  }
 },
 {
  "kind": "SecurityProfile",
  "plural": "securityprofiles",
  "singular": "securityprofile",
  "shortNames": [
   "secprof"
  ],
  "columns": [
   {
    "name": "Ready",
    "type": "string",
    "description": "Whether AWS matches the spec.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
   },
   {
    "name": "Status",
    "type": "string",
    "description": "What is going on, and what to do when it is not Ready.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
   },
   {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp"
   },
   {
    "name": "Profile",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.claim.name"
   },
   {
    "name": "Targets",
    "type": "integer",
    "priority": 1,
    "jsonPath": ".status.targets"
   },
   {
    "name": "Violations",
    "type": "integer",
    "priority": 1,
    "jsonPath": ".status.violations"
   },
   {
    "name": "Drift",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.drift.class"
   }
  ],
  "schema": {
   "description": "SecurityProfile is a Device Defender security profile: what is normal behaviour for the things it is attached to. An alarm is raised when a device does not behave so. AWS closed Detect to new customers on 31 August 2026; where an account does not have it, the object says so and the rest goes on. AWS page: https://docs.aws.amazon.com/iot-device-defender/latest/devguide/device-defender-detect.html",
   "type": "object",
   "required": [
    "spec"
   ],
   "x-kubernetes-validations": [
    {
     "rule": "has(self.spec.securityProfileName) || self.metadata.name.matches('^[a-zA-Z0-9:_-]{1,128}$')",
     "message": "metadata.name cannot serve as the name of a security profile (letters, digits, : _ -; at most 128): set spec.securityProfileName"
    }
   ],
   "properties": {
    "apiVersion": {
     "description": "Version of this schema: fleetward.dev/v1alpha1.",
     "type": "string"
    },
    "kind": {
     "description": "Always SecurityProfile.",
     "type": "string"
    },
    "metadata": {
     "type": "object"
    },
    "spec": {
     "description": "The profile as it should be.",
     "type": "object",
     "x-kubernetes-validations": [
      {
       "rule": "self.accountRef.name == oldSelf.accountRef.name",
       "message": "accountRef is immutable: create a new object in the other account and delete this one",
       "fieldPath": ".accountRef"
      },
      {
       "rule": "has(self.securityProfileName) == has(oldSelf.securityProfileName) && (!has(self.securityProfileName) || self.securityProfileName == oldSelf.securityProfileName)",
       "message": "securityProfileName is immutable, because AWS cannot rename: create a new object under the new name and delete this one",
       "fieldPath": ".securityProfileName"
      }
     ],
     "properties": {
      "accountRef": {
       "description": "The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.",
       "type": "object",
       "required": [
        "name"
       ],
       "default": {
        "name": "default"
       },
       "properties": {
        "name": {
         "description": "Name of the AWSAccount.",
         "type": "string",
         "minLength": 1,
         "maxLength": 253,
         "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        }
       }
      },
      "managementPolicy": {
       "description": "Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.",
       "type": "string",
       "enum": [
        "Manage",
        "Observe"
       ],
       "default": "Manage"
      },
      "adoption": {
       "description": "What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.",
       "type": "string",
       "enum": [
        "Create",
        "Adopt",
        "AdoptOrCreate"
       ],
       "default": "Create"
      },
      "deletionPolicy": {
       "description": "What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. The profile is detached from its targets first.",
       "type": "string",
       "enum": [
        "Retain",
        "Delete"
       ],
       "default": "Retain"
      },
      "driftPolicy": {
       "description": "What to do with a change made in AWS behind our back. Correct: set it back (the default; rights that were taken away are reported first, because somebody may be containing an incident). Report: condition and event only. Ignore: not even that.",
       "type": "string",
       "enum": [
        "Correct",
        "Report",
        "Ignore"
       ],
       "default": "Correct"
      },
      "suspend": {
       "description": "true stops every read and write for this object until it is false again; nothing is deleted. Default false.",
       "type": "boolean",
       "default": false
      },
      "securityProfileName": {
       "description": "Name of the profile: letters, digits, `:`, `_` and `-`, at most 128. Default: metadata.name. Immutable.",
       "type": "string",
       "minLength": 1,
       "maxLength": 128,
       "pattern": "^[a-zA-Z0-9:_-]+$"
      },
      "description": {
       "description": "What the profile watches, for people. At most 1,000 characters.",
       "type": "string",
       "maxLength": 1000
      },
      "behaviors": {
       "description": "What is normal. Write the norm, not the anomaly: `aws:num-authorization-failures less-than-equals 5` alarms above 5. At most 100.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 100,
       "x-kubernetes-validations": [
        {
         "rule": "self.all(b, self.exists_one(c, c.name == b.name))",
         "message": "names of behaviors must be unique within the profile"
        },
        {
         "rule": "self.all(b, has(b.criteria) && has(b.criteria.mlDetectionConfig)) || !self.exists(b, has(b.criteria) && has(b.criteria.mlDetectionConfig))",
         "message": "a profile is either learned (every behavior has mlDetectionConfig) or made of rules (none has): split it"
        }
       ],
       "items": {
        "description": "One behaviour. Without criteria its metric is collected and nothing is alarmed.",
        "type": "object",
        "required": [
         "name",
         "metric"
        ],
        "properties": {
         "name": {
          "description": "Name of the behaviour, unique within the profile.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[a-zA-Z0-9:_-]+$"
         },
         "metric": {
          "description": "Metric: one of AWS (`aws:num-authorization-failures`, `aws:num-messages-sent`, …) or the name of a custom metric.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[a-zA-Z0-9:_-]+$"
         },
         "metricDimension": {
          "description": "Narrows the metric to a dimension. Not with custom metrics.",
          "type": "object",
          "required": [
           "dimensionName"
          ],
          "properties": {
           "dimensionName": {
            "description": "Name of the dimension in AWS.",
            "type": "string",
            "minLength": 1,
            "maxLength": 128,
            "pattern": "^[a-zA-Z0-9:_-]+$"
           },
           "operator": {
            "description": "IN: what the dimension matches. NOT_IN: all the rest. IN when not given.",
            "type": "string",
            "enum": [
             "IN",
             "NOT_IN"
            ]
           }
          }
         },
         "criteria": {
          "description": "When the behaviour is normal: a comparison with a value, a percentile, or a learned model; exactly one of value, statisticalThreshold and mlDetectionConfig.",
          "type": "object",
          "x-kubernetes-validations": [
           {
            "rule": "(has(self.value) ? 1 : 0) + (has(self.statisticalThreshold) ? 1 : 0) + (has(self.mlDetectionConfig) ? 1 : 0) == 1",
            "message": "give exactly one of value, statisticalThreshold and mlDetectionConfig"
           },
           {
            "rule": "has(self.mlDetectionConfig) != has(self.comparisonOperator)",
            "message": "value and statisticalThreshold need a comparisonOperator; mlDetectionConfig takes none"
           }
          ],
          "properties": {
           "comparisonOperator": {
            "description": "How the metric relates to the value.",
            "type": "string",
            "enum": [
             "less-than",
             "less-than-equals",
             "greater-than",
             "greater-than-equals",
             "in-cidr-set",
             "not-in-cidr-set",
             "in-port-set",
             "not-in-port-set",
             "in-set",
             "not-in-set"
            ]
           },
           "value": {
            "description": "The value: exactly one of the fields, as the metric demands.",
            "type": "object",
            "x-kubernetes-validations": [
             {
              "rule": "(has(self.count) ? 1 : 0) + (has(self.cidrs) ? 1 : 0) + (has(self.ports) ? 1 : 0) + (has(self.number) ? 1 : 0) + (has(self.numbers) ? 1 : 0) + (has(self.strings) ? 1 : 0) == 1",
              "message": "give exactly one of count, cidrs, ports, number, numbers and strings"
             }
            ],
            "properties": {
             "count": {
              "description": "For metrics that count.",
              "type": "integer",
              "format": "int64",
              "minimum": 0
             },
             "cidrs": {
              "description": "For IP addresses.",
              "type": "array",
              "x-kubernetes-list-type": "atomic",
              "maxItems": 100,
              "items": {
               "type": "string",
               "minLength": 2,
               "maxLength": 43
              }
             },
             "ports": {
              "description": "For ports.",
              "type": "array",
              "x-kubernetes-list-type": "atomic",
              "maxItems": 100,
              "items": {
               "type": "integer",
               "format": "int32",
               "minimum": 0,
               "maximum": 65535
              }
             },
             "number": {
              "description": "For a custom metric of type number.",
              "type": "number"
             },
             "numbers": {
              "description": "For a custom metric of type number-list.",
              "type": "array",
              "x-kubernetes-list-type": "atomic",
              "maxItems": 100,
              "items": {
               "type": "number"
              }
             },
             "strings": {
              "description": "For a custom metric of type string-list.",
              "type": "array",
              "x-kubernetes-list-type": "atomic",
              "maxItems": 100,
              "items": {
               "type": "string",
               "minLength": 1,
               "maxLength": 256
              }
             }
            }
           },
           "statisticalThreshold": {
            "description": "Compares with a percentile over all devices of the profile.",
            "type": "object",
            "required": [
             "statistic"
            ],
            "properties": {
             "statistic": {
              "description": "Percentile.",
              "type": "string",
              "enum": [
               "p0",
               "p0.1",
               "p0.01",
               "p1",
               "p10",
               "p50",
               "p90",
               "p99",
               "p99.9",
               "p99.99",
               "p100"
              ]
             }
            }
           },
           "mlDetectionConfig": {
            "description": "Compares with what AWS learned about the device in the last two weeks.",
            "type": "object",
            "required": [
             "confidenceLevel"
            ],
            "properties": {
             "confidenceLevel": {
              "description": "How sure AWS must be. HIGH alarms least.",
              "type": "string",
              "enum": [
               "LOW",
               "MEDIUM",
               "HIGH"
              ]
             }
            }
           },
           "durationSeconds": {
            "description": "Seconds over which the metric is taken: 300, 600, 900, 1800 or 3600.",
            "type": "integer",
            "format": "int64",
            "enum": [
             300,
             600,
             900,
             1800,
             3600
            ]
           },
           "consecutiveDatapointsToAlarm": {
            "description": "Datapoints in a row that must be wrong for an alarm. 1 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 10
           },
           "consecutiveDatapointsToClear": {
            "description": "Datapoints in a row that must be right to clear it. 1 when not given.",
            "type": "integer",
            "format": "int64",
            "minimum": 1,
            "maximum": 10
           }
          }
         },
         "suppressAlerts": {
          "description": "true records violations without sending them to alertTargets. Default false.",
          "type": "boolean"
         },
         "exportMetric": {
          "description": "true exports the metric by metricsExportConfig. Default false.",
          "type": "boolean"
         }
        }
       }
      },
      "alertTargets": {
       "description": "Where alarms go.",
       "type": "object",
       "properties": {
        "SNS": {
         "description": "An SNS topic.",
         "type": "object",
         "required": [
          "alertTargetArn",
          "roleArn"
         ],
         "properties": {
          "alertTargetArn": {
           "description": "ARN of the topic.",
           "type": "string",
           "minLength": 1,
           "maxLength": 2048,
           "pattern": "^arn:[a-z0-9-]+:"
          },
          "roleArn": {
           "description": "ARN of the role by which AWS publishes to it.",
           "type": "string",
           "minLength": 20,
           "maxLength": 2048,
           "pattern": "^arn:[a-z0-9-]+:"
          }
         }
        }
       }
      },
      "additionalMetricsToRetain": {
       "description": "Metrics that are kept although no behaviour uses them. At most 100.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 100,
       "items": {
        "description": "One metric.",
        "type": "object",
        "required": [
         "metric"
        ],
        "properties": {
         "metric": {
          "description": "Metric: one of AWS (`aws:num-authorization-failures`, `aws:num-messages-sent`, …) or the name of a custom metric.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[a-zA-Z0-9:_-]+$"
         },
         "metricDimension": {
          "description": "Narrows the metric to a dimension. Not with custom metrics.",
          "type": "object",
          "required": [
           "dimensionName"
          ],
          "properties": {
           "dimensionName": {
            "description": "Name of the dimension in AWS.",
            "type": "string",
            "minLength": 1,
            "maxLength": 128,
            "pattern": "^[a-zA-Z0-9:_-]+$"
           },
           "operator": {
            "description": "IN: what the dimension matches. NOT_IN: all the rest. IN when not given.",
            "type": "string",
            "enum": [
             "IN",
             "NOT_IN"
            ]
           }
          }
         },
         "exportMetric": {
          "description": "true exports the metric by metricsExportConfig. Default false.",
          "type": "boolean"
         }
        }
       }
      },
      "metricsExportConfig": {
       "description": "Publishes metrics to an MQTT topic.",
       "type": "object",
       "required": [
        "mqttTopic",
        "roleArn"
       ],
       "properties": {
        "mqttTopic": {
         "description": "MQTT topic that the metrics are published to.",
         "type": "string",
         "minLength": 1,
         "maxLength": 512
        },
        "roleArn": {
         "description": "ARN of the role by which AWS publishes to it.",
         "type": "string",
         "minLength": 20,
         "maxLength": 2048,
         "pattern": "^arn:[a-z0-9-]+:"
        }
       }
      },
      "targets": {
       "description": "What the profile is attached to: groups, or all things. AWS takes at most five profiles on a target. At most 100.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 100,
       "items": {
        "description": "One target: exactly one of name and scope.",
        "type": "object",
        "x-kubernetes-validations": [
         {
          "rule": "has(self.name) != has(self.scope)",
          "message": "give exactly one of name and scope"
         }
        ],
        "properties": {
         "kind": {
          "description": "Kind of the object that name names. Always ThingGroup, and may be left out.",
          "type": "string",
          "enum": [
           "ThingGroup"
          ]
         },
         "name": {
          "description": "Name of a ThingGroup in the same namespace.",
          "type": "string",
          "minLength": 1,
          "maxLength": 253,
          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
         },
         "scope": {
          "description": "AllThings: every thing and every client. RegisteredThings: the things of the registry. UnregisteredThings: clients that are not in the registry.",
          "type": "string",
          "enum": [
           "AllThings",
           "RegisteredThings",
           "UnregisteredThings"
          ]
         }
        }
       }
      }
     }
    },
    "status": {
     "description": "The profile as AWS shows it.",
     "type": "object",
     "properties": {
      "observedGeneration": {
       "description": "metadata.generation that was last brought to an end, successfully or not.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "conditions": {
       "description": "What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.",
       "type": "array",
       "x-kubernetes-list-type": "map",
       "x-kubernetes-list-map-keys": [
        "type"
       ],
       "maxItems": 20,
       "items": {
        "type": "object",
        "required": [
         "type",
         "status",
         "reason",
         "message",
         "lastTransitionTime"
        ],
        "properties": {
         "type": {
          "description": "Name of the condition, for example Ready.",
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "status": {
          "description": "True, False, or Unknown while it is not known.",
          "type": "string",
          "enum": [
           "True",
           "False",
           "Unknown"
          ]
         },
         "reason": {
          "description": "The cause as one word; the event that announced it has the same reason.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "message": {
          "description": "What happened, on which AWS object, what happens next and what a person can do. At most 1,024 characters.",
          "type": "string",
          "maxLength": 1024
         },
         "lastTransitionTime": {
          "description": "When status last changed.",
          "type": "string",
          "format": "date-time"
         },
         "observedGeneration": {
          "description": "metadata.generation that this condition speaks of.",
          "type": "integer",
          "format": "int64",
          "minimum": 0
         }
        }
       }
      },
      "lastHandledReconcileAt": {
       "description": "Value of the annotation `reconcile.fleetward.dev/requestedAt` that was last acted on.",
       "type": "string",
       "maxLength": 128
      },
      "arn": {
       "description": "ARN of the object in AWS.",
       "type": "string",
       "maxLength": 2048
      },
      "claim": {
       "description": "The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.",
       "type": "object",
       "required": [
        "accountId",
        "region",
        "name"
       ],
       "properties": {
        "accountId": {
         "description": "Verified AWS account of the claim, twelve digits.",
         "type": "string",
         "maxLength": 12
        },
        "region": {
         "description": "AWS region of the claim.",
         "type": "string",
         "maxLength": 32
        },
        "name": {
         "description": "Name in AWS.",
         "type": "string",
         "maxLength": 128
        },
        "since": {
         "description": "Since when.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "drift": {
       "description": "How AWS differs from the spec. Absent when it does not.",
       "type": "object",
       "required": [
        "class",
        "since",
        "total"
       ],
       "properties": {
        "class": {
         "description": "Worst class of the differences: widened, narrowed, mitigation, foreign, missing or changed.",
         "type": "string",
         "enum": [
          "widened",
          "narrowed",
          "mitigation",
          "foreign",
          "missing",
          "changed"
         ]
        },
        "since": {
         "description": "When the difference was first seen.",
         "type": "string",
         "format": "date-time"
        },
        "total": {
         "description": "Number of differences; the list shows at most 20.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "fields": {
         "description": "The differences, worst first. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "object",
          "required": [
           "field",
           "class"
          ],
          "properties": {
           "field": {
            "description": "Where, as a path, for example `attributes.site` or `certificates[a].policies`.",
            "type": "string",
            "maxLength": 256
           },
           "class": {
            "description": "Class of this difference.",
            "type": "string",
            "enum": [
             "widened",
             "narrowed",
             "mitigation",
             "foreign",
             "missing",
             "changed"
            ]
           },
           "want": {
            "description": "What the spec says, shortened.",
            "type": "string",
            "maxLength": 256
           },
           "got": {
            "description": "What AWS says, shortened.",
            "type": "string",
            "maxLength": 256
           }
          }
         }
        }
       }
      },
      "lastWriteTime": {
       "description": "When this object last changed AWS. Differences that this write explains are not judged until it has settled.",
       "type": "string",
       "format": "date-time"
      },
      "version": {
       "description": "Version of the profile in AWS, as it was last seen.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "behaviors": {
       "description": "Number of behaviours in AWS.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "targets": {
       "description": "Number of targets the profile is attached to.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "violations": {
       "description": "Behaviours in alarm now, where that is known.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      }
     }
    }
   }
  }
 },
 {
  "kind": "ThingGroup",
  "plural": "thinggroups",
  "singular": "thinggroup",
  "shortNames": [
   "tg"
  ],
  "columns": [
   {
    "name": "Ready",
    "type": "string",
    "description": "Whether AWS matches the spec.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
   },
   {
    "name": "Status",
    "type": "string",
    "description": "What is going on, and what to do when it is not Ready.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
   },
   {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp"
   },
   {
    "name": "Group",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.claim.name"
   },
   {
    "name": "Parent",
    "type": "string",
    "priority": 1,
    "jsonPath": ".spec.parentRef.name"
   },
   {
    "name": "Members",
    "type": "integer",
    "priority": 1,
    "jsonPath": ".status.members"
   },
   {
    "name": "Query",
    "type": "string",
    "priority": 1,
    "jsonPath": ".spec.query"
   },
   {
    "name": "Quarantine",
    "type": "boolean",
    "priority": 1,
    "jsonPath": ".spec.quarantine"
   },
   {
    "name": "Drift",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.drift.class"
   }
  ],
  "schema": {
   "description": "ThingGroup is an AWS IoT thing group: static when Devices name it in their groupRefs, dynamic when it has a query. Policies on a static group apply to its members and to those of all groups below it. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/thing-groups.html",
   "type": "object",
   "required": [
    "spec"
   ],
   "x-kubernetes-validations": [
    {
     "rule": "has(self.spec.thingGroupName) || self.metadata.name.matches('^[a-zA-Z0-9:_-]{1,128}$')",
     "message": "metadata.name cannot serve as the name of a thing group (letters, digits, : _ -; at most 128): set spec.thingGroupName"
    }
   ],
   "properties": {
    "apiVersion": {
     "description": "Version of this schema: fleetward.dev/v1alpha1.",
     "type": "string"
    },
    "kind": {
     "description": "Always ThingGroup.",
     "type": "string"
    },
    "metadata": {
     "type": "object"
    },
    "spec": {
     "description": "The group as it should be.",
     "type": "object",
     "x-kubernetes-validations": [
      {
       "rule": "self.accountRef.name == oldSelf.accountRef.name",
       "message": "accountRef is immutable: create a new object in the other account and delete this one",
       "fieldPath": ".accountRef"
      },
      {
       "rule": "has(self.thingGroupName) == has(oldSelf.thingGroupName) && (!has(self.thingGroupName) || self.thingGroupName == oldSelf.thingGroupName)",
       "message": "thingGroupName is immutable, because AWS cannot rename: create a new object under the new name and delete this one",
       "fieldPath": ".thingGroupName"
      },
      {
       "rule": "has(self.parentRef) == has(oldSelf.parentRef) && (!has(self.parentRef) || self.parentRef.name == oldSelf.parentRef.name)",
       "message": "parentRef is immutable, because AWS fixes the parent of a group at creation: create a new group",
       "fieldPath": ".parentRef"
      },
      {
       "rule": "has(self.query) == has(oldSelf.query)",
       "message": "a static group cannot become dynamic, nor a dynamic one static: create a new group",
       "fieldPath": ".query"
      },
      {
       "rule": "!has(self.query) || !has(self.parentRef)",
       "message": "a dynamic group (one with a query) has no parent",
       "fieldPath": ".parentRef"
      },
      {
       "rule": "!has(self.query) || !has(self.policyRefs) || self.policyRefs.size() == 0",
       "message": "AWS takes no policies on a dynamic group (one with a query): put them on the Devices or on a static group",
       "fieldPath": ".policyRefs"
      },
      {
       "rule": "!self.quarantine || (!has(self.parentRef) && !has(self.query))",
       "message": "a quarantine group is a static group without a parent, so that every thing can be put into it",
       "fieldPath": ".quarantine"
      }
     ],
     "properties": {
      "accountRef": {
       "description": "The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.",
       "type": "object",
       "required": [
        "name"
       ],
       "default": {
        "name": "default"
       },
       "properties": {
        "name": {
         "description": "Name of the AWSAccount.",
         "type": "string",
         "minLength": 1,
         "maxLength": 253,
         "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        }
       }
      },
      "managementPolicy": {
       "description": "Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.",
       "type": "string",
       "enum": [
        "Manage",
        "Observe"
       ],
       "default": "Manage"
      },
      "adoption": {
       "description": "What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.",
       "type": "string",
       "enum": [
        "Create",
        "Adopt",
        "AdoptOrCreate"
       ],
       "default": "Create"
      },
      "deletionPolicy": {
       "description": "What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. A group with groups below it goes after them.",
       "type": "string",
       "enum": [
        "Retain",
        "Delete"
       ],
       "default": "Retain"
      },
      "driftPolicy": {
       "description": "What to do with a change made in AWS behind our back. Correct: set it back (the default; rights that were taken away are reported first, because somebody may be containing an incident). Report: condition and event only. Ignore: not even that.",
       "type": "string",
       "enum": [
        "Correct",
        "Report",
        "Ignore"
       ],
       "default": "Correct"
      },
      "suspend": {
       "description": "true stops every read and write for this object until it is false again; nothing is deleted. Default false.",
       "type": "boolean",
       "default": false
      },
      "thingGroupName": {
       "description": "Name of the group: letters, digits, `:`, `_` and `-`, at most 128. Default: metadata.name. Immutable.",
       "type": "string",
       "minLength": 1,
       "maxLength": 128,
       "pattern": "^[a-zA-Z0-9:_-]+$"
      },
      "parentRef": {
       "description": "The ThingGroup above this one. Immutable, because AWS fixes it at creation. At most seven levels; at most 100 groups directly below one.",
       "type": "object",
       "required": [
        "name"
       ],
       "properties": {
        "kind": {
         "description": "Kind of the object. Always ThingGroup, which is the default.",
         "type": "string",
         "enum": [
          "ThingGroup"
         ],
         "default": "ThingGroup"
        },
        "name": {
         "description": "Name of the object in the same namespace.",
         "type": "string",
         "minLength": 1,
         "maxLength": 253,
         "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        }
       }
      },
      "description": {
       "description": "What the group is, for people. At most 2,028 characters.",
       "type": "string",
       "maxLength": 2028
      },
      "attributes": {
       "description": "Attributes of the group. Names and values as for a thing. At most 50.",
       "type": "object",
       "maxProperties": 50,
       "additionalProperties": {
        "description": "A value: letters, digits and `_ . , @ / : # = [ ] -`, no blanks, 1 to 800 characters.",
        "type": "string",
        "minLength": 1,
        "maxLength": 800,
        "pattern": "^[a-zA-Z0-9_.,@/:#=\\[\\]-]*$"
       },
       "x-kubernetes-validations": [
        {
         "rule": "self.all(k, k.size() > 0 && k.size() <= 128)",
         "message": "attribute names have 1 to 128 characters"
        },
        {
         "rule": "self.all(k, k.matches('^[a-zA-Z0-9_.,@/:#-]+$'))",
         "message": "attribute names consist of letters, digits and _ . , @ / : # -"
        }
       ]
      },
      "query": {
       "description": "Makes the group dynamic: AWS keeps it filled with the things that match, for example `attributes.firmware:1.4 AND connectivity.connected:true`. Needs fleet indexing; at most 1,000 characters and five terms. A dynamic group has no parent and no policies. Static and dynamic cannot be exchanged; the query itself may change. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/query-syntax.html",
       "type": "string",
       "minLength": 1,
       "maxLength": 1000
      },
      "policyRefs": {
       "description": "Policies on the group. They reach a member only while it connects under its thing name. At most 2, and only on a static group.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 2,
       "items": {
        "description": "A policy.",
        "type": "object",
        "required": [
         "name"
        ],
        "properties": {
         "kind": {
          "description": "Kind of the object. Always IoTPolicy, which is the default.",
          "type": "string",
          "enum": [
           "IoTPolicy"
          ],
          "default": "IoTPolicy"
         },
         "name": {
          "description": "Name of the object in the same namespace.",
          "type": "string",
          "minLength": 1,
          "maxLength": 253,
          "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
         }
        }
       }
      },
      "quarantine": {
       "description": "true marks a group that only security acts fill: its members are never taken out and never changed by the operator until a person acknowledges. Keep it without a parent. Default false.",
       "type": "boolean",
       "default": false
      }
     }
    },
    "status": {
     "description": "The group as AWS shows it.",
     "type": "object",
     "properties": {
      "observedGeneration": {
       "description": "metadata.generation that was last brought to an end, successfully or not.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "conditions": {
       "description": "What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.",
       "type": "array",
       "x-kubernetes-list-type": "map",
       "x-kubernetes-list-map-keys": [
        "type"
       ],
       "maxItems": 20,
       "items": {
        "type": "object",
        "required": [
         "type",
         "status",
         "reason",
         "message",
         "lastTransitionTime"
        ],
        "properties": {
         "type": {
          "description": "Name of the condition, for example Ready.",
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "status": {
          "description": "True, False, or Unknown while it is not known.",
          "type": "string",
          "enum": [
           "True",
           "False",
           "Unknown"
          ]
         },
         "reason": {
          "description": "The cause as one word; the event that announced it has the same reason.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "message": {
          "description": "What happened, on which AWS object, what happens next and what a person can do. At most 1,024 characters.",
          "type": "string",
          "maxLength": 1024
         },
         "lastTransitionTime": {
          "description": "When status last changed.",
          "type": "string",
          "format": "date-time"
         },
         "observedGeneration": {
          "description": "metadata.generation that this condition speaks of.",
          "type": "integer",
          "format": "int64",
          "minimum": 0
         }
        }
       }
      },
      "lastHandledReconcileAt": {
       "description": "Value of the annotation `reconcile.fleetward.dev/requestedAt` that was last acted on.",
       "type": "string",
       "maxLength": 128
      },
      "pendingChange": {
       "description": "What the spec changes in the policies of a group with members. The members get both sides on their certificates first, one asset at a time; then the group changes, which takes nothing from anybody; then they lose what goes, one asset at a time.",
       "type": "object",
       "required": [
        "since"
       ],
       "properties": {
        "attach": {
         "description": "AWS policies that the group is to get.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "maxLength": 128
         }
        },
        "detach": {
         "description": "AWS policies that the group is to lose.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "maxLength": 128
         }
        },
        "since": {
         "description": "Since when it waits.",
         "type": "string",
         "format": "date-time"
        },
        "waitsFor": {
         "description": "A member without the policies on its certificates; empty when every member has them.",
         "type": "string",
         "maxLength": 128
        },
        "attachedAt": {
         "description": "When a policy was last attached to the group. Written before AWS is called.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "arn": {
       "description": "ARN of the object in AWS.",
       "type": "string",
       "maxLength": 2048
      },
      "claim": {
       "description": "The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.",
       "type": "object",
       "required": [
        "accountId",
        "region",
        "name"
       ],
       "properties": {
        "accountId": {
         "description": "Verified AWS account of the claim, twelve digits.",
         "type": "string",
         "maxLength": 12
        },
        "region": {
         "description": "AWS region of the claim.",
         "type": "string",
         "maxLength": 32
        },
        "name": {
         "description": "Name in AWS.",
         "type": "string",
         "maxLength": 128
        },
        "since": {
         "description": "Since when.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "drift": {
       "description": "How AWS differs from the spec. Absent when it does not.",
       "type": "object",
       "required": [
        "class",
        "since",
        "total"
       ],
       "properties": {
        "class": {
         "description": "Worst class of the differences: widened, narrowed, mitigation, foreign, missing or changed.",
         "type": "string",
         "enum": [
          "widened",
          "narrowed",
          "mitigation",
          "foreign",
          "missing",
          "changed"
         ]
        },
        "since": {
         "description": "When the difference was first seen.",
         "type": "string",
         "format": "date-time"
        },
        "total": {
         "description": "Number of differences; the list shows at most 20.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "fields": {
         "description": "The differences, worst first. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "object",
          "required": [
           "field",
           "class"
          ],
          "properties": {
           "field": {
            "description": "Where, as a path, for example `attributes.site` or `certificates[a].policies`.",
            "type": "string",
            "maxLength": 256
           },
           "class": {
            "description": "Class of this difference.",
            "type": "string",
            "enum": [
             "widened",
             "narrowed",
             "mitigation",
             "foreign",
             "missing",
             "changed"
            ]
           },
           "want": {
            "description": "What the spec says, shortened.",
            "type": "string",
            "maxLength": 256
           },
           "got": {
            "description": "What AWS says, shortened.",
            "type": "string",
            "maxLength": 256
           }
          }
         }
        }
       }
      },
      "lastWriteTime": {
       "description": "When this object last changed AWS. Differences that this write explains are not judged until it has settled.",
       "type": "string",
       "format": "date-time"
      },
      "thingGroupId": {
       "description": "Id that AWS gave the group.",
       "type": "string",
       "maxLength": 128
      },
      "version": {
       "description": "Version of the group in the registry, as it was last seen.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "members": {
       "description": "Number of things in the group.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "queryStatus": {
       "description": "State of a dynamic group: ACTIVE, BUILDING or REBUILDING.",
       "type": "string",
       "maxLength": 32
      },
      "policies": {
       "description": "AWS policy names that are on the group now.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 20,
       "items": {
        "type": "string",
        "maxLength": 128
       }
      }
     }
    }
   }
  }
 },
 {
  "kind": "ThingType",
  "plural": "thingtypes",
  "singular": "thingtype",
  "shortNames": [
   "tt"
  ],
  "columns": [
   {
    "name": "Ready",
    "type": "string",
    "description": "Whether AWS matches the spec.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].status"
   },
   {
    "name": "Status",
    "type": "string",
    "description": "What is going on, and what to do when it is not Ready.",
    "jsonPath": ".status.conditions[?(@.type==\"Ready\")].message"
   },
   {
    "name": "Age",
    "type": "date",
    "jsonPath": ".metadata.creationTimestamp"
   },
   {
    "name": "Type",
    "type": "string",
    "priority": 1,
    "jsonPath": ".status.claim.name"
   },
   {
    "name": "Deprecated",
    "type": "boolean",
    "priority": 1,
    "jsonPath": ".spec.deprecated"
   },
   {
    "name": "Account",
    "type": "string",
    "priority": 1,
    "jsonPath": ".spec.accountRef.name"
   }
  ],
  "schema": {
   "description": "ThingType is an AWS IoT thing type: a kind of asset, with what all assets of that kind have in common. AWS page: https://docs.aws.amazon.com/iot/latest/developerguide/thing-types.html",
   "type": "object",
   "required": [
    "spec"
   ],
   "x-kubernetes-validations": [
    {
     "rule": "has(self.spec.thingTypeName) || self.metadata.name.matches('^[a-zA-Z0-9:_-]{1,128}$')",
     "message": "metadata.name cannot serve as the name of a thing type (letters, digits, : _ -; at most 128): set spec.thingTypeName"
    }
   ],
   "properties": {
    "apiVersion": {
     "description": "Version of this schema: fleetward.dev/v1alpha1.",
     "type": "string"
    },
    "kind": {
     "description": "Always ThingType.",
     "type": "string"
    },
    "metadata": {
     "type": "object"
    },
    "spec": {
     "description": "The thing type as it should be.",
     "type": "object",
     "x-kubernetes-validations": [
      {
       "rule": "self.accountRef.name == oldSelf.accountRef.name",
       "message": "accountRef is immutable: create a new object in the other account and delete this one",
       "fieldPath": ".accountRef"
      },
      {
       "rule": "has(self.thingTypeName) == has(oldSelf.thingTypeName) && (!has(self.thingTypeName) || self.thingTypeName == oldSelf.thingTypeName)",
       "message": "thingTypeName is immutable, because AWS cannot rename: create a new object under the new name and delete this one",
       "fieldPath": ".thingTypeName"
      }
     ],
     "properties": {
      "accountRef": {
       "description": "The AWSAccount in the same namespace that this object lives in. Default: the AWSAccount named `default`. Immutable: to move an object to another account, create a new one there.",
       "type": "object",
       "required": [
        "name"
       ],
       "default": {
        "name": "default"
       },
       "properties": {
        "name": {
         "description": "Name of the AWSAccount.",
         "type": "string",
         "minLength": 1,
         "maxLength": 253,
         "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
        }
       }
      },
      "managementPolicy": {
       "description": "Manage: AWS is made to match this object. Observe: AWS is only read and compared; nothing is ever written. Default Manage. A value that this version does not know is treated as Observe and reported.",
       "type": "string",
       "enum": [
        "Manage",
        "Observe"
       ],
       "default": "Manage"
      },
      "adoption": {
       "description": "What to do when the AWS object already exists and carries no mark of this installation. Create: refuse, and say so (the default). Adopt: take it over, and never create it. AdoptOrCreate: take it over if it is there, create it if not. An AWS object with our own mark is ours whatever this says; one with the mark of another installation is always refused.",
       "type": "string",
       "enum": [
        "Create",
        "Adopt",
        "AdoptOrCreate"
       ],
       "default": "Create"
      },
      "deletionPolicy": {
       "description": "What happens in AWS when this object is deleted. Retain: nothing, the AWS object stays (the default). Delete: it is taken down in the order AWS demands; until that is done a finalizer keeps this object. AWS demands that a type is deprecated for five minutes and unused before it goes; the operator deprecates it and waits.",
       "type": "string",
       "enum": [
        "Retain",
        "Delete"
       ],
       "default": "Retain"
      },
      "driftPolicy": {
       "description": "What to do with a change made in AWS behind our back. Correct: set it back (the default; rights that were taken away are reported first, because somebody may be containing an incident). Report: condition and event only. Ignore: not even that.",
       "type": "string",
       "enum": [
        "Correct",
        "Report",
        "Ignore"
       ],
       "default": "Correct"
      },
      "suspend": {
       "description": "true stops every read and write for this object until it is false again; nothing is deleted. Default false.",
       "type": "boolean",
       "default": false
      },
      "thingTypeName": {
       "description": "Name of the thing type: letters, digits, `:`, `_` and `-`, at most 128. Default: metadata.name. Immutable.",
       "type": "string",
       "minLength": 1,
       "maxLength": 128,
       "pattern": "^[a-zA-Z0-9:_-]+$"
      },
      "description": {
       "description": "What the type is, for people. At most 2,028 characters.",
       "type": "string",
       "maxLength": 2028
      },
      "searchableAttributes": {
       "description": "Names of up to three attributes by which things of this type can be listed without the fleet index.",
       "type": "array",
       "x-kubernetes-list-type": "atomic",
       "maxItems": 3,
       "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 128,
        "pattern": "^[a-zA-Z0-9_.,@/:#-]+$"
       }
      },
      "deprecated": {
       "description": "true keeps new things from taking this type; those that have it keep it. Default false, which also lifts an earlier deprecation.",
       "type": "boolean",
       "default": false
      },
      "lifeline": {
       "description": "What every asset of this type must never lose. Connecting under its own client ids is always part of it; everything here adds to that. The lifeline of an asset is the union of those of its AWSAccount, its ThingType and the Device, and an IoTPolicy may add to it for its own users; none of them takes away from another. A rollout whose result would not permit the lifeline does not start.",
       "type": "object",
       "properties": {
        "jobs": {
         "description": "Jobs over MQTT: receiving notifications of jobs for the own thing, asking for them and reporting progress (topics below `$aws/things/<thing>/jobs`). Default false.",
         "type": "boolean"
        },
        "classicShadow": {
         "description": "The unnamed device shadow of the own thing: get, update and the answers to both. Default false.",
         "type": "boolean"
        },
        "namedShadows": {
         "description": "Named shadows of the own thing that must stay usable. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[$a-zA-Z0-9:_-]+$"
         }
        },
        "tunnels": {
         "description": "Secure tunneling: the notification topic of the own thing. Default false.",
         "type": "boolean"
        },
        "roleAliases": {
         "description": "Role aliases whose credentials the asset fetches with its certificate (`iot:AssumeRoleWithCertificate`). At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[\\w=,@-]+$"
         }
        },
        "persistentSession": {
         "description": "The asset connects with a persistent session (MQTT 3.1.1 cleanSession=0, MQTT 5 session expiry above 0), so the connection must be permitted with that feature. Default false.",
         "type": "boolean"
        },
        "willTopics": {
         "description": "Topics of the last will that the asset hands over when it connects. AWS refuses the connection when the will may not be published. Thing variables such as `${iot:Connection.Thing.ThingName}` are filled in. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 256
         }
        },
        "domains": {
         "description": "Endpoint host names through which the asset connects, where a policy looks at `iot:DomainName`. At most 5.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 5,
         "items": {
          "type": "string",
          "minLength": 1,
          "maxLength": 253
         }
        },
        "sourceNetworks": {
         "description": "Networks (CIDR) from which the asset connects, where a policy looks at `aws:SourceIp`. At most 10.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 10,
         "items": {
          "type": "string",
          "minLength": 3,
          "maxLength": 43,
          "pattern": "^[0-9a-fA-F.:]+/[0-9]{1,3}$"
         }
        },
        "allow": {
         "description": "Further requests that must stay permitted, for what the switches above do not name. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "object",
          "required": [
           "actions",
           "resources"
          ],
          "properties": {
           "actions": {
            "description": "Actions of AWS IoT, for example `iot:Publish`. At most 10.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 10,
            "minItems": 1,
            "items": {
             "type": "string",
             "minLength": 1,
             "maxLength": 64,
             "pattern": "^iot[a-z]*:[A-Za-z]+$"
            }
           },
           "resources": {
            "description": "Resources without the ARN prefix, for example `topic/alarms/${iot:Connection.Thing.ThingName}`; `topicfilter/`, `client/`, `thing/` and `rolealias/` likewise. At most 20.",
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "maxItems": 20,
            "minItems": 1,
            "items": {
             "type": "string",
             "minLength": 1,
             "maxLength": 512,
             "pattern": "^(topic|topicfilter|client|thing|rolealias)/"
            }
           }
          }
         }
        }
       }
      }
     }
    },
    "status": {
     "description": "The thing type as AWS shows it.",
     "type": "object",
     "properties": {
      "observedGeneration": {
       "description": "metadata.generation that was last brought to an end, successfully or not.",
       "type": "integer",
       "format": "int64",
       "minimum": 0
      },
      "conditions": {
       "description": "What is known about the object. Ready sums it up and is what `kubectl wait --for=condition=Ready` looks at; Reconciling means that work is under way; Stalled means that a person has to act, and its message says how.",
       "type": "array",
       "x-kubernetes-list-type": "map",
       "x-kubernetes-list-map-keys": [
        "type"
       ],
       "maxItems": 20,
       "items": {
        "type": "object",
        "required": [
         "type",
         "status",
         "reason",
         "message",
         "lastTransitionTime"
        ],
        "properties": {
         "type": {
          "description": "Name of the condition, for example Ready.",
          "type": "string",
          "minLength": 1,
          "maxLength": 64,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "status": {
          "description": "True, False, or Unknown while it is not known.",
          "type": "string",
          "enum": [
           "True",
           "False",
           "Unknown"
          ]
         },
         "reason": {
          "description": "The cause as one word; the event that announced it has the same reason.",
          "type": "string",
          "minLength": 1,
          "maxLength": 128,
          "pattern": "^[A-Z][A-Za-z0-9]*$"
         },
         "message": {
          "description": "What happened, on which AWS object, what happens next and what a person can do. At most 1,024 characters.",
          "type": "string",
          "maxLength": 1024
         },
         "lastTransitionTime": {
          "description": "When status last changed.",
          "type": "string",
          "format": "date-time"
         },
         "observedGeneration": {
          "description": "metadata.generation that this condition speaks of.",
          "type": "integer",
          "format": "int64",
          "minimum": 0
         }
        }
       }
      },
      "lastHandledReconcileAt": {
       "description": "Value of the annotation `reconcile.fleetward.dev/requestedAt` that was last acted on.",
       "type": "string",
       "maxLength": 128
      },
      "arn": {
       "description": "ARN of the object in AWS.",
       "type": "string",
       "maxLength": 2048
      },
      "claim": {
       "description": "The AWS name this object holds. Of several objects that name the same AWS object only one holds it; the others are Stalled with reason NameConflict.",
       "type": "object",
       "required": [
        "accountId",
        "region",
        "name"
       ],
       "properties": {
        "accountId": {
         "description": "Verified AWS account of the claim, twelve digits.",
         "type": "string",
         "maxLength": 12
        },
        "region": {
         "description": "AWS region of the claim.",
         "type": "string",
         "maxLength": 32
        },
        "name": {
         "description": "Name in AWS.",
         "type": "string",
         "maxLength": 128
        },
        "since": {
         "description": "Since when.",
         "type": "string",
         "format": "date-time"
        }
       }
      },
      "drift": {
       "description": "How AWS differs from the spec. Absent when it does not.",
       "type": "object",
       "required": [
        "class",
        "since",
        "total"
       ],
       "properties": {
        "class": {
         "description": "Worst class of the differences: widened, narrowed, mitigation, foreign, missing or changed.",
         "type": "string",
         "enum": [
          "widened",
          "narrowed",
          "mitigation",
          "foreign",
          "missing",
          "changed"
         ]
        },
        "since": {
         "description": "When the difference was first seen.",
         "type": "string",
         "format": "date-time"
        },
        "total": {
         "description": "Number of differences; the list shows at most 20.",
         "type": "integer",
         "format": "int64",
         "minimum": 0
        },
        "fields": {
         "description": "The differences, worst first. At most 20.",
         "type": "array",
         "x-kubernetes-list-type": "atomic",
         "maxItems": 20,
         "items": {
          "type": "object",
          "required": [
           "field",
           "class"
          ],
          "properties": {
           "field": {
            "description": "Where, as a path, for example `attributes.site` or `certificates[a].policies`.",
            "type": "string",
            "maxLength": 256
           },
           "class": {
            "description": "Class of this difference.",
            "type": "string",
            "enum": [
             "widened",
             "narrowed",
             "mitigation",
             "foreign",
             "missing",
             "changed"
            ]
           },
           "want": {
            "description": "What the spec says, shortened.",
            "type": "string",
            "maxLength": 256
           },
           "got": {
            "description": "What AWS says, shortened.",
            "type": "string",
            "maxLength": 256
           }
          }
         }
        }
       }
      },
      "lastWriteTime": {
       "description": "When this object last changed AWS. Differences that this write explains are not judged until it has settled.",
       "type": "string",
       "format": "date-time"
      },
      "thingTypeId": {
       "description": "Id that AWS gave the type.",
       "type": "string",
       "maxLength": 128
      },
      "deprecatedSince": {
       "description": "Since when it is deprecated in AWS.",
       "type": "string",
       "format": "date-time"
      }
     }
    }
   }
  }
 }
];
