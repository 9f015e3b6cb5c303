{{/* The name of everything namespaced: the release's, with the chart's where the release does not say it. */}}
{{- define "seaworthy.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* What selects our Pods: never changes over the life of a release. */}}
{{- define "seaworthy.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "seaworthy.labels" -}}
{{ include "seaworthy.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "seaworthy.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "seaworthy.tlsSecret" -}}
{{ .Values.certificates.secretName | default (printf "%s-tls" (include "seaworthy.name" .)) }}
{{- end -}}

{{/* cert-manager writes the CA into the webhook configurations. */}}
{{- define "seaworthy.caInjection" -}}
{{- if eq .Values.certificates.mode "cert-manager" -}}
annotations:
  cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/{{ include "seaworthy.name" . }}
{{- end -}}
{{- end -}}

{{/* Where the API server reaches us, at a path; by a URL where one is given. */}}
{{- define "seaworthy.clientConfig" -}}
{{- with .root -}}
clientConfig:
  {{- if $.url }}
  url: {{ $.url | quote }}
  {{- else }}
  service:
    name: {{ include "seaworthy.name" . }}
    namespace: {{ .Release.Namespace }}
    port: {{ .Values.service.port }}
    path: {{ $.path }}
  {{- end }}
  {{- if eq .Values.certificates.mode "provided" }}
  caBundle: {{ .Values.certificates.caBundle | b64enc }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* The namespaces that are opted in, without those that never are. */}}
{{- define "seaworthy.namespaceSelector" -}}
namespaceSelector:
  matchExpressions:
    {{- with .Values.webhook.namespaces }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values:
        {{- $always := list "kube-system" "kube-public" "kube-node-lease" "istio-system" "cert-manager" .Release.Namespace }}
        {{- concat $always .Values.webhook.excludeNamespaces | uniq | toYaml | nindent 8 }}
{{- end -}}

{{/*
Kinds with a pod template that are no part of Kubernetes, as resources by group: those that the server knows, and those that
config.workloads declares. A definition that is not installed does no harm. Nobody applies Knative's revisions.
*/}}
{{- define "seaworthy.customWorkloads" -}}
{{- $known := dict
  "apps.kruise.io" (list "clonesets" "daemonsets" "statefulsets")
  "argoproj.io" (list "rollouts")
  "jobset.x-k8s.io" (list "jobsets")
  "serving.knative.dev" (list "configurations" "services") }}
{{- range .Values.config.workloads }}
{{- $resource := .resource | default (printf "%ss" (lower .kind)) }}
{{- $_ := set $known .group (append (get $known .group | default list) $resource | uniq) }}
{{- end }}
{{- toYaml $known }}
{{- end -}}
