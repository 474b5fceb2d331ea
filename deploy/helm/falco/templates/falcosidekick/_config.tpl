{{/*
The relay's variables, as a YAML map: config.loki.hostport is LOKI_HOSTPORT. A map under one of the names below is one
variable (NAME:VALUE,NAME:VALUE), and a list is joined with commas. Empty is unset for the relay; customtags is left out when
empty because other readers take an empty one for a tag.
*/}}
{{- define "relay.variables" -}}
{{- $notVariables := list "existingSecret" "extraEnv" "extraArgs" "tlsserver.existingSecret" -}}
{{- $pairs := list "customfields" "templatedfields" "customheaders" "extralabels" "extraannotations" "customseveritymap" "headers" -}}
{{- $found := dict -}}
{{- $todo := list (dict "path" "" "value" .Values.falcosidekick.config) -}}
{{- range $depth := until 6 -}}
{{- $next := list -}}
{{- range $item := $todo -}}
{{- range $key, $value := $item.value -}}
{{- $path := ternary $key (printf "%s.%s" $item.path $key) (eq $item.path "") -}}
{{- $name := $path | replace "." "_" | upper -}}
{{- if has $path $notVariables -}}
{{- else if kindIs "invalid" $value -}}
{{- else if and (kindIs "map" $value) (has $key $pairs) -}}
{{- $texts := list -}}
{{- range $left, $right := $value -}}{{- $texts = append $texts (printf "%s:%v" $left $right) -}}{{- end -}}
{{- $_ := set $found $name (join "," $texts) -}}
{{- else if kindIs "map" $value -}}
{{- $next = append $next (dict "path" $path "value" $value) -}}
{{- else if kindIs "slice" $value -}}
{{- $_ := set $found $name (join "," $value) -}}
{{- else if kindIs "float64" $value -}}
{{- $_ := set $found $name (ternary (printf "%d" (int64 $value)) (toString $value) (eq (floor $value) $value)) -}}
{{- else if and (eq (toString $value) "") (or (eq $key "customtags") (hasKey $found $name)) -}}
{{- else -}}
{{- $_ := set $found $name (toString $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $todo = $next -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}
