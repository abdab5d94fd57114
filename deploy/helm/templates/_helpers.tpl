{{- define "fil.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* 40 characters leave room for the name of a role in the 63 of a label. */}}
{{- define "fil.fullname" -}}
{{- $name := include "fil.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "fil.selector" -}}
app.kubernetes.io/name: {{ include "fil.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .entry }}
{{- end -}}

{{- define "fil.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ include "fil.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ default .Chart.AppVersion .Values.image.tag | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "fil.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The entries of .Values.roles over .Values.roleDefaults, as YAML. */}}
{{- define "fil.roles" -}}
{{- $all := dict -}}
{{- range $entry, $own := .Values.roles -}}
{{- if $own -}}
{{- $_ := set $all $entry (mergeOverwrite (deepCopy $.Values.roleDefaults) (deepCopy $own)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{/* The entry that runs a role, the first in alphabetical order; empty when none does. */}}
{{- define "fil.entryOf" -}}
{{- $found := "" -}}
{{- range $entry, $role := fromYaml (include "fil.roles" .root) -}}
{{- if and (not $found) (has $.role $role.run) -}}{{- $found = $entry -}}{{- end -}}
{{- end -}}
{{- $found -}}
{{- end -}}

{{/* fil.yaml: the operator's part, and what the chart holds. */}}
{{- define "fil.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $_ := set $config "listen" "0.0.0.0:8080" -}}
{{- $_ := set $config "data" "/var/lib/fil" -}}
{{- $_ := set $config "shutdown" (printf "%ds" (int .Values.shutdownSeconds)) -}}
{{- $_ := set $config "shutdown_delay" (printf "%ds" (int .Values.drainSeconds)) -}}
{{- $_ := set $config "access" (dict "keys" "/etc/fil/access/keys.json" "secret" "/etc/fil/access/secret.key") -}}
{{- if .Values.policy -}}
{{- $_ := set $config "policy" "/etc/fil/config/policy.yaml" -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* What a schema cannot say: each refusal names the key. */}}
{{- define "fil.validate" -}}
{{- $log := .Values.config.log -}}
{{- if not $log.brokers -}}{{- fail "config.log.brokers: donnez les adresses de Kafka / give the addresses of Kafka" -}}{{- end -}}
{{- if not .Values.config.redis.addresses -}}{{- fail "config.redis.addresses: donnez l'adresse de Redis / give the address of Redis" -}}{{- end -}}
{{- $roles := fromYaml (include "fil.roles" .) -}}
{{- if not $roles -}}{{- fail "roles: il en faut un / one is needed" -}}{{- end -}}
{{- range $entry, $role := $roles -}}
{{- if and (has "analytics" $role.run) (not $.Values.config.clickhouse.addresses) -}}
{{- fail (printf "config.clickhouse.addresses: roles.%s fait tourner analytics, qui en a besoin / runs analytics, which needs them" $entry) -}}
{{- end -}}
{{- $most := ternary $role.autoscaling.maxReplicas $role.replicas $role.autoscaling.enabled | int -}}
{{- if and (eq (join "," $role.run) "worker") (gt $most (int (default 8 $log.partitions))) -}}
{{- fail (printf "roles.%s: %d processus pour %d partitions (config.log.partitions) : les autres n'auraient rien à faire / %d processes for %d partitions (config.log.partitions): the others would have nothing to do" $entry $most (int (default 8 $log.partitions)) $most (int (default 8 $log.partitions))) -}}
{{- end -}}
{{- if and $role.autoscaling.enabled (gt (int $role.autoscaling.minReplicas) (int $role.autoscaling.maxReplicas)) -}}
{{- fail (printf "roles.%s.autoscaling: minReplicas est au-dessus de maxReplicas / minReplicas is over maxReplicas" $entry) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Nine tenths of a memory limit for Go's heap, which then collects rather than be killed. */}}
{{- define "fil.memoryTarget" -}}
{{- $mebibytes := regexFind "^[0-9]+" . | int64 -}}
{{- if hasSuffix "Gi" . -}}{{- $mebibytes = mul $mebibytes 1024 -}}{{- end -}}
{{- printf "%dMiB" (div (mul $mebibytes 9) 10) -}}
{{- end -}}

{{/* The ports of HOST:PORT or URL addresses, unless the policy names some. */}}
{{- define "fil.ports" -}}
{{- $ports := list -}}
{{- range .ports -}}{{- $ports = append $ports (int .) -}}{{- end -}}
{{- if not $ports -}}
{{- range .addresses -}}
{{- with regexFind ":[0-9]+/?$" . -}}{{- $ports = append $ports (trimAll ":/" . | int) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range uniq $ports }}
- {protocol: TCP, port: {{ . }}}
{{- end -}}
{{- end -}}
