/// Who a namespace or a device is there for, by the name that its manager knows it by.
public struct Workload: Sendable, Codable, Hashable {
    public struct Kind: NamedValue {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let container: Self = "container"
        /// Of a Compose project.
        public static let service: Self = "service"
        /// Of Kubernetes.
        public static let pod: Self = "pod"
        /// Of systemd.
        public static let unit: Self = "unit"
        /// A virtual machine.
        public static let guest: Self = "guest"
        /// What a bridge joins.
        public static let network: Self = "network"
    }

    /// The program that made it.
    public struct Manager: NamedValue {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let docker: Self = "docker"
        public static let podman: Self = "podman"
        public static let containerd: Self = "containerd"
        public static let crio: Self = "cri-o"
        public static let kubernetes: Self = "kubernetes"
        public static let cni: Self = "cni"
        public static let libvirt: Self = "libvirt"
        public static let systemd: Self = "systemd"
    }

    public var kind: Kind
    public var name: String
    /// Within which the name is unique: a Compose project, a namespace of Kubernetes. Nil where the machine is that.
    public var group: String?
    /// The manager's own number for it, in hexadecimal digits; nil where it has none.
    public var identifier: String?
    public var manager: Manager

    public init(
        _ kind: Kind, _ name: String, in group: String? = nil, identifier: String? = nil, by manager: Manager
    ) {
        self.kind = kind
        self.name = name
        self.group = group
        self.identifier = identifier
        self.manager = manager
    }

    enum CodingKeys: String, TolerantKey {
        case kind, name, group, identifier, manager

        static let defaults: [Self: any Sendable] = [.kind: Kind.container, .manager: Manager(rawValue: "unknown")]
    }

    /// `default/web`, or the name alone.
    public var fullName: String { group.map { "\($0)/\(name)" } ?? name }

    /// `network shop`, `service api of shop`, `pod default/web`.
    public var words: String {
        switch kind {
        case .service: "service \(name)\(group.map { " of \($0)" } ?? "")"
        default: "\(kind) \(fullName)"
        }
    }

    /// Whether a person may mean this by `text`: its name, with or without its group, or the beginning of its number.
    public func isCalled(_ text: String) -> Bool {
        name == text || fullName == text || text.utf8.count >= 6 && identifier?.hasPrefix(text) == true
    }
}

extension Namespace {
    /// What else it is called by: `shop-api-1`, `service api of shop`, `pod default/web`.
    public var otherNames: [String] {
        let works = (workloads ?? []).filter { $0.kind != .container && $0.name != name }.map(\.words)
        return containers.filter { $0 != name } + Array(Set(works)).sorted()
    }
}
