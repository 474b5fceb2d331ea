{{/* What cannot be rendered into something that works. Said before anything else. */}}
{{- define "falco.check" -}}
{{- if not (has .Values.driver.kind (list "modern_ebpf" "auto")) -}}
{{- fail (printf "unsupported driver kind %q: the probe is modern_ebpf (or auto); there is no kernel module to load" .Values.driver.kind) -}}
{{- end -}}
{{- if ne .Values.controller.kind "daemonset" -}}
{{- fail (printf "unsupported controller kind %q: every node needs an agent, so it must be daemonset" .Values.controller.kind) -}}
{{- end -}}
{{- with .Values.falcosidekick -}}
{{- if .webui.enabled -}}
{{- fail "falcosidekick.webui: there is no web UI; set grafana.dashboards.enabled instead" -}}
{{- end -}}
{{- if and .enabled .spool.persistent (gt (int .replicaCount) 1) -}}
{{- fail "falcosidekick.spool.persistent needs replicaCount 1: two relays cannot share a spool" -}}
{{- end -}}
{{- if and .enabled .config.tlsserver.deploy (not .config.tlsserver.existingSecret) -}}
{{- fail "falcosidekick.config.tlsserver.deploy needs tlsserver.existingSecret with server.crt and server.key" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* falco.yaml: what the values say, then what other values decide. */}}
{{- define "falco.config" -}}
{{- $config := deepCopy .Values.falco -}}
{{- $ebpf := .Values.driver.modernEbpf -}}
{{- $engine := dict "kind" "nodriver" -}}
{{- if .Values.driver.enabled -}}
{{- $buffers := dict "buf_size_preset" $ebpf.bufSizePreset "cpus_for_each_buffer" $ebpf.cpusForEachBuffer "drop_failed_exit" $ebpf.dropFailedExit -}}
{{- $engine = dict "kind" "modern_ebpf" "modern_ebpf" $buffers -}}
{{- end -}}
{{- $_ := set $config "engine" (mergeOverwrite (default dict $config.engine) $engine) -}}
{{- with .Values.metrics -}}
{{- if .enabled -}}
{{- $metrics := dict "enabled" true "interval" .interval "output_rule" .outputRule
      "rules_counters_enabled" .rulesCountersEnabled "resource_utilization_enabled" .resourceUtilizationEnabled
      "state_counters_enabled" .stateCountersEnabled "kernel_event_counters_enabled" .kernelEventCountersEnabled
      "kernel_event_counters_per_cpu_enabled" .kernelEventCountersPerCPUEnabled "libbpf_stats_enabled" .libbpfStatsEnabled
      "plugins_metrics_enabled" .pluginsMetricsEnabled "jemalloc_stats_enabled" .jemallocStatsEnabled
      "convert_memory_to_mb" .convertMemoryToMB "include_empty_values" .includeEmptyValues -}}
{{- $_ := set $config "metrics" (mergeOverwrite (default dict $config.metrics) $metrics) -}}
{{- $_ := set $config "webserver" (mergeOverwrite (default dict $config.webserver) (dict "enabled" true "prometheus_metrics_enabled" true)) -}}
{{- end -}}
{{- end -}}
{{- if .Values.falcosidekick.enabled -}}
{{- $_ := set $config "json_output" true -}}
{{- $_ := set $config "json_include_output_property" true -}}
{{- $_ := set $config "http_output" (mergeOverwrite (default dict $config.http_output) (dict "enabled" true "url" (include "relay.url" .))) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/*
The agent's rights. It is root in its container because Kubernetes gives capabilities to root only; it has those of the list
and no other. SYS_PTRACE reads /proc of other users' processes, SYS_RESOURCE raises the memory-lock limit of old kernels.
The profiles of AppArmor and seccomp that runtimes bring forbid bpf() and looking into other containers; the agent drops
what it does not need by itself once it has started.
*/}}
{{- define "falco.securityContext" -}}
{{- if .Values.containerSecurityContext -}}
{{- toYaml .Values.containerSecurityContext -}}
{{- else if not .Values.driver.enabled -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
  - ALL
readOnlyRootFilesystem: true
seccompProfile:
  type: RuntimeDefault
{{- else if .Values.driver.modernEbpf.leastPrivileged -}}
allowPrivilegeEscalation: false
appArmorProfile:
  type: Unconfined
capabilities:
  add:
  - BPF
  - PERFMON
  - SYS_PTRACE
  - SYS_RESOURCE
  drop:
  - ALL
readOnlyRootFilesystem: true
runAsUser: 0
seccompProfile:
  type: Unconfined
{{- else -}}
privileged: true
readOnlyRootFilesystem: true
runAsUser: 0
{{- end -}}
{{- end -}}

{{- define "falco.probe" -}}
httpGet:
  path: {{ .root.Values.falco.webserver.k8s_healthz_endpoint }}
  port: {{ .root.Values.falco.webserver.listen_port }}
  {{- if .root.Values.falco.webserver.ssl_enabled }}
  scheme: HTTPS
  {{- end }}
{{ toYaml .timing }}
{{- end -}}
