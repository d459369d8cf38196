internal import Network
internal import Glibc
internal import LinuxSystem
public import Wire

/// The engines that answer on a socket of this machine, all with Docker's API: Docker and Podman.
public enum ContainerEngines {
    /// Where Docker's engine itself resolves names for containers (libnetwork).
    public static let embeddedResolver = IPAddress(ipv4: 0x7f00_000b)

    /// The sockets to try, `DOCKER_HOST` first where it names one.
    static func sockets() -> [String] {
        func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
        var paths: [String] = []
        if let host = variable("DOCKER_HOST"), host.hasPrefix("unix://") { paths.append(String(host.dropFirst(7))) }
        paths += ["/run/docker.sock", "/var/run/docker.sock", "/run/podman/podman.sock"]
        if let runtime = variable("XDG_RUNTIME_DIR") {
            paths += ["\(runtime)/docker.sock", "\(runtime)/podman/podman.sock"]
        }
        // /var/run is /run nearly everywhere: each socket once, by what it is.
        var seen: Set<[UInt64]> = []
        return paths.filter { path in
            var status = stat()
            return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
                && seen.insert([UInt64(status.st_dev), UInt64(status.st_ino)]).inserted
        }
    }

    /// What engines say.
    struct Answers: Sendable {
        /// Those that run.
        var containers: [Container] = []
        /// Their networks, by the bridge that joins each.
        var networks: [String: Workload] = [:]
        /// What could not be read, one sentence each.
        var warnings: [String] = []
    }

    /// The answers of all engines.
    static func ask() -> Answers {
        var answers = Answers()
        for socket in sockets() {
            let manager: Workload.Manager = socket.contains("podman") ? .podman : .docker
            do {
                let list = try JSONTree(parsing: try UnixHTTP.get("/containers/json", socket: socket))
                for identifier in identifiers(list) {
                    // A container that ends meanwhile is not there any more.
                    guard let answer = try? UnixHTTP.get("/containers/\(identifier)/json", socket: socket),
                        let container = container(try JSONTree(parsing: answer), by: manager)
                    else { continue }
                    answers.containers.append(container)
                }
            } catch let error as SystemError where error.errorNumber == ECONNREFUSED {
                continue  // A socket whose engine is gone.
            } catch {
                answers.warnings.append("cannot read the containers of \(socket): \(error)")
                continue
            }
            guard manager == .docker, let answer = try? UnixHTTP.get("/networks", socket: socket),
                let list = try? JSONTree(parsing: answer)
            else { continue }
            answers.networks.merge(networks(list)) { first, _ in first }
        }
        return answers
    }

    /// From GET /networks: those of the driver `bridge`, by the bridge's name.
    static func networks(_ list: JSONTree) -> [String: Workload] {
        var result: [String: Workload] = [:]
        for network in list.elements where network["Driver"]?.string == "bridge" {
            guard let name = network["Name"]?.string, let identifier = network["Id"]?.string else { continue }
            let bridge = network["Options"]?["com.docker.network.bridge.name"]?.string
            result[bridge ?? "br-\(identifier.prefix(12))"] = Workload(
                .network, name, identifier: identifier, by: .docker)
        }
        return result
    }

    /// A container that does not run, and how its engine speaks of that: `Exited (0) 5 minutes ago`.
    public struct Stopped: Sendable, Hashable {
        public var name: String
        public var state: String
    }

    /// By its name, its Compose service or the beginning of its identifier; nil where no engine has such a one.
    public static func stopped(_ name: String) -> Stopped? {
        for socket in sockets() {
            guard let answer = try? UnixHTTP.get("/containers/json?all=true", socket: socket),
                let list = try? JSONTree(parsing: answer)
            else { continue }
            if let found = stopped(name, in: list) { return found }
        }
        return nil
    }

    /// From GET /containers/json?all=true.
    static func stopped(_ name: String, in list: JSONTree) -> Stopped? {
        list.elements.lazy.filter { $0["State"]?.string != "running" }.compactMap { container -> Stopped? in
            let names = (container["Names"]?.elements ?? []).compactMap(\.string).map { String($0.drop { $0 == "/" }) }
            let isService = container["Labels"]?["com.docker.compose.service"]?.string == name
            let isIdentified = name.count >= 6 && container["Id"]?.string?.hasPrefix(name) == true
            guard names.contains(name) || isService || isIdentified else { return nil }
            let state = container["Status"]?.string ?? container["State"]?.string ?? "stopped"
            return Stopped(name: names.first ?? name, state: state)
        }.first
    }

    /// Whom the engine's own resolver (127.0.0.11) asks for a container that runs, where the container has servers of its own
    /// (`--dns`); empty where it has none, and those of the engine or of the host's resolv.conf(5) are asked.
    public static func resolvers(ofContainer name: String) -> [IPAddress] {
        for socket in sockets() {
            guard let answer = try? UnixHTTP.get("/containers/json", socket: socket),
                let list = try? JSONTree(parsing: answer),
                let identifier = identifiers(.array(list.elements.filter { isCalled(name, $0) })).first,
                let container = try? JSONTree(
                    parsing: try UnixHTTP.get("/containers/\(identifier)/json", socket: socket))
            else { continue }
            return resolvers(container)
        }
        return []
    }

    /// From GET /containers/ID/json.
    static func resolvers(_ container: JSONTree) -> [IPAddress] {
        (container["HostConfig"]?["Dns"]?.elements ?? []).compactMap { $0.string.flatMap { IPAddress($0) } }
    }

    /// Of GET /containers/json.
    private static func isCalled(_ name: String, _ container: JSONTree) -> Bool {
        (container["Names"]?.elements ?? []).contains { $0.string == "/\(name)" || $0.string == name }
    }

    /// From GET /containers/json. What is no identifier is not asked for: it becomes part of a request.
    static func identifiers(_ list: JSONTree) -> [String] {
        list.elements.compactMap { $0["Id"]?.string }.filter { identifier in
            (12...64).contains(identifier.utf8.count)
                && identifier.utf8.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 }
        }
    }

    /// From GET /containers/ID/json; nil for one that is not running.
    static func container(_ value: JSONTree, by manager: Workload.Manager = .docker) -> Container? {
        guard let name = value["Name"]?.string ?? value["Id"]?.string else { return nil }
        var paths: [String] = []
        if let process = value["State"]?["Pid"]?.integer, process > 0 { paths.append("/proc/\(process)/ns/net") }
        if let mount = value["NetworkSettings"]?["SandboxKey"]?.string, mount.hasPrefix("/") { paths.append(mount) }
        if paths.isEmpty { return nil }
        // An engine's own name is unique on the machine, which those of a pod's containers are not.
        let own = name.hasPrefix("/") ? String(name.dropFirst()) : name
        var container = Container(name: own, paths: paths)
        container.take(value["Config"]?["Labels"], identifier: value["Id"]?.string, by: manager)
        container.name = own
        if manager == .podman { container.takePod(hostName: value["Config"]?["Hostname"]?.string) }
        return container
    }
}
