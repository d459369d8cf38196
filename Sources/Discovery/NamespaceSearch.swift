internal import Network
internal import CLinux
internal import Glibc
internal import LinuxSystem

/// Where a namespace was found, before anything in it was read.
struct NamespaceSite: Sendable, Hashable {
    var inode: UInt64
    /// Paths by which it can be entered, the best first.
    var paths: [String]
    /// Of `ip netns`.
    var netnsName: String?
    var containers: [String] = []
    var workloads: [Workload] = []
    var isOwn = false

    /// The name of `ip netns`, unless an engine made it up for a namespace of its own: `netns-UUID` of Podman, `cni-UUID`.
    var givenName: String? {
        guard let netnsName, !netnsName.hasSuffixOfUUID else { return nil }
        return netnsName
    }
}

extension String {
    /// `-8b5318ec-0f13-55e9-d1c5-0f1e0a8b7c6d`, whatever stands before it.
    fileprivate var hasSuffixOfUUID: Bool {
        let parts = split(separator: "-").suffix(5)
        return parts.map(\.utf8.count) == [8, 4, 4, 4, 12] && parts.allSatisfy { $0.allSatisfy(\.isHexDigit) }
    }
}

/// Finds every network namespace that this process can see: `ip netns` names, other bind mounts, processes' and
/// containers' own. The same namespace found twice is one, by inode. Needs nothing of /proc/1.
struct NamespaceSearch {
    private(set) var sites: [NamespaceSite] = []
    private(set) var warnings: [String] = []
    private var positions: [UInt64: Int] = [:]

    /// What bridges and guests' devices are there for, by their names.
    private(set) var devices: [String: Workload] = [:]
    private let files: HostFiles

    /// - Parameter files: where names are looked for; namespaces are those of the machine itself.
    init(_ files: HostFiles = HostFiles()) {
        self.files = files
        addNamed()
        addMounted()
        addProcesses()
        let engines = ContainerEngines.ask()
        warnings += engines.warnings
        for container in engines.containers where !add(container) {
            warnings.append(
                "cannot find the network namespace of container \(container.name): none of its paths can be read")
        }
        addBundles()
        devices = BridgeNetworks(files).workloads.merging(engines.networks) { _, engine in engine }
        if let own = Self.inode(ofLink: "/proc/thread-self/ns/net") {
            let path = "/proc/\(getpid())/ns/net"
            add(own, path: path)
            if let position = positions[own] {
                sites[position].isOwn = true
                // A name stays; an engine's mount or another process may go away while this one runs.
                if sites[position].netnsName == nil { sites[position].paths.insert(path, at: 0) }
            }
        }
        addGroups()
    }

    /// Containers whose engine was not asked.
    private mutating func addBundles() {
        let known = Set(sites.flatMap(\.workloads).compactMap(\.identifier))
        for container in RuntimeBundles.containers(files)
        where !container.workloads.contains(where: { $0.identifier.map(known.contains) ?? false }) {
            add(container)
        }
    }

    /// Whose processes they are that are in a namespace without any name.
    private mutating func addGroups() {
        let groups = ControlGroups(files: files)
        for (position, site) in sites.enumerated()
        where site.givenName == nil && site.containers.isEmpty && site.workloads.isEmpty && !site.isOwn {
            for path in site.paths where path.hasPrefix("/proc/") {
                guard let process = Int32(path.dropFirst(6).prefix { $0 != "/" }),
                    let workload = groups.workload(ofProcess: process, in: site.inode)
                else { continue }
                sites[position].workloads = [workload]
                if workload.kind == .container { sites[position].containers = [workload.name] }
                break
            }
        }
    }

    @discardableResult
    private mutating func add(_ inode: UInt64, path: String, netnsName: String? = nil) -> Int {
        let position: Int
        if let known = positions[inode] {
            position = known
        } else {
            position = sites.count
            positions[inode] = position
            sites.append(NamespaceSite(inode: inode, paths: []))
        }
        if sites[position].paths.count < 4, !sites[position].paths.contains(path) {
            sites[position].paths.append(path)
        }
        if sites[position].netnsName == nil { sites[position].netnsName = netnsName }
        return position
    }

