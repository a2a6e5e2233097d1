{{/* The chart's name, or what replaces it. */}}
{{- define "healer.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of every object: the release's, with the chart's unless it is in it. */}}
{{- define "healer.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "healer.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels that find Healer's own pods. The component keeps agents' pods, which carry the same name, out of the Service. */}}
{{- define "healer.selectorLabels" -}}
app.kubernetes.io/name: {{ include "healer.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "healer.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "healer.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "healer.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "healer.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "healer.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "healer.claimName" -}}
{{- default (printf "%s-data" (include "healer.fullname" .)) .Values.store.volume.existingClaim -}}
{{- end -}}

{{/* Environment variables that come from Secrets, each with the setting that it is. */}}
{{- define "healer.secretSettings" -}}
{{- .Files.Get "files/secret-settings.yaml" -}}
{{- end -}}

{{/* What no schema can say. Called once, by the Deployment. */}}
{{- define "healer.validate" -}}
{{- if and (gt (int .Values.replicas) 1) (ne .Values.store.kind "postgres") -}}
{{- fail (printf "replicas is %d, and the embedded store serves one process only. Set store.kind=postgres and give DATABASE_URL in a Secret, or replicas=1." (int .Values.replicas)) -}}
{{- end -}}
{{- if and (gt (int .Values.replicas) 1) (ne (default "local" .Values.settings.engine) "kubernetes") -}}
{{- fail "replicas is more than 1 with settings.engine=local, which runs agents in the pod that leads: a pod that goes would take them along. Set settings.engine=kubernetes, or replicas=1." -}}
{{- end -}}
{{- if and (eq (default "local" .Values.settings.engine) "kubernetes") (not (get (default dict .Values.settings.kubernetes) "image")) -}}
{{- fail "settings.kubernetes.image is missing: the image that agents run in, with bash, git and the CLI of settings.cli. (To try Healer without agents: --set settings.engine=local --set settings.mode=shadow.)" -}}
{{- end -}}
{{- range $name, $path := include "healer.secretSettings" . | fromYaml -}}
{{- if ne $path "github.appId" -}}
{{- $at := $.Values.settings -}}
{{- range $key := splitList "." $path -}}
{{- $at = ternary (get (default dict $at) $key) nil (kindIs "map" $at) -}}
{{- end -}}
{{- if $at -}}
{{- fail (printf "settings.%s is a secret and would stand in a ConfigMap. Put it into the Secret %s as %s." $path $.Values.secrets.existingSecret $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $key := list "host" "port" "dataDir" -}}
{{- if hasKey $.Values.settings $key -}}
{{- fail (printf "settings.%s is set by the chart itself; remove it." $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}
