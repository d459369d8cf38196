internal import Network

/// Who a process belongs to, by its control group (cgroups(7)): a service of systemd, a container whose engine can't be asked.
struct ControlGroups {
    let files: HostFiles

    /// Of the processes of a namespace; nil where their group says nothing, or holds processes of other namespaces too: a
    /// shell that made a namespace is still in the group of whoever logged in.
    func workload(ofProcess process: Int32, in inode: UInt64) -> Workload? {
        guard let path = path(ofProcess: process) else { return nil }
        guard let workload = Self.workload(path) else { return nil }
        if workload.kind == .container { return workload }
        let members = files.text("/sys/fs/cgroup\(path)/cgroup.procs") ?? ""
        let isOnlyThere = members.split(separator: "\n").prefix(64).allSatisfy { member in
            files.namespace("/proc/\(member)/ns/net").map { $0 == inode } ?? true
        }
        return isOnlyThere ? workload : nil
    }

    /// Of version 2, or of systemd's own hierarchy of version 1.
    private func path(ofProcess process: Int32) -> String? {
        let lines = (files.text("/proc/\(process)/cgroup") ?? "").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("0::") && $0 != "0::/" } ?? lines.first { $0.contains(":name=systemd:") }
        return line?.split(separator: ":", maxSplits: 2).last.map(String.init)
    }

    /// `/system.slice/NAME.service`, `/machine.slice/…`, `…/docker-ID.scope`, `…/cri-containerd-ID.scope`, `/lxc.payload.NAME`.
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

    private static let prefixes: [(String, Workload.Manager)] = [
        ("docker-", .docker), ("libpod-", .podman), ("cri-containerd-", .containerd), ("crio-", .crio),
        ("nerdctl-", .containerd),
    ]
}