    private mutating func addNamed() {
        for directory in ["/run/netns", "/var/run/netns"] {
            for name in directoryNames(directory) {
                let path = "\(directory)/\(name)"
                do {
                    // A name whose mount is gone is a plain file: no namespace.
                    guard let inode = try Self.inode(ofFile: path) else { continue }
                    add(inode, path: path, netnsName: name)
                } catch let error as SystemError where error.errorNumber == ENOENT {
                    continue
                } catch {
                    warnings.append("\(error)")
                }
            }
        }
    }

    private mutating func addMounted() {
        guard let table = readText("/proc/thread-self/mountinfo") else { return }
        for line in table.split(separator: "\n") {
            // proc(5): ID, parent, device, root, mount point, …
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 5, fields[3].hasPrefix("net:["), let inode = Self.inode(inText: fields[3]) else {
                continue
            }
            add(inode, path: Self.unescapeMountPoint(fields[4]))
        }
    }

    private mutating func addProcesses() {
        var unreadable = 0
        var total = 0
        for name in directoryNames("/proc") where name.utf8.allSatisfy({ (48...57).contains($0) }) {
            let path = "/proc/\(name)/ns/net"
            total += 1
            if let inode = Self.inode(ofLink: path) {
                add(inode, path: path)
            } else if errno == EACCES || errno == EPERM {
                unreadable += 1
            }
        }
        if unreadable > 0 {
            warnings.append(
                "cannot read the network namespaces of \(unreadable) of \(total) processes: Permission denied")
        }
    }

    /// False where none of its paths leads to a namespace.
    @discardableResult
    private mutating func add(_ container: Container) -> Bool {
        for path in container.paths {
            guard let inode = files.namespace(path) else { continue }
            let position = add(inode, path: path)
            if !sites[position].containers.contains(container.name) {
                sites[position].containers.append(container.name)
            }
            for workload in container.workloads where !sites[position].workloads.contains(workload) {
                sites[position].workloads.append(workload)
            }
            return true
        }
        return false
    }

    /// Names for all of them: unique, `host` for one's own where it has no other.
    func names() -> [String] { Self.names(of: sites) }

    static func names(of sites: [NamespaceSite]) -> [String] {
        var taken: Set<String> = []
        // A name given by its owner wins over one made up here, so that the second of two is the one that changes.
        var names = [String?](repeating: nil, count: sites.count)
        func claim(_ position: Int, _ name: String?) {
            guard names[position] == nil, let name, !name.isEmpty, taken.insert(name).inserted else { return }
            names[position] = name
        }
        for (position, site) in sites.enumerated() { claim(position, site.givenName) }
        for (position, site) in sites.enumerated() where site.isOwn { claim(position, "host") }
        for (position, site) in sites.enumerated() {
            let pod = site.workloads.first { $0.kind == .pod }
            claim(position, pod?.name)
            claim(position, pod?.fullName)
            claim(position, site.containers.first)
            claim(position, site.workloads.first?.name)
        }
        // What an engine made up is better than a number.
        for (position, site) in sites.enumerated() { claim(position, site.netnsName) }
        return sites.indices.map { names[$0] ?? "netns:\(sites[$0].inode)" }
    }

    /// The number in a link's `net:[4026531840]`; nil where it can't be read (errno says why).
    static func inode(ofLink path: String) -> UInt64? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = readlink(path, start, buffer.count)
            guard count > 0 else { return nil }
            return inode(inText: String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
    }

    /// Of a bind mount; nil where the file is no network namespace. Throws `SystemError`.
    static func inode(ofFile path: String) throws -> UInt64? {
        let file = try NetworkNamespaceFile(path: path)
        return withExtendedLifetime(file) { packetwalk_is_network_namespace(file.descriptor) == 1 ? file.inode : nil }
    }

    static func inode(inText text: some StringProtocol) -> UInt64? {
        guard text.hasPrefix("net:["), text.hasSuffix("]") else { return nil }
        return UInt64(text.dropFirst(5).dropLast())
    }

    /// Blanks and the like stand there as `\040` (proc(5)).
    static func unescapeMountPoint(_ text: some StringProtocol) -> String {
        guard text.contains("\\") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(kernelName: bytes)
    }
}
