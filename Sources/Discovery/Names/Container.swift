internal import Network

/// A container as its engine tells of it.
struct Container: Sendable, Hashable {
    var name: String
    /// Where its namespace may be entered, the best first: its first process, the engine's own mount.
    var paths: [String]
    /// Itself with its number, its service, its pod.
    var workloads: [Workload] = []

    /// What labels, or annotations, say of it: Compose's and Kubernetes' are the same with every engine.
    mutating func take(_ labels: JSONTree?, identifier: String?, by manager: Workload.Manager) {
        func label(_ names: String...) -> String? {
            names.lazy.compactMap { labels?[$0]?.string }.first { !$0.isEmpty }
        }
        let pod = label("io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name")
        let space = label("io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace")
        let inPod = label("io.kubernetes.cri.container-name", "io.kubernetes.container.name")
        if pod != nil {
            // The container that holds a pod's namespace has a name that nobody gave it.
            name = inPod ?? pod ?? name
        }
        workloads = [Workload(.container, name, identifier: identifier, by: manager)]
        if let service = label("com.docker.compose.service", "io.podman.compose.service", "nerdctl/compose-service") {
            let project = label("com.docker.compose.project", "io.podman.compose.project")
            workloads.append(Workload(.service, service, in: project, by: manager))
        }
        if let pod { workloads.append(Workload(.pod, pod, in: space, by: .kubernetes)) }
    }

    /// A pod of Podman: what holds its namespace is called by twelve digits of the pod's number and `-infra`, and has the
    /// pod's name as its host's, where nobody gave another (podman-pod-create(1)).
    mutating func takePod(hostName: String?) {
        let digits = name.hasSuffix("-infra") ? name.dropLast(6) : ""
        guard digits.utf8.count == 12, digits.allSatisfy(\.isHexDigit), let hostName, !hostName.isEmpty else { return }
        name = hostName
        workloads.append(Workload(.pod, hostName, by: .podman))
    }
}
