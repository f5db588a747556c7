{{/*
How the chart handles existing objects. Templates see them only if helm uses a cluster (`helm upgrade`, not `helm template`), so nothing
here may decide whether an object exists. Each template takes the found object as an argument, so that it can be tested.
*/}}

{{/*
Replicas of a Deployment with a HorizontalPodAutoscaler: its present number. Without it, helm would remove the number of a former revision,
and the default of 1 would apply until the autoscaler acts. Empty if the Deployment does not exist yet. Takes a list:
the values of the autoscaling, the Deployment.
*/}}
{{- define "warmterm.autoscaledReplicas" -}}
{{- $autoscaling := index . 0 -}}
{{- with index . 1 -}}
{{- $replicas := .spec.replicas | int -}}
{{- /* At 0 the autoscaler is paused. */ -}}
{{- if gt $replicas 0 -}}
{{- $replicas = min (max $replicas (int $autoscaling.minReplicas)) (int $autoscaling.maxReplicas) -}}
{{- end -}}
replicas: {{ $replicas }}
{{- end -}}
{{- end -}}

{{/* The annotations that hold the settings of a pool. Takes the pool, with the defaults filled in. */}}
{{- define "warmterm.poolSettings" -}}
warmterm.dev/spare: {{ .spare | quote }}
warmterm.dev/min: {{ .min | quote }}
warmterm.dev/max: {{ .max | quote }}
warmterm.dev/idle-timeout: {{ .idleTimeout | quote }}
warmterm.dev/max-lifetime: {{ .maxLifetime | quote }}
warmterm.dev/connect-timeout: {{ .connectTimeout | quote }}
warmterm.dev/scale-down-delay: {{ .scaleDownDelay | quote }}
warmterm.dev/start-timeout: {{ .startTimeout | quote }}
warmterm.dev/silence-timeout: {{ .silenceTimeout | quote }}
warmterm.dev/run-grace: {{ .runGrace | quote }}
warmterm.dev/run-linger: {{ .runLinger | quote }}
{{- with .prewarm }}
warmterm.dev/prewarm: {{ toJson . | quote }}
{{- end }}
warmterm.dev/max-per-visitor: {{ .maxPerVisitor | quote }}
warmterm.dev/max-per-address: {{ .maxPerAddress | quote }}
warmterm.dev/claims-per-minute: {{ .claimsPerMinute | quote }}
warmterm.dev/challenge-from: {{ .challengeFrom | quote }}
warmterm.dev/max-waiting: {{ .maxWaiting | quote }}
warmterm.dev/max-waiting-per-address: {{ .maxWaitingPerAddress | quote }}
{{- end -}}

{{/*
A line for each setting of a pool that this upgrade changes, set before by `kubectl annotate` or by other values. Takes a list: the pool,
its StatefulSet as it was found.
*/}}
{{- define "warmterm.changedSettings" -}}
{{- $pool := index . 0 -}}
{{- with index . 1 -}}
{{- $former := .metadata.annotations | default dict -}}
{{- range $name, $value := include "warmterm.poolSettings" $pool | fromYaml -}}
{{- if and (hasKey $former $name) (ne (index $former $name | toString) ($value | toString)) }}
  {{ $pool.name }}: {{ $name }} was {{ index $former $name }}, is {{ $value }}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What an upgrade says about settings that it changes. */}}
{{- define "warmterm.changedSettingsNote" -}}
{{- $lines := "" -}}
{{- range (include "warmterm.pools" . | fromJson).pools -}}
{{- $lines = print $lines (include "warmterm.changedSettings" (list . (lookup "apps/v1" "StatefulSet" $.Release.Namespace .name))) -}}
{{- end -}}
{{- with $lines }}

WARNING: this upgrade changes settings of pools. What `kubectl annotate` has set is undone unless the values say the same:
{{- . }}
{{- end -}}
{{- end -}}
