//! The manifests of one application, in the styles that teams write.

use super::manifests::Namespace;
use std::fmt::Write;

/// One application of a team.
pub struct App {
    /// Its name.
    pub name: String,
    namespace: String,
    number: usize,
}

impl App {
    /// One of the applications of a namespace.
    pub fn new(namespace: &Namespace, number: usize) -> Self {
        const WORDS: [&str; 12] = [
            "cart",
            "checkout",
            "catalogue",
            "payment",
            "shipping",
            "email",
            "currency",
            "frontend",
            "advert",
            "search",
            "stock",
            "report",
        ];
        let name = format!("{}-{}", WORDS[number % WORDS.len()], number / WORDS.len());
        Self { name, namespace: namespace.name(), number: number + namespace.number }
    }

    /// Its objects: Services, Deployments and ServiceAccounts in equal parts, and now and then the rest.
    pub fn objects(&self) -> Vec<String> {
        let mut objects = vec![self.service_account(), self.service(), self.workload()];
        match self.number % 4 {
            0 => objects.extend([self.config(40), self.network_policy()]),
            1 => objects.extend([self.role(), self.role_binding()]),
            2 => objects.extend([self.job(), self.disruption_budget()]),
            _ => objects.push(self.service_monitor()),
        }
        if self.number.is_multiple_of(16) {
            objects.push(self.config(400));
        }
        objects
    }

    fn head(&self, api_version: &str, kind: &str, suffix: &str) -> String {
        let Self { name, namespace, .. } = self;
        format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  labels:\n    app.kubernetes.io/component: server\n    \
             app.kubernetes.io/name: {name}\n    app.kubernetes.io/part-of: shop\n    app.kubernetes.io/version: 1.12.1\n  \
             name: {name}{suffix}\n  namespace: {namespace}\n"
        )
    }

    fn service_account(&self) -> String {
        self.head("v1", "ServiceAccount", "") + "automountServiceAccountToken: false\n"
    }

    fn service(&self) -> String {
        let ports = match self.number % 5 {
            0 => "  - name: grpc\n    port: 7070\n    targetPort: 7070\n",
            1 => {
                "  - name: http # the page\n    port: 80\n    targetPort: 8080\n  - name: http-metrics\n    port: 9090\n    targetPort: metrics\n"
            }
            2 => "  - port: 5432\n    protocol: TCP\n",
            3 => "  - {name: \"web\", port: 80, targetPort: http, appProtocol: http}\n",
            _ => "  - name: metricz\n    port: 9100\n    targetPort: metrics\n  - name: tcp-raw\n    port: 9000\n",
        };
        let selector = self.selector("    ");
        self.head("v1", "Service", "") + &format!("spec:\n  type: ClusterIP\n  selector:\n{selector}  ports:\n{ports}")
    }

    fn selector(&self, indent: &str) -> String {
        let Self { name, .. } = self;
        format!(
            "{indent}app.kubernetes.io/component: server\n{indent}app.kubernetes.io/name: {name}\n\
             {indent}app.kubernetes.io/part-of: shop\n"
        )
    }

    fn workload(&self) -> String {
        let kind = ["Deployment", "Deployment", "StatefulSet", "Deployment", "DaemonSet"][self.number % 5];
        let replicas = if kind == "DaemonSet" { "" } else { "  replicas: 2\n" };
        let head = self.head("apps/v1", kind, "");
        let selector = self.selector("      ");
        format!(
            "{LICENCE}{head}spec:\n{replicas}  selector:\n    matchLabels:\n{selector}  template:\n{}",
            self.template()
        )
    }

    /// Without a preStop, as most are; every third one has it.
    fn template(&self) -> String {
        let Self { name, .. } = self;
        let stop = match self.number % 3 {
            0 => {
                "        lifecycle:\n          preStop:\n            exec:\n              command: [\"sh\", \"-c\", \"sleep 15\"]\n"
            }
            _ => "",
        };
        let grace = if self.number.is_multiple_of(2) { "      terminationGracePeriodSeconds: 5\n" } else { "" };
        let labels = self.selector("        ");
        format!(
            "    metadata:\n      annotations:\n        kubectl.kubernetes.io/default-container: server\n      labels:\n{labels}    \
             spec:\n      serviceAccountName: {name}\n{grace}{SECURITY}      containers:\n      - name: server\n{stop}{CONTAINER}\
             {PROXY_CONTAINER}      nodeSelector:\n        kubernetes.io/os: linux\n"
        )
    }

    fn job(&self) -> String {
        let labels = self.selector("        ");
        let head = self.head("batch/v1", "Job", "-migrate");
        format!(
            "{head}spec:\n  backoffLimit: 2\n  template:\n    metadata:\n      labels:\n{labels}    spec:\n      \
             restartPolicy: Never\n      containers:\n      - name: migrate\n        image: registry.example.com/migrate:3\n        \
             command: [\"sh\", \"-c\", \"migrate --all && echo done\"]\n{RESOURCES}"
        )
    }

    /// A configuration with so many lines of text.
    fn config(&self, lines: usize) -> String {
        let mut text =
            self.head("v1", "ConfigMap", &format!("-config-{lines}")) + "data:\n  settings.json: |-\n    {\n";
        for line in 0..lines {
            let _ = writeln!(
                text,
                "      \"panel.{line}\": {{\"expr\": \"sum(rate(requests_total{{code=~'5..'}}[5m]))\", \"unit\": \"s\"}},"
            );
        }
        text + "    }\n  log-level: \"info\"\n"
    }

    fn role(&self) -> String {
        self.head("rbac.authorization.k8s.io/v1", "Role", "") + RULES
    }

    fn role_binding(&self) -> String {
        let Self { name, namespace, .. } = self;
        let head = self.head("rbac.authorization.k8s.io/v1", "RoleBinding", "");
        format!(
            "{head}roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: {name}\nsubjects:\n- kind: ServiceAccount\n  \
             name: {name}\n  namespace: {namespace}\n"
        )
    }

    fn network_policy(&self) -> String {
        let selector = self.selector("      ");
        let head = self.head("networking.k8s.io/v1", "NetworkPolicy", "");
        format!(
            "{head}spec:\n  egress:\n  - {{}}\n  ingress:\n  - from:\n    - podSelector:\n        matchLabels:\n          \
             app.kubernetes.io/name: prometheus\n    ports:\n    - port: 8080\n      protocol: TCP\n  podSelector:\n    \
             matchLabels:\n{selector}  policyTypes: [Egress, Ingress]\n"
        )
    }

    fn disruption_budget(&self) -> String {
        let selector = self.selector("      ");
        self.head("policy/v1", "PodDisruptionBudget", "")
            + &format!("spec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n{selector}")
    }

    fn service_monitor(&self) -> String {
        let mut text = self.head("monitoring.coreos.com/v1", "ServiceMonitor", "") + "spec:\n  endpoints:\n";
        for port in ["metrics", "http-metrics"] {
            let _ = write!(text, "  - interval: 30s\n    port: {port}\n    scheme: https\n    metricRelabelings:\n");
            for action in 0..8 {
                let _ = write!(
                    text,
                    "    - action: drop\n      regex: 'process_start_time_seconds|go_(gc|threads)_{action}.*'\n      \
                     sourceLabels: [__name__]\n"
                );
            }
        }
        text + "  jobLabel: app.kubernetes.io/name\n"
    }
}

