{{- define "cimi.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "cimi.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "cimi.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "cimi.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "cimi.selector" -}}
app.kubernetes.io/name: {{ include "cimi.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "cimi.labels" -}}
{{ include "cimi.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "cimi.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "cimi.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "cimi.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{/* A secret that stands in the configuration itself would lie open in a ConfigMap. Takes a dict of value and path. */}}
{{- define "cimi.refuseSecrets" -}}
{{- $path := .path -}}
{{- if kindIs "map" .value -}}
  {{- if not (or (hasKey .value "$file") (hasKey .value "$command")) -}}
  {{- range $key, $inner := .value -}}
    {{- $here := append $path $key -}}
    {{- $secret := regexMatch "(?i)(pass(word|phrase|wd)?|secret|token|credentials?|private[-_]?key|api[-_]?key|access[-_]?key|^key|^otherKeys|auth)$" $key -}}
    {{- $plain := and (kindIs "string" $inner) (not (contains "${" (toString $inner))) -}}
    {{- if and $secret (or $plain (kindIs "slice" $inner)) -}}
      {{- fail (printf "config.%s is a secret and would lie open in a ConfigMap: give it by { $file: /run/secrets/… } (secretFiles) or ${NAME} (secretEnv)" (join "." $here)) -}}
    {{- end -}}
    {{- include "cimi.refuseSecrets" (dict "value" $inner "path" $here) -}}
  {{- end -}}
  {{- end -}}
{{- else if kindIs "slice" .value -}}
  {{- range $index, $inner := .value -}}
    {{- include "cimi.refuseSecrets" (dict "value" $inner "path" (append $path (toString $index))) -}}
  {{- end -}}
{{- else if and (kindIs "string" .value) (regexMatch "^[a-z][a-z0-9+.-]*://[^:@/ ]*:[^@ $]+@" .value) -}}
  {{- fail (printf "config.%s has a password, which would lie open in a ConfigMap: give it by { $file: /run/secrets/… } (secretFiles) or ${NAME} (secretEnv)" (join "." $path)) -}}
{{- end -}}
{{- end -}}

{{/* The configuration of gateways and workers, YAML: the operator's, under what the chart itself decides. */}}
{{- define "cimi.config" -}}
{{- include "cimi.refuseSecrets" (dict "value" .Values.config "path" list) -}}
{{- $entries := .Values.secret.entries -}}
{{- $file := dict -}}
{{- range $name, $entry := $entries -}}{{- $_ := set $file $name (dict "$file" (printf "/run/secrets/cimi/%s" $entry)) -}}{{- end -}}
{{- $others := list -}}
{{- range .Values.otherKeys -}}{{- $others = append $others (dict "$file" (printf "/run/secrets/cimi/%s" .)) -}}{{- end -}}
{{- $own := dict
  "server" (dict "host" .Values.listen "port" 8080 "publicUrl" .Values.publicUrl)
  "admin" (dict "host" .Values.listen "port" 8081)
  "store" (dict "kind" "postgres" "url" $file.storeUrl)
  "queue" (dict "kind" "redis" "url" $file.queueUrl)
  "worker" (dict "inProcess" false)
  "secrets" (dict "key" $file.key "otherKeys" $others)
  "access" (dict "required" true "metricsToken" $file.metricsToken) -}}
{{- mustMergeOverwrite (deepCopy .Values.config) $own | toYaml -}}
{{- end -}}

{{/* Longer than the program takes to end: else it is killed with requests in hand. */}}
{{- define "cimi.grace" -}}
{{- $server := (include "cimi.config" . | fromYaml).server -}}
{{- $ms := add (default 0 $server.retireMs | int64) (default 10000 $server.shutdownMs | int64) -}}
{{- add (div (add $ms 999) 1000) (.Values.terminationMarginSeconds | int64) -}}
{{- end -}}

{{- define "cimi.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{/* What every container of the program has: what it is, what it may, what it reads. */}}
{{- define "cimi.container" -}}
image: {{ include "cimi.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
env:
  - { name: CIMI_CONFIG, value: /etc/cimi/gateway.yaml }
  # A folder of its own in the volume, which belongs to root.
  - { name: CIMI_DATA, value: /data/cimi }
  {{- range .Values.secretEnv }}
  - name: {{ .name }}
    valueFrom: { secretKeyRef: { name: {{ .secret }}, key: {{ .entry }} } }
  {{- end }}
volumeMounts:
  - { name: config, mountPath: /etc/cimi, readOnly: true }
  - { name: secret, mountPath: /run/secrets/cimi, readOnly: true }
  {{- range $index, $secret := .Values.secretFiles }}
  - { name: secret-{{ $index }}, mountPath: /run/secrets/{{ $secret.name }}, readOnly: true }
  {{- end }}
  - { name: data, mountPath: /data }
  - { name: tmp, mountPath: /tmp }
{{- end -}}

{{- define "cimi.volumes" -}}
- name: config
  configMap: { name: {{ include "cimi.fullname" . }} }
- name: secret
  secret:
    secretName: {{ required "secret.name is needed: a Secret with the key, the URLs of PostgreSQL and Redis, and the token for metrics" .Values.secret.name }}
    defaultMode: 0440
{{- range $index, $secret := .Values.secretFiles }}
- name: secret-{{ $index }}
  secret: { secretName: {{ $secret.name }}, defaultMode: 0440 }
{{- end }}
# Nothing that lasts: state is in PostgreSQL.
- name: data
  emptyDir: {}
- name: tmp
  emptyDir: {}
{{- end -}}
