{{/*
Include it at the head of each template. `helm upgrade --reuse-values` passes the older chart's values to a newer one, and a value of null
removes a default. So absent values get their default here. The file is generated from values.yaml (local/setup/configuration.mjs), which
templates cannot read.
*/}}
{{- define "warmterm.prepare" -}}
{{- range $path, $default := .Files.Get "files/defaults.json" | fromJson -}}
{{- $at := $.Values -}}
{{- $keys := splitList "." $path -}}
{{- range initial $keys -}}
{{- if not (hasKey $at .) }}{{ $_ := set $at . dict }}{{ end -}}
{{- $at = index $at . -}}
{{- end -}}
{{- if not (hasKey $at (last $keys)) }}{{ $_ := set $at (last $keys) $default }}{{ end -}}
{{- end -}}
{{- end -}}
