{{/* Parts that the pods of all components share. */}}

{{/*
Merges a map over another. An empty value ("", {}, [] or null) removes the field: helm itself drops a null in some versions only.
Takes a list: the map below, the one above.
*/}}
{{- define "warmterm.overlay" -}}
{{- $result := index . 0 -}}
{{- range $key, $value := index . 1 -}}
{{- if and (empty $value) (has (kindOf $value) (list "invalid" "string" "map" "slice")) -}}
{{- $result = unset $result $key -}}
{{- else -}}
{{- $result = set $result $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $result -}}
{{- end -}}

{{/*
The securityContext of a pod: restricted Pod Security, merged with its values. A terminal whose visitor is root has baseline
Pod Security, in a user namespace. Takes a list: the root context, the component, its values.
*/}}
{{- define "warmterm.podSecurity" -}}
{{- $values := index . 2 -}}
{{- $base := dict "runAsNonRoot" (not $values.root) "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- if $values.root -}}
{{- $base = merge $base (dict "runAsUser" 0 "runAsGroup" 0) -}}
{{- else if (index . 0).Values.assignUserIds -}}
{{- $base = merge $base (dict "runAsUser" 1000 "runAsGroup" 1000 "fsGroup" 1000 "fsGroupChangePolicy" "OnRootMismatch") -}}
{{- end -}}
{{- include "warmterm.overlay" (list $base ($values.podSecurityContext | default dict)) -}}
{{- end -}}

{{/*
The same for a container. A root visitor's capabilities are those that apt and dpkg need to change owners, switch users and end
processes. Programs may gain privileges there, because sudo needs that: no more than root already has.
*/}}
{{- define "warmterm.containerSecurity" -}}
{{- $values := index . 2 -}}
{{- $base := dict "allowPrivilegeEscalation" false "capabilities" (dict "drop" (list "ALL")) "readOnlyRootFilesystem" true -}}
{{- if $values.root -}}
{{- $capabilities := dict "drop" (list "ALL") "add" (list "CHOWN" "DAC_OVERRIDE" "FOWNER" "FSETID" "KILL" "SETGID" "SETUID") -}}
{{- $base = dict "allowPrivilegeEscalation" true "capabilities" $capabilities -}}
{{- end -}}
{{- if hasKey $values "readOnlyRootFilesystem" }}{{ $_ := set $base "readOnlyRootFilesystem" $values.readOnlyRootFilesystem }}{{ end -}}
{{- include "warmterm.overlay" (list $base ($values.containerSecurityContext | default dict)) -}}
{{- end -}}

{{/* Labels of a pod that are not in its selector. Takes the same list. */}}
{{- define "warmterm.podLabels" -}}
{{- with merge dict ((index . 2).podLabels | default dict) (index . 0).Values.commonLabels -}}
{{- toYaml . -}}
{{- end -}}
{{- end -}}

{{/* The name of the account of a component's pods. Takes a list: the root context, the component. */}}
{{- define "warmterm.serviceAccountName" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $account := (index $root.Values (eq $component "terminal" | ternary "terminals" $component)).serviceAccount -}}
{{- $account.name | default (printf "%s-%s" (include "warmterm.fullname" $root) $component) -}}
{{- end -}}

{{/* Topology constraints. Without a selector of their own, they select the pods of the component. Takes a list as above. */}}
{{- define "warmterm.spread" -}}
{{- $labels := include "warmterm.selector" (list (index . 0) (index . 1)) | fromYaml -}}
{{- with (index . 2).name }}{{ $_ := set $labels "warmterm.dev/pool" . }}{{ end -}}
{{- $constraints := list -}}
{{- range (index . 2).topologySpreadConstraints -}}
{{- if not .labelSelector }}{{ $_ := set . "labelSelector" (dict "matchLabels" $labels) }}{{ end -}}
{{- $constraints = append $constraints . -}}
{{- end -}}
{{- if and (not $constraints) (has (index . 1) (list "manager" "webserver")) -}}
{{- /* Spread the pods of a Deployment over nodes if possible. */ -}}
{{- $apart := dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway" -}}
{{- $constraints = list (set $apart "labelSelector" (dict "matchLabels" $labels)) -}}
{{- end -}}
{{- toYaml $constraints -}}
{{- end -}}

{{/* Fields of a pod that every component's values can set. Takes a list: the root context, the component, its values. */}}
{{- define "warmterm.pod" -}}
{{- $values := index . 2 -}}
{{- $pod := dict "securityContext" (include "warmterm.podSecurity" . | fromYaml) -}}
{{- $pod = merge $pod (include "warmterm.pullSecrets" (list (index . 0) ($values.pullSecrets | default list)) | fromYaml) -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" "runtimeClassName" "dnsPolicy" "dnsConfig" "hostAliases" "initContainers" -}}
{{- with index $values $key }}{{ $_ := set $pod $key . }}{{ end -}}
{{- end -}}
{{- with include "warmterm.spread" . | fromYamlArray }}{{ $_ := set $pod "topologySpreadConstraints" . }}{{ end -}}
{{- toYaml $pod -}}
{{- end -}}

{{/*
The mode of mounted secrets: 0440, in decimal, because YAML 1.2 knows no octal number that begins with 0. A pod without fsGroup owns none of
them, and reads them by 0444.
*/}}
{{- define "warmterm.secretMode" -}}
{{- .Values.assignUserIds | ternary 288 292 -}}
{{- end -}}
