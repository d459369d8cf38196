internal import Discovery
internal import Glibc
internal import LinuxSystem
internal import Probes
internal import Network

/// Tries what the tool does, one thing at a time, and leaves nothing behind.
enum Examination {
    static func run() -> [Check] {
        var checks = [sandbox()]
        checks.append(
            arming("packet capture", .none, isNeeded: true, detail: "devices can be captured"))
        checks.append(arming("NFLOG hooks by nftables", .nftables, detail: "a table with an owner can be created"))
        checks.append(arming("NFLOG hooks by iptables", .iptables, detail: "rules can be added and removed"))
        checks.append(
            arming(
                "BPF at hooks and links", .bpf, .bpf, remedy: "run as root outside of any container or user namespace",
                detail: "programs can be loaded and attached"))
        checks.append(confinement())
        checks += [
            program("ip", package: "iproute2"), program("nft", package: "nftables"),
            program("iptables-save", package: "iptables"), program("ping", package: "iputils-ping"), namespaces(),
            dropReasons(), engine(),
        ]
        return checks
    }

    private static func sandbox() -> Check {
        let name = "sandbox without root"
        let words = ["unshare", "--user", "--map-root-user", "--net", "--mount", "true"]
        switch Result(catching: { try Command(words).run() }) {
        case .success(let output) where output.status == 0:
            return Check(name: name, state: .ok, detail: "user namespaces can be created", isNeeded: false)
        case .success(let output):
            let limit = readText("/proc/sys/user/max_user_namespaces") ?? "unknown"
            return Check(
                name: name, state: .missing,
                detail: "unshare failed: \(firstLine(output.errorText)); user.max_user_namespaces is \(limit)",
                remedy: "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000, or run as root",
                isNeeded: true)
        case .failure(let error):
            return Check(
                name: name, state: .missing, detail: "\(error)", remedy: "apt-get install util-linux", isNeeded: true)
        }
    }

    /// Arms the probes of this namespace and disarms them again.
    private static func arming(
        _ name: String, _ hooks: ProbePlan.Hooks, _ links: ProbePlan.Links = .pcap, isNeeded: Bool = false,
        remedy: String = "run as root, or: setcap cap_net_admin,cap_net_raw,cap_sys_admin+ep on the program",
        detail: String
    ) -> Check {
        do {
            let topology = try Topology.discover(only: ["host"])
            let names = topology.namespaces.prefix(1).map(\.name)
            let source = try LiveSource(
                topology: topology, plan: ProbePlan(namespaces: names, hooks: hooks, links: links))
            let warnings = source.warnings
            source.stop()
            while source.next(timeoutMilliseconds: 1000) != nil {}
            guard let warning = warnings.first else {
                return Check(name: name, state: .ok, detail: detail, isNeeded: isNeeded)
            }
            return Check(name: name, state: .limited, detail: warning, remedy: remedy, isNeeded: isNeeded)
        } catch {
            return Check(name: name, state: .missing, detail: "\(error)", remedy: remedy, isNeeded: isNeeded)
        }
    }

    /// Looks at the threads of a run.
    private static func confinement() -> Check {
        let name = "threads that read packets"
        do {
            let topology = try Topology.discover(only: ["host"])
            let source = try LiveSource(
                topology: topology, plan: ProbePlan(namespaces: topology.namespaces.prefix(1).map(\.name), hooks: .none)
            )
            defer {
                source.stop()
                while source.next(timeoutMilliseconds: 1000) != nil {}
            }
            let held = LiveSource.readingThreads
            let faults = held.filter { !$0.isConfined }.map { "\($0.name) holds \($0.holding)" }
            guard faults.isEmpty, !held.isEmpty else {
                return Check(
                    name: name, state: .limited,
                    detail: held.isEmpty ? "their state can't be read" : faults.joined(separator: ", "),
                    remedy: "a kernel with seccomp filters (CONFIG_SECCOMP_FILTER)", isNeeded: false)
            }
            return Check(
                name: name, state: .ok,
                detail: held.map(\.name).joined(separator: " and ")
                    + " hold no capability and run under a seccomp filter; pw-arm and the one that explains hold"
                    + " what the program was started with",
                isNeeded: false)
        } catch {
            return Check(name: name, state: .limited, detail: "nothing can be captured, so none runs", isNeeded: false)
        }
    }

    private static func program(_ program: String, package: String) -> Check {
        let found = programPath(program)
        return Check(
            name: program, state: found == nil ? .missing : .ok, detail: found ?? "not found",
            remedy: found == nil ? "apt-get install \(package)" : nil, isNeeded: program == "ip")
    }

    private static func namespaces() -> Check {
        let names = directoryNames("/run/netns")
        let unreadable = directoryNames("/proc").filter { Int($0) != nil }
            .filter { access("/proc/\($0)/ns/net", R_OK) != 0 && errno == EACCES }.count
        return Check(
            name: "other namespaces", state: unreadable == 0 ? .ok : .limited,
            detail: "\(names.count) named; \(unreadable) process\(unreadable == 1 ? "" : "es") can't be inspected",
            remedy: unreadable == 0 || geteuid() == 0 ? nil : "run as root to see the namespaces of every process",
            isNeeded: false)
    }

    /// Arms the best source of them, as `--drops auto` does, and lets them go again.
    private static func dropReasons() -> Check {
        let name = "drop reasons"
        let remedy = "run as root outside of any container or user namespace, on a kernel with BTF"
        switch DropWitnesses.examine() {
        case (nil, _):
            return Check(name: name, state: .ok, detail: "bpf: the kernel's reason for each packet", isNeeded: false)
        case (let refusal?, nil):
            return Check(
                name: name, state: .limited,
                detail: "tracefs: the kernel's reasons, without the packet; bpf is not available: \(refusal)",
                remedy: remedy, isNeeded: false)
        case (let refusal?, let second?):
            return Check(
                name: name, state: .limited,
                detail:
                    "counters of /proc/net/snmp and netstat only; bpf is not available: \(refusal); nor is tracefs: \(second)",
                remedy: remedy, isNeeded: false)
        }
    }

    private static func engine() -> Check {
        let socket = firstReadable(["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock"])
        return Check(
            name: "container engine", state: socket == nil ? .limited : .ok,
            detail: socket
                ?? "no engine's socket can be read: containers are named by their runtimes' files, where they can be read",
            isNeeded: false)
    }

    private static func firstReadable(_ paths: [String]) -> String? {
        paths.first { path in access(path, R_OK) == 0 }
    }

    private static func firstLine(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).first ?? "")
    }
}
