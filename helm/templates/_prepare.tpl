{{/*
To be included at the head of each template. `helm upgrade --reuse-values` hands a newer chart the values of the older one as they were,
and a value of null removes one: what is absent has its default. The file is made of values.yaml (local/setup/configuration.mjs), which
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
