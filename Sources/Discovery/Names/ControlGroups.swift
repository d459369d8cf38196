internal import Network

/// Who a process belongs to, by its control group (cgroups(7)): a service of systemd, a container whose engine can't be asked.
struct ControlGroups {
    let files: HostFiles

    /// Of the processes of a namespace; nil where their group says nothing, or holds processes of other namespaces too: a
    /// shell that made a namespace is still in the group of whoever logged in.
    func workload(ofProcess process: Int32, in inode: UInt64) -> Workload? {
        for path in paths(ofProcess: process) {
            guard let workload = Self.workload(path) else { continue }
            if workload.kind == .container { return workload }
            let members = files.text("/sys/fs/cgroup\(path)/cgroup.procs") ?? ""
            let isOnlyThere = members.split(separator: "\n").prefix(64).allSatisfy { member in
                files.namespace("/proc/\(member)/ns/net").map { $0 == inode } ?? true
            }
            return isOnlyThere ? workload : nil
        }
        return nil
    }

    /// Of version 2 first, then of systemd's own hierarchy of version 1, then of that version's controllers.
    private func paths(ofProcess process: Int32) -> [String] {
        let lines = (files.text("/proc/\(process)/cgroup") ?? "").split(separator: "\n")
        let first = lines.filter { $0.hasPrefix("0::") } + lines.filter { $0.contains(":name=systemd:") }
        return (first + lines.filter { !first.contains($0) }).compactMap {
            $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last.map(String.init)
        }
    }

    /// `/system.slice/NAME.service`, `/machine.slice/…`, `…/docker-ID.scope`, `…/cri-containerd-ID.scope`, `/lxc.payload.NAME`,
    /// `/machine/lxc-NUMBER-NAME.libvirt-lxc`.
    static func workload(_ path: String) -> Workload? {
        for part in path.split(separator: "/").reversed() {
            let name = part.hasSuffix(".scope") ? part.dropLast(6) : part
            for (prefix, manager) in prefixes where name.hasPrefix(prefix) {
                let identifier = name.dropFirst(prefix.utf8.count)
                guard identifier.utf8.count == 64, identifier.allSatisfy(\.isHexDigit) else { continue }
                return Workload(
                    .container, String(identifier.prefix(12)), identifier: String(identifier), by: manager)
            }
            if name.hasPrefix("lxc.payload.") {
                return Workload(.container, String(name.dropFirst(12)), by: Workload.Manager(rawValue: "lxc"))
            }
            if let name = libvirtContainer(part) { return Workload(.container, name, by: .libvirt) }
            if part.hasSuffix(".service") {
                // systemd-nspawn@NAME.service
                if part.hasPrefix("systemd-nspawn@") {
                    return Workload(.container, String(part.dropFirst(15).dropLast(8)), by: .systemd)
                }
                return Workload(.unit, String(part), by: .systemd)
            }
        }
        return nil
    }

    /// libvirt's driver for LXC has a group of its own making, or systemd's: `machine-lxc\x2dNUMBER\x2dNAME.scope`.
    private static func libvirtContainer(_ part: Substring) -> String? {
        if let match = part.wholeMatch(of: #/lxc-\d+-(.+)\.libvirt-lxc/#) { return String(match.1) }
        return part.replacing("\\x2d", with: "-").wholeMatch(of: #/machine-lxc-\d+-(.+)\.scope/#).map { String($0.1) }
    }

    private static let prefixes: [(String, Workload.Manager)] = [
        ("docker-", .docker), ("libpod-", .podman), ("cri-containerd-", .containerd), ("crio-", .crio),
        ("nerdctl-", .containerd),
    ]
}
