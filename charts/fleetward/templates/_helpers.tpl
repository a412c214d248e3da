{{- define "fleetward.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "fleetward.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else -}}
{{- $name := include "fleetward.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "fleetward.selector" -}}
app.kubernetes.io/name: {{ include "fleetward.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "fleetward.labels" -}}
{{ include "fleetward.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/component: operator
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.extraLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "fleetward.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "fleetward.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "fleetward.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What the operator may do with objects, in the namespaces it watches. No wildcard; Secrets by name only: no list, no watch. */}}
{{- define "fleetward.rules" -}}
- apiGroups: [fleetward.dev]
  resources: [awsaccounts, devices, thingtypes, thinggroups, iotpolicies, securityprofiles]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [fleetward.dev]
  resources: [fleetsources]
  verbs: [list, watch, create, patch, delete]
- apiGroups: [fleetward.dev]
  resources: [policyrollouts]
  verbs: [list, watch, create, patch]
- apiGroups: [fleetward.dev]
  resources:
    - fleetsources/status
    - awsaccounts/status
    - devices/status
    - thingtypes/status
    - thinggroups/status
    - iotpolicies/status
    - securityprofiles/status
    - policyrollouts/status
  verbs: [patch]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{- define "fleetward.config" -}}
installation: {{ .Values.operator.installation | quote }}
{{- with .Values.operator.watchNamespaces }}
watchNamespaces:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.operator.allowedRoleArns }}
allowedRoleArns:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.operator.allowedEndpoints }}
allowedEndpoints:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.operator.allowedCheckHosts }}
allowedCheckHosts:
  {{- toYaml . | nindent 2 }}
{{- end }}
allowFileSources: {{ .Values.operator.allowFileSources }}
usersPinned: {{ .Values.admissionPolicy.create }}
{{- if .Values.evidence.volume }}
evidence: /var/lib/fleetward/evidence
{{- end }}
{{- with .Values.operator.endpoint }}
endpoint: {{ . | quote }}
{{- end }}
concurrency: {{ .Values.operator.concurrency }}
creationsPerSecond: {{ .Values.operator.creationsPerSecond }}
log:
  level: {{ .Values.operator.log.level }}
  format: {{ .Values.operator.log.format }}
leaderElection:
  name: {{ include "fleetward.fullname" . }}
  leaseDuration: {{ .Values.operator.leaderElection.leaseDuration }}
  renewDeadline: {{ .Values.operator.leaderElection.renewDeadline }}
  retryPeriod: {{ .Values.operator.leaderElection.retryPeriod }}
{{- end -}}
