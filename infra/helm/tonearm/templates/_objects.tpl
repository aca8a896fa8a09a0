{{/* Every object of a file, with what the values change. */}}
{{- define "tonearm.file" }}
{{- range splitList "\n---\n" (.root.Files.Get .path) }}
---
{{ include "tonearm.object" (dict "object" (fromYaml .) "root" $.root) }}
{{- end }}
{{- end }}

{{- define "tonearm.object" }}
{{- $object := .object }}
{{- $meta := $object.metadata }}
{{- $_ := set $meta "namespace" .root.Release.Namespace }}
{{- $_ := set $meta "labels" (merge (default dict $meta.labels) (dict "app.kubernetes.io/part-of" "tonearm")) }}
{{- if has $object.kind (list "Deployment" "StatefulSet") }}
{{- include "tonearm.workload" . }}
{{- else if eq $object.kind "Ingress" }}
{{- $_ := set $object.spec "ingressClassName" .root.Values.ingressClassName }}
{{- $_ := set (first $object.spec.rules) "host" (index .root.Values.hosts $meta.name) }}
{{- end }}
{{- toYaml $object }}
{{- end }}

{{/* Changes a workload in place; prints nothing. */}}
{{- define "tonearm.workload" }}
{{- $values := .root.Values }}
{{- $name := .object.metadata.name }}
{{- $template := .object.spec.template }}
{{- $pod := $template.spec }}
{{- $main := first $pod.containers }}
{{- $hardened := (.root.Files.Get "files/base/hardened.yaml" | fromYaml).spec.template.spec }}
{{- $_ := set $template.metadata.labels "app.kubernetes.io/part-of" "tonearm" }}
{{- range .object.spec.volumeClaimTemplates }}
{{- $_ := set .metadata "labels" (dict "app.kubernetes.io/part-of" "tonearm") }}
{{- end }}
{{- $_ := mergeOverwrite $pod (omit $hardened "containers") }}
{{- $_ := mergeOverwrite $main (first $hardened.containers) }}
{{- if hasPrefix "tonearm/" $main.image }}
{{- $image := printf "%s:%s" $main.image (default .root.Chart.AppVersion $values.image.tag) }}
{{- $_ := set $main "image" (printf "%s/%s" $values.image.registry $image | trimPrefix "/") }}
{{- $variables := include "tonearm.variables" (dict "service" $name "root" .root) }}
{{- $_ := set $template.metadata "annotations" (dict "checksum/settings" (sha256sum $variables)) }}
{{- else if eq $name "rabbitmq" }}
{{- range $main.env }}
{{- if eq .name "RABBITMQ_NODENAME" }}
{{- $_ := set . "value" (.value | replace ".tonearm.svc." (printf ".%s.svc." $.root.Release.Namespace)) }}
{{- end }}
{{- end }}
{{- if eq (int $values.rabbitmq.nodes) 3 }}
{{- include "tonearm.three-nodes" . }}
{{- end }}
{{- end }}
{{- with index $values.replicas $name }}
{{- $_ := set $.object.spec "replicas" . }}
{{- end }}
{{- if and $values.autoscaling (has $name (list "gateway" "converter")) }}
{{- $_ := unset .object.spec "replicas" }}
{{- end }}
{{- with index $values.resources $name }}
{{- $_ := mergeOverwrite $main.resources . }}
{{- end }}
{{- with index $values.storage $name }}
{{- $_ := set (first $.object.spec.volumeClaimTemplates).spec.resources.requests "storage" . }}
{{- end }}
{{- end }}

{{/* The component's patch: maps are merged, and to the container's lists is added. */}}
{{- define "tonearm.three-nodes" }}
{{- $spec := (.root.Files.Get "files/components/three-nodes/rabbitmq.yaml" | fromYaml).spec }}
{{- $main := first .object.spec.template.spec.containers }}
{{- $more := first $spec.template.spec.containers }}
{{- $_ := set .object.spec "replicas" $spec.replicas }}
{{- $_ := mergeOverwrite .object.spec.template.spec (omit $spec.template.spec "containers") }}
{{- $_ := set $main "lifecycle" $more.lifecycle }}
{{- $_ := set $main "ports" (concat $more.ports $main.ports) }}
{{- $_ := set $main "volumeMounts" (concat $more.volumeMounts $main.volumeMounts) }}
{{- end }}

{{/* A service's variables: the base's, the component's for traces, and over them the values'. */}}
{{- define "tonearm.variables" }}
{{- $variables := dict }}
{{- $lines := .root.Files.Lines (printf "files/base/settings/%s.env" .service) }}
{{- if .root.Values.tracing }}
{{- $lines = concat $lines (.root.Files.Lines "files/components/tracing/tracing.env") }}
{{- end }}
{{- range $lines }}
{{- if and (contains "=" .) (not (hasPrefix "#" .)) }}
{{- $_ := set $variables (splitn "=" 2 .)._0 (splitn "=" 2 .)._1 }}
{{- end }}
{{- end }}
{{- mergeOverwrite $variables (index .root.Values.settings .service) | toYaml }}
{{- end }}
