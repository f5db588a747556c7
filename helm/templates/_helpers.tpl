{{/* What names of objects begin with. */}}
{{- define "warmterm.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What marks the pods of a component for ever. Takes a list: the root context, the component. */}}
{{- define "warmterm.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* The labels of an object of a component. Takes the same list. */}}
{{- define "warmterm.labels" -}}
{{- $root := index . 0 -}}
{{ include "warmterm.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The image of a component. Takes a list: the root context, the component, the image that its values name. */}}
{{- define "warmterm.image" -}}
{{- $images := (index . 0).Values.images -}}
{{- if index . 2 -}}
{{- index . 2 -}}
{{- else -}}
{{- with $images.registry }}{{ trimSuffix "/" . }}/{{ end }}warmterm-{{ index . 1 }}:{{ $images.tag | default (index . 0).Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "warmterm.pullSecrets" -}}
{{- with .Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "warmterm.secretName" -}}
{{- .Values.secret.existing | default (include "warmterm.fullname" .) -}}
{{- end -}}

{{- define "warmterm.managerUrl" -}}
http://{{ include "warmterm.fullname" . }}-manager.{{ .Release.Namespace }}.svc
{{- end -}}

{{/* How browsers speak to the hosts of terminals that have routes. */}}
{{- define "warmterm.routeProtocol" -}}
{{- with .Values.terminals.ingress -}}
{{- if eq .kind "Ingress" -}}
{{- .protocol | default (ternary "https" "http" (ne .tlsSecret "")) -}}
{{- else -}}
{{- required "terminals.ingress.protocol must be http or https: whether there is TLS is the affair of an HTTPRoute's Gateway" .protocol -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Where the page finds a terminal. The host that its routes have is told, so that the page may open sockets there only. */}}
{{- define "warmterm.address" -}}
{{- if eq .Values.terminals.exposure "nodePort" -}}
{{- .Values.webserver.address -}}
{{- else if eq .Values.webserver.address "page" -}}
{{- fail "webserver.address: page has a meaning with terminals.exposure: nodePort only" -}}
{{- else if eq .Values.webserver.address "manager" -}}
{{- include "warmterm.routeProtocol" . }}://{{ .Values.terminals.ingress.host -}}
{{- else -}}
{{- .Values.webserver.address -}}
{{- end -}}
{{- end -}}

{{/* What the manager makes the route of each terminal of, as JSON. The port is that of the Services that it makes. */}}
{{- define "warmterm.routeTemplate" -}}
{{- with .Values.terminals.ingress -}}
{{- $spec := dict -}}
{{- if eq .kind "Ingress" -}}
{{- $backend := dict "service" (dict "name" "{service}" "port" (dict "number" 80)) -}}
{{- $path := dict "path" "/" "pathType" "Prefix" "backend" $backend -}}
{{- $_ := set $spec "rules" (list (dict "host" .host "http" (dict "paths" (list $path)))) -}}
{{- if .className }}{{ $_ := set $spec "ingressClassName" .className }}{{ end -}}
{{- if .tlsSecret }}{{ $_ := set $spec "tls" (list (dict "hosts" (list .host) "secretName" .tlsSecret)) }}{{ end -}}
{{- else -}}
{{- $_ := set $spec "parentRefs" (required "terminals.ingress.parentRefs must name a Gateway" .parentRefs) -}}
{{- $_ := set $spec "hostnames" (list .host) -}}
{{- $_ := set $spec "rules" (list (dict "backendRefs" (list (dict "name" "{service}" "port" 80)))) -}}
{{- end -}}
{{- $version := ternary "networking.k8s.io/v1" "gateway.networking.k8s.io/v1" (eq .kind "Ingress") -}}
{{- dict "apiVersion" $version "kind" .kind "metadata" (dict "annotations" .annotations) "spec" $spec | toJson -}}
{{- end -}}
{{- end -}}

{{/* Restricted Pod Security, for the pod and for each of its containers. */}}
{{- define "warmterm.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}
{{- define "warmterm.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
{{- end -}}

{{/*
The same for a terminal whose visitor is root: baseline Pod Security, in a user namespace. The capabilities are what apt and
dpkg need to give files to others, to become them, and to end what they run. Programs may gain privileges, or sudo would not
work: there are no more of them than root has here.
*/}}
{{- define "warmterm.rootPodSecurity" -}}
runAsNonRoot: false
runAsUser: 0
runAsGroup: 0
seccompProfile: {type: RuntimeDefault}
{{- end -}}
{{- define "warmterm.rootContainerSecurity" -}}
allowPrivilegeEscalation: true
capabilities: {drop: [ALL], add: [CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID]}
{{- end -}}

{{/* A token for the manager and nobody else, as a volume. */}}
{{- define "warmterm.managerToken" -}}
name: manager-token
projected:
  sources:
    - serviceAccountToken: {path: token, audience: warmterm-manager, expirationSeconds: 3600}
{{- end -}}

{{/* Where pods of a component go. Takes its values. */}}
{{- define "warmterm.scheduling" -}}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $ $key }}
{{ $key }}: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Two of a Deployment are better on two nodes. Takes a list: the root context, the component. */}}
{{- define "warmterm.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "warmterm.selector" . | nindent 8 }}
{{- end -}}

{{/* PodDisruptionBudgets are a part of policy/v1 since Kubernetes 1.21. */}}
{{- define "warmterm.policyVersion" -}}
{{- if .Capabilities.APIVersions.Has "policy/v1" -}}policy/v1{{- else -}}policy/v1beta1{{- end -}}
{{- end -}}

{{/* Milliseconds of a duration such as 15m. */}}
{{- define "warmterm.milliseconds" -}}
{{- mul (regexFind "^[0-9]+" .) (index (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000) (regexFind "[a-z]+$" .)) -}}
{{- end -}}

{{/* Refuses what a service would not start with. Takes a list: whose value it is, its name, the value, the least, the most. */}}
{{- define "warmterm.checkDuration" -}}
{{- $ms := include "warmterm.milliseconds" (index . 2) | int64 -}}
{{- if or (lt $ms (include "warmterm.milliseconds" (index . 3) | int64)) (gt $ms (include "warmterm.milliseconds" (index . 4) | int64)) -}}
{{- fail (printf "%s: %s: %s must be a duration from %s to %s" (index . 0) (index . 1) (index . 2) (index . 3) (index . 4)) -}}
{{- end -}}
{{- end -}}

{{/*
The pools with the defaults filled in, as JSON: {"pools": […]}. What a pool says stands in place of the default, also when
it is 0, false or empty, which the usual merging functions pass over; a map of a pool is laid over that of the default. What
follows from `root` is filled in last.
*/}}
{{- define "warmterm.pools" -}}
{{- $pools := list -}}
{{- $names := dict -}}
{{- range $given := .Values.pools -}}
{{- if hasKey $names $given.name }}{{ fail (printf "pools: there are two of the name %q" $given.name) }}{{ end -}}
{{- $_ := set $names $given.name true -}}
{{- $pool := deepCopy $.Values.poolDefaults -}}
{{- range $key, $value := $given -}}
{{- if and (kindIs "map" $value) (kindIs "map" (index $pool $key)) -}}
{{- range $inner, $innerValue := $value }}{{ $_ := set (index $pool $key) $inner $innerValue }}{{ end -}}
{{- else -}}
{{- $_ := set $pool $key $value -}}
{{- end -}}
{{- end -}}
{{- $whose := printf "pools: %q" $pool.name -}}
{{- include "warmterm.checkDuration" (list $whose "idleTimeout" $pool.idleTimeout "1s" "7d") -}}
{{- include "warmterm.checkDuration" (list $whose "maxLifetime" $pool.maxLifetime "1s" "7d") -}}
{{- include "warmterm.checkDuration" (list $whose "connectTimeout" $pool.connectTimeout "1s" "1h") -}}
{{- include "warmterm.checkDuration" (list $whose "scaleDownDelay" $pool.scaleDownDelay "1s" "7d") -}}
{{- include "warmterm.checkDuration" (list $whose "startTimeout" $pool.startTimeout "1s" "1h") -}}
{{- include "warmterm.checkDuration" (list $whose "silenceTimeout" $pool.silenceTimeout "30s" "7d") -}}
{{- include "warmterm.checkDuration" (list $whose "idleWarning" $pool.idleWarning "100ms" "1d") -}}
{{- if gt (int $pool.min) (int $pool.max) }}{{ fail (printf "pools: %q has min: %v above max: %v" $pool.name $pool.min $pool.max) }}{{ end -}}
{{- if and $pool.root (semverCompare "<1.33-0" $.Capabilities.KubeVersion.Version) }}{{ fail (printf "pools: %q has root: true, which needs Kubernetes 1.33: an older one drops hostUsers: false without a word, and the visitor would be root of the node" $pool.name) }}{{ end -}}
{{- if and $pool.root $pool.hostUsers }}{{ fail (printf "pools: %q has root: true, and hostUsers: true would make it root of the node" $pool.name) }}{{ end -}}
{{- if and $pool.root $pool.readOnlyRootFilesystem }}{{ fail (printf "pools: %q has root: true, and readOnlyRootFilesystem: true would leave it nothing to install into" $pool.name) }}{{ end -}}
{{- if $pool.root }}{{ $_ := set $pool "hostUsers" false }}{{ end -}}
{{- if kindIs "invalid" $pool.readOnlyRootFilesystem }}{{ $_ := set $pool "readOnlyRootFilesystem" (not $pool.root) }}{{ end -}}
{{- $pools = append $pools $pool -}}
{{- end -}}
{{- dict "pools" $pools | toJson -}}
{{- end -}}
