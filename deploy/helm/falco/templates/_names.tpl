{{/* Names and labels. A release called falco has an agent "falco" and a relay "falco-falcosidekick". */}}

{{- define "falco.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "falco.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "falco.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "falco.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{- define "falco.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "falco.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "falco.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "falco.selectorLabels" -}}
app.kubernetes.io/name: {{ include "falco.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "falco.commonLabels" -}}
helm.sh/chart: {{ include "falco.chart" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "falco.labels" -}}
{{ include "falco.selectorLabels" . }}
{{ include "falco.commonLabels" . }}
{{- end -}}

{{- define "relay.name" -}}
{{- default "falcosidekick" .Values.falcosidekick.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "relay.fullname" -}}
{{- if .Values.falcosidekick.fullnameOverride -}}
{{- .Values.falcosidekick.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "relay.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "relay.selectorLabels" -}}
app.kubernetes.io/name: {{ include "relay.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: core
{{- end -}}

{{- define "relay.labels" -}}
{{ include "relay.selectorLabels" . }}
{{ include "falco.commonLabels" . }}
{{- end -}}

{{- define "relay.scheme" -}}
{{- ternary "https" "http" (eq (toString .Values.falcosidekick.config.tlsserver.deploy) "true") -}}
{{- end -}}

{{- define "relay.url" -}}
{{- $host := include "relay.fullname" . -}}
{{- if .Values.falcosidekick.fullfqdn -}}
{{- $host = printf "%s.%s.svc.cluster.local" $host (include "falco.namespace" .) -}}
{{- end -}}
{{- printf "%s://%s:%v" (include "relay.scheme" .) $host .Values.falcosidekick.service.port -}}
{{- end -}}

{{/* registry/repository:tag; takes {image, chart}. */}}
{{- define "saker.image" -}}
{{- $tag := default .chart.AppVersion .image.tag -}}
{{- $name := printf "%s:%v" .image.repository $tag -}}
{{- ternary (printf "%s/%s" .image.registry $name) $name (ne .image.registry "") -}}
{{- end -}}

{{/* Resources without the keys that a values file took away with null. */}}
{{- define "saker.resources" -}}
{{- $clean := dict -}}
{{- range $kind, $entries := . -}}
{{- if kindIs "map" $entries -}}
{{- $kept := dict -}}
{{- range $name, $amount := $entries -}}
{{- if not (kindIs "invalid" $amount) -}}{{- $_ := set $kept $name $amount -}}{{- end -}}
{{- end -}}
{{- if $kept -}}{{- $_ := set $clean $kind $kept -}}{{- end -}}
{{- else if not (kindIs "invalid" $entries) -}}
{{- $_ := set $clean $kind $entries -}}
{{- end -}}
{{- end -}}
{{- toYaml $clean -}}
{{- end -}}
