{{/*
The prefix of objects' names. The name of a Service must not contain a dot or begin with a digit, unlike the name of a release.
*/}}
{{- define "warmterm.fullname" -}}
{{- $name := .Values.fullnameOverride -}}
{{- if not $name -}}
{{- $name = contains .Chart.Name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) -}}
{{- if regexMatch "^[0-9]" $name }}{{ $name = printf "%s-%s" .Chart.Name .Release.Name }}{{ end -}}
{{- end -}}
{{- $name | replace "." "-" | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of a cluster-scoped object. Namespaces contain no dot, so the names of two releases differ. */}}
{{- define "warmterm.clusterName" -}}
{{- printf "%s.%s" .Release.Namespace (include "warmterm.fullname" .) -}}
{{- end -}}

{{/* The immutable selector of a component's pods. Takes a list: the root context, the component. */}}
{{- define "warmterm.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* The labels of an object of a component. Takes the same list. */}}
{{- define "warmterm.labels" -}}
{{- $root := index . 0 -}}
{{ include "warmterm.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | quote }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The metadata of an object. Takes a list: the root context, the component, the name, and where the object has annotations or labels of
its own, a map of each, which replace the common ones.
*/}}
{{- define "warmterm.metadata" -}}
name: {{ index . 2 | quote }}
namespace: {{ (index . 0).Release.Namespace | quote }}
{{ include "warmterm.marks" . }}
{{- end -}}

{{/* The same for a cluster-scoped object. */}}
{{- define "warmterm.clusterMetadata" -}}
name: {{ index . 2 | quote }}
{{ include "warmterm.marks" . }}
{{- end -}}

{{- define "warmterm.marks" -}}
{{- $root := index . 0 -}}
{{- $labels := include "warmterm.labels" (list $root (index . 1)) | fromYaml -}}
{{- if gt (len .) 4 }}{{ $labels = merge dict (index . 4) $labels }}{{ end -}}
labels: {{- toYaml $labels | nindent 2 }}
{{- $annotations := $root.Values.commonAnnotations -}}
{{- if gt (len .) 3 }}{{ $annotations = merge dict (index . 3) $annotations }}{{ end -}}
{{- with $annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/*
Registry and folder of the images. global.imageRegistry replaces the host only, because a mirror keeps the folders. The part
before the first slash is a host if it has a dot or a colon, or is localhost: the rule by which container runtimes read names of images.
*/}}
{{- define "warmterm.registry" -}}
{{- $registry := trimSuffix "/" .Values.images.registry -}}
{{- with (.Values.global | default dict).imageRegistry -}}
{{- $folder := regexReplaceAll "^([^/]*[.:][^/]*|localhost)(/|$)" $registry "" -}}
{{- $registry = trimSuffix "/" (printf "%s/%s" (trimSuffix "/" .) $folder) -}}
{{- end -}}
{{- $registry -}}
{{- end -}}

{{/* The image of a component. Takes a list: the root context, the component, the image that its values name. */}}
{{- define "warmterm.image" -}}
{{- $root := index . 0 -}}
{{- $images := $root.Values.images -}}
{{- if index . 2 -}}
{{- index . 2 -}}
{{- else -}}
{{- with include "warmterm.registry" $root }}{{ . }}/{{ end -}}
warmterm-{{ index . 1 }}:{{ $images.tag | default $root.Chart.AppVersion }}
{{- with index $images.digests (index . 1) }}@{{ . }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* Takes a list: the root context, names of further Secrets. An entry of global.imagePullSecrets may be a name or a map with one. */}}
{{- define "warmterm.pullSecrets" -}}
{{- $values := (index . 0).Values -}}
{{- $secrets := list -}}
{{- range concat ((default dict $values.global).imagePullSecrets | default list) $values.images.pullSecrets (index . 1) -}}
{{- if kindIs "map" . }}{{ $secrets = append $secrets .name }}{{ else }}{{ $secrets = append $secrets . }}{{ end -}}
{{- end -}}
{{- with uniq $secrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The Secret with the keys. Its name depends on the release only, not on fullnameOverride, so that the keys stay the same. */}}
{{- define "warmterm.secretName" -}}
{{- $release := eq .Release.Name .Chart.Name | ternary .Chart.Name (printf "%s-%s" .Release.Name .Chart.Name) -}}
{{- .Values.secret.existing | default (printf "%s-keys" $release) -}}
{{- end -}}

{{- define "warmterm.managerUrl" -}}
http://{{ include "warmterm.fullname" . }}-manager.{{ .Release.Namespace }}.svc
{{- end -}}

{{/* The scheme of terminals' hosts that have routes. */}}
{{- define "warmterm.routeProtocol" -}}
{{- with .Values.terminals.ingress -}}
{{- if eq .kind "Ingress" -}}
{{- .protocol | default (ternary "https" "http" (ne .tlsSecret "")) -}}
{{- else -}}
{{- required "terminals.ingress.protocol must be http or https: whether there is TLS is the affair of an HTTPRoute's Gateway" .protocol -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The webserver's WARMTERM_ADDRESS. With routes, it is the template of their hosts, so that the page may open sockets to these only. */}}
{{- define "warmterm.address" -}}
{{- if eq .Values.terminals.exposure "nodePort" -}}
{{- .Values.webserver.address -}}
{{- else if eq .Values.webserver.address "page" -}}
{{- fail "webserver.address: page is only valid with terminals.exposure: nodePort" -}}
{{- else if eq .Values.webserver.address "manager" -}}
{{- include "warmterm.routeProtocol" . }}://{{ .Values.terminals.ingress.host -}}
{{- else -}}
{{- .Values.webserver.address -}}
{{- end -}}
{{- end -}}

{{/* The template of each terminal's route, as JSON. The port is that of the Services that the manager creates. */}}
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

{{/* A volume with a token whose only audience is the manager. */}}
{{- define "warmterm.managerToken" -}}
name: manager-token
projected:
  sources:
    - serviceAccountToken: {path: token, audience: warmterm-manager, expirationSeconds: 3600}
{{- end -}}

{{/*
PodDisruptionBudgets are in policy/v1 since Kubernetes 1.21, HorizontalPodAutoscalers of autoscaling/v2 since 1.23. Without a
cluster, helm knows the APIs of its own release instead of those of --kube-version: so the version decides.
*/}}
{{- define "warmterm.policyVersion" -}}
policy/{{ ternary "v1" "v1beta1" (semverCompare ">=1.21-0" .Capabilities.KubeVersion.Version) }}
{{- end -}}

{{/*
What a PodDisruptionBudget of a Deployment allows. A pod that is not ready serves no one, so a drain need not wait for one that keeps
crashing. Kubernetes has the field since 1.27. Takes a list: the root context, the values.
*/}}
{{- define "warmterm.disruptions" -}}
{{- with index . 1 -}}
{{- if ne (toString .minAvailable) "" -}}
minAvailable: {{ .minAvailable }}
{{- else -}}
maxUnavailable: {{ .maxUnavailable }}
{{- end -}}
{{- end }}
{{- if semverCompare ">=1.27-0" (index . 0).Capabilities.KubeVersion.Version }}
unhealthyPodEvictionPolicy: AlwaysAllow
{{- end }}
{{- end -}}

{{- define "warmterm.autoscalingVersion" -}}
autoscaling/{{ ternary "v2" "v2beta2" (semverCompare ">=1.23-0" .Capabilities.KubeVersion.Version) }}
{{- end -}}

{{/* Milliseconds of a duration such as 15m. */}}
{{- define "warmterm.milliseconds" -}}
{{- mul (regexFind "^[0-9]+" .) (index (dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000) (regexFind "[a-z]+$" .)) -}}
{{- end -}}

{{/* Refuses a duration with which a service would not start. Takes a list: the owner of the value, its name, the value, the minimum, the maximum. */}}
{{- define "warmterm.checkDuration" -}}
{{- $ms := include "warmterm.milliseconds" (index . 2) | int64 -}}
{{- if or (lt $ms (include "warmterm.milliseconds" (index . 3) | int64)) (gt $ms (include "warmterm.milliseconds" (index . 4) | int64)) -}}
{{- fail (printf "%s: %s: %s must be a duration from %s to %s" (index . 0) (index . 1) (index . 2) (index . 3) (index . 4)) -}}
{{- end -}}
{{- end -}}

{{/* Checks the settings of identity, which the webserver would otherwise refuse at its start. */}}
{{- define "warmterm.checkIdentity" -}}
{{- with .Values.webserver -}}
{{- if eq .identity "address" -}}
{{- if eq (toString .trustProxy) "false" }}{{ fail "webserver.identity: address needs webserver.trustProxy: the number of proxies in front, 0 for none, or their subnets. Behind a proxy that is not trusted, all visitors would share one terminal" }}{{ end -}}
{{- if and (eq (toString .trustProxy) "0") (eq .service.externalTrafficPolicy "Cluster") }}{{ fail "webserver.identity: address needs webserver.service.externalTrafficPolicy: Local: with Cluster, all visitors have the addresses of nodes" }}{{ end -}}
{{- end -}}
{{- if ne .identity "header" -}}
{{- if .identityHeader }}{{ fail "webserver.identityHeader is only valid with webserver.identity: header" }}{{ end -}}
{{- else -}}
{{- if not .identityHeader }}{{ fail "webserver.identity: header needs webserver.identityHeader" }}{{ end -}}
{{- if not (regexMatch "[.:a-z]" (regexReplaceAll "^false$" (toString .trustProxy) "")) -}}
{{- fail "webserver.identity: header needs the addresses or subnets of the proxies in webserver.trustProxy" -}}
{{- end -}}
{{- if eq (include "warmterm.address" $) "page" -}}
{{- fail "webserver.identity: header: webserver.address must not be page, or terminals would receive the cookies of the proxy" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
A number as digits, which a value may also be in quotes. Takes a list: the owner of the value, its name, the value, the minimum, the maximum.
Without the conversion, 4000000 is printed as 4e+06.
*/}}
{{- define "warmterm.number" -}}
{{- $number := index . 2 | int64 -}}
{{- if or (lt $number (index . 3 | int64)) (gt $number (index . 4 | int64)) -}}
{{- fail (printf "%s: %s: %v must be a number from %v to %v" (index . 0) (index . 1) (index . 2) (index . 3) (index . 4)) -}}
{{- end -}}
{{- $number -}}
{{- end -}}

{{/*
The pools with the defaults filled in, as JSON: {"pools": […]}. A pool's value replaces the default even if
it is 0, false or empty, which the usual merge functions ignore; a pool's map is merged over that of the default. Values that
follow from `root` are filled in last. Numbers are strings of digits.
*/}}
{{- define "warmterm.pools" -}}
{{- $pools := list -}}
{{- $names := dict -}}
{{- range $given := .Values.pools -}}
{{- if not (and (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $given.name) (le (len $given.name) 40)) -}}
{{- fail (printf "pools: %q is not a valid name of a pool, because its Services could not have that name: use at most 40 lower-case letters, digits and dashes, beginning with a letter" $given.name) -}}
{{- end -}}
{{- if hasKey $names $given.name }}{{ fail (printf "pools: the name %q is used twice" $given.name) }}{{ end -}}
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
{{- include "warmterm.checkDuration" (list $whose "runGrace" $pool.runGrace "5s" "7d") -}}
{{- include "warmterm.checkDuration" (list $whose "runLinger" $pool.runLinger "0s" "7d") -}}
{{- include "warmterm.checkDuration" (list $whose "idleWarning" $pool.idleWarning "100ms" "1d") -}}
{{- range $key, $range := dict "spare" (list 0 10000) "min" (list 0 10000) "max" (list 0 10000) "maxPerVisitor" (list 1 10000) "maxPerAddress" (list 1 10000) "claimsPerMinute" (list 1 10000) "challengeFrom" (list 1 10000) "maxWaiting" (list 0 5000) "maxWaitingPerAddress" (list 1 10000) "maxProcesses" (list 50 4000000) "beforeExitSeconds" (list 1 3600) -}}
{{- $value := index $pool $key -}}
{{- if or (not (kindIs "string" $value)) (regexMatch "^[0-9]+$" (toString $value)) -}}
{{- $_ := set $pool $key (include "warmterm.number" (concat (list $whose $key $value) $range)) -}}
{{- end -}}
{{- end -}}
{{- $windows := list -}}
{{- range $pool.prewarm -}}
{{- $ready := include "warmterm.number" (list $whose (printf "prewarm: %s: ready" .name) .ready 1 10000) | int64 -}}
{{- $windows = append $windows (merge (dict "ready" $ready) .) -}}
{{- end -}}
{{- $_ := set $pool "prewarm" $windows -}}
{{- if gt (int $pool.min) (int $pool.max) }}{{ fail (printf "pools: %q has min: %v above max: %v" $pool.name $pool.min $pool.max) }}{{ end -}}
{{- if and $pool.root (semverCompare "<1.33-0" $.Capabilities.KubeVersion.Version) }}{{ fail (printf "pools: %q has root: true, which needs Kubernetes 1.33 or later: older versions ignore hostUsers: false, and the visitor would be root on the node" $pool.name) }}{{ end -}}
{{- if and $pool.root $pool.hostUsers }}{{ fail (printf "pools: %q has root: true and hostUsers: true: the visitor would be root on the node" $pool.name) }}{{ end -}}
{{- if and $pool.root $pool.readOnlyRootFilesystem }}{{ fail (printf "pools: %q has root: true and readOnlyRootFilesystem: true: the visitor could not install anything" $pool.name) }}{{ end -}}
{{- range $context := list $pool.podSecurityContext $pool.containerSecurityContext -}}
{{- if and (hasKey $context "runAsUser") (eq (toString $context.runAsUser) "0") (not $pool.root) }}{{ fail (printf "pools: %q has runAsUser: 0: set root: true, which makes the visitor root of a user namespace, not of the node" $pool.name) }}{{ end -}}
{{- end -}}
{{- if $pool.root }}{{ $_ := set $pool "hostUsers" false }}{{ end -}}
{{- if kindIs "invalid" $pool.readOnlyRootFilesystem }}{{ $_ := set $pool "readOnlyRootFilesystem" (not $pool.root) }}{{ end -}}
{{- $pools = append $pools $pool -}}
{{- end -}}
{{- dict "pools" $pools | toJson -}}
{{- end -}}

{{/* The warning of NOTES if a pool has limits per address, but the webserver cannot see addresses. */}}
{{- define "warmterm.limitsNote" -}}
{{- $limited := list -}}
{{- range (include "warmterm.pools" . | fromJson).pools -}}
{{- $pool := . -}}
{{- range $name := list "maxPerAddress" "claimsPerMinute" "challengeFrom" "maxWaitingPerAddress" -}}
{{- if ne (index $pool $name | toString) "none" }}{{ $limited = append $limited $pool.name }}{{ end -}}
{{- end -}}
{{- end -}}
{{- with .Values.webserver -}}
{{- $proxy := or .ingress.enabled .httpRoute.enabled -}}
{{- if $limited }}
{{- if and $proxy (has (toString .trustProxy) (list "false" "0")) }}
WARNING: limits of addresses (pool {{ $limited | uniq | join ", " }}) see one address for all visitors, that of the proxy: a handful of
visitors gets terminals, and all others are refused. Set webserver.trustProxy, usually to 1; or lift the limits (helm/examples/workshop.yaml).
{{ else if and (not $proxy) (ne (include "warmterm.serviceType" $) "ClusterIP") (eq .service.externalTrafficPolicy "Cluster") }}
WARNING: limits of addresses (pool {{ $limited | uniq | join ", " }}) see the address of a node in place of visitors'. Set
webserver.service.externalTrafficPolicy to Local; or lift the limits (helm/examples/workshop.yaml).
{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Ranges of one IP version that terminals must not reach. Takes 4 or 6. Besides the private networks of RFC 1918 and 4193: 0/8 (this
host), 100.64/10 (carrier NAT; Alibaba's metadata service), 127/8, 168.63.129.16 (Azure's host), 169.254/16 (link-local: metadata
services), 192.0.0/24 (Oracle's metadata service), 198.18/15 (benchmarks), 224/4 and 240/4 (multicast, reserved, broadcast). Of IPv6:
::/96 (this host, and IPv4-compatible), 64:ff9b::/96 and 64:ff9b:1::/48 (NAT64), 2001::/32 (Teredo) and 2002::/16 (6to4), all of which
lead to IPv4 addresses, fc00::/7, fe80::/10, fec0::/10, and ff00::/8 (multicast). ::ffff:0:0/96, IPv4-mapped, cannot be listed: an
API server refuses it as no part of ::/0. It need not be: the kernel sends to such an address by IPv4, where the IPv4 rule holds.
*/}}
{{- define "warmterm.privateRanges" -}}
{{- if eq (int .) 4 -}}
["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"]
{{- else -}}
["::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"]
{{- end -}}
{{- end -}}

{{/* All addresses except the forbidden ranges, as the `to` of a rule. Takes a list: the root context, 4 or 6. */}}
{{- define "warmterm.internet" -}}
{{- $ranges := include "warmterm.privateRanges" (index . 1) | fromJsonArray -}}
{{- range (index . 0).Values.networkPolicy.blockedRanges -}}
{{- if eq (contains ":" .) (eq (int (index $ 1)) 6) }}{{ $ranges = append $ranges . }}{{ end -}}
{{- end -}}
- ipBlock:
    cidr: {{ ternary "0.0.0.0/0" "::/0" (eq (int (index . 1)) 4) | quote }}
    except: {{- toYaml (uniq $ranges) | nindent 6 }}
{{- end -}}

{{/* Rules of egress that every pod needs: to DNS. */}}
{{- define "warmterm.dnsEgress" -}}
{{- with .Values.networkPolicy -}}
- to:
    {{- toYaml .dns | nindent 4 }}
    {{- range .dnsAddresses }}
    - ipBlock: {cidr: {{ quote . }}}
    {{- end }}
  ports:
    {{- range .dnsPorts }}
    - {port: {{ . }}, protocol: UDP}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end -}}
{{- end -}}

{{/* IP families of a Service, if the values set them. */}}
{{- define "warmterm.ipFamilies" -}}
{{- with .Values.ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .Values.ipFamilies }}
ipFamilies: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The type of the page's Service. */}}
{{- define "warmterm.serviceType" -}}
{{- with .Values.webserver -}}
{{- .service.type | default (ternary "ClusterIP" "NodePort" (or .ingress.enabled .httpRoute.enabled)) -}}
{{- end -}}
{{- end -}}

{{/*
Refuses ranges that an API server does not accept, including IPv4-mapped ones. Takes a list: the value's name, the ranges.
*/}}
{{- define "warmterm.checkRanges" -}}
{{- $byte := "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])" -}}
{{- $v4 := printf `^(%s\.){3}%s/([1-9]|[12][0-9]|3[0-2])$` $byte $byte -}}
{{- $group := "[0-9a-fA-F]{1,4}" -}}
{{- $whole := printf "^(%s:){7}%s/" $group $group -}}
{{- $short := printf "^(%s(:%s)*)?::(%s(:%s)*)?/" $group $group $group $group -}}
{{- range index . 1 -}}
{{- $groups := regexFindAll $group (first (splitList "/" .)) -1 | len -}}
{{- $v6 := and (regexMatch "/([1-9][0-9]?|1[01][0-9]|12[0-8])$" .) (or (regexMatch $whole .) (and (regexMatch $short .) (le $groups 7))) -}}
{{- if or (not (or (regexMatch $v4 .) $v6)) (regexMatch "(?i)^(::|(0+:){5})ffff:[^/]" .) -}}
{{- fail (printf "%s: %q is not a range of addresses: write it as 203.0.113.0/24 or 2001:db8::/32, a single address with /32 or /128" (index $ 0) .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/*
The domain that a terminal's host shares with one of the page's hosts; empty if there is none. Both can set cookies for it. One
label is no domain, nor is one such as co.uk, for which browsers take no cookies. Takes a list: the page's hosts, the terminals'.
*/}}
{{- define "warmterm.sharedDomain" -}}
{{- $terminal := index . 1 | lower | splitList "." | reverse -}}
{{- $shared := "" -}}
{{- range $host := index . 0 -}}
{{- $page := $host | lower | splitList "." | reverse -}}
{{- $common := list -}}
{{- $same := true -}}
{{- range $i, $label := $page -}}
{{- if ge $i (len $terminal) }}{{ $same = false }}{{ else if ne $label (index $terminal $i) }}{{ $same = false }}{{ end -}}
{{- if $same }}{{ $common = prepend $common $label }}{{ end -}}
{{- end -}}
{{- $domain := join "." $common -}}
{{- $public := regexMatch "^(ac|co|com|edu|gov|go|gv|ne|net|nom|or|org)[.][a-z]{2}$" $domain -}}
{{- if and (gt (len $common) 1) (not $public) (gt (len $domain) (len $shared)) }}{{ $shared = $domain }}{{ end -}}
{{- end -}}
{{- $shared -}}
{{- end -}}

{{/*
A postStart hook that makes the kubelet wait for the server before it probes it. Takes a list: the port that answers /readyz, seconds to wait at most.
*/}}
{{- define "warmterm.awaitReady" -}}
postStart:
  exec: {command: [/opt/warmterm/await-ready.sh, {{ index . 0 | quote }}, {{ index . 1 | quote }}]}
{{- end -}}