const LICENCE: &str = "\
# Licensed under the Apache License, Version 2.0 (the \"License\");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
";

const SECURITY: &str = "      securityContext:
        fsGroup: 1000
        runAsGroup: 1000
        runAsNonRoot: true
        runAsUser: 1000
";

const RESOURCES: &str = "        resources:
          limits: {cpu: 250m, memory: 180Mi}
          requests:
            cpu: 102m
            memory: 180Mi
";

const CONTAINER: &str = "        image: registry.example.com/shop/server:v0.10.3
        ports:
        - containerPort: 8080
          name: http
        - {containerPort: 9100, name: metrics}
        env:
        - name: PORT
          value: \"8080\"
        - name: DISABLE_PROFILER
          value: '1'
        - name: POD_IP
          valueFrom:
            fieldRef:
              fieldPath: status.podIP
        readinessProbe:
          initialDelaySeconds: 15
          httpGet:
            path: /_healthz
            port: 8080
            httpHeaders:
            - name: Cookie
              value: session_id=x-readiness-probe
        livenessProbe:
          initialDelaySeconds: 15
          periodSeconds: 10
          httpGet: {path: /_healthz, port: 8080}
        resources:
          limits: {cpu: 250m, memory: 180Mi}
          requests:
            cpu: 102m
            memory: 180Mi
        volumeMounts:
        - mountPath: /etc/settings
          name: settings
          readOnly: true
";

const PROXY_CONTAINER: &str = "      - args:
        - --secure-listen-address=[$(IP)]:9100
        - --tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        - --upstream=http://127.0.0.1:9101/
        - --collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run/containerd/.+|var/lib/kubelet/pods/.+)($|/)
        image: registry.example.com/shop/rbac-proxy:v0.22.1
        name: rbac-proxy
        securityContext:
          allowPrivilegeEscalation: false
          capabilities:
            drop:
            - ALL
          readOnlyRootFilesystem: true
";

const RULES: &str = "rules:
- apiGroups:
  - \"\"
  resources:
  - configmaps
  - secrets
  - nodes
  - pods
  verbs:
  - list
  - watch
- apiGroups: [apps]
  resources: [statefulsets, daemonsets, deployments, replicasets]
  verbs: [list, watch]
- apiGroups:
  - authentication.k8s.io
  resources:
  - tokenreviews
  verbs:
  - create
";
