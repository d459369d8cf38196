internal import Network
internal import Glibc
internal import LinuxSystem

/// A container as its engine tells of it.
struct Container: Sendable, Hashable {
    var name: String
    /// Where its namespace may be entered: its first process, the engine's own mount.
    var paths: [String]
}

/// The engines that answer on a socket of this machine, all with Docker's API: Docker and Podman.
public enum ContainerEngines {
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

    /// The running containers of all engines, and what could not be read, one sentence each.
    static func containers() -> (containers: [Container], warnings: [String]) {
        var containers: [Container] = []
        var warnings: [String] = []
        for socket in sockets() {
            do {
                let list = try JSONTree(parsing: try UnixHTTP.get("/containers/json", socket: socket))
                for identifier in identifiers(list) {
                    // A container that ends meanwhile is not there any more.
                    guard let answer = try? UnixHTTP.get("/containers/\(identifier)/json", socket: socket),
                        let container = container(try JSONTree(parsing: answer))
                    else { continue }
                    containers.append(container)
                }
            } catch let error as SystemError where error.errorNumber == ECONNREFUSED {
                continue  // A socket whose engine is gone.
            } catch {
                warnings.append("cannot read the containers of \(socket): \(error)")
            }
        }
        return (containers, warnings)
    }

    /// How an engine speaks of a container that does not run (`Exited (0) 5 minutes ago`), by its name or the beginning of its
    /// identifier; nil where no engine has such a one.
    public static func stateOfStopped(_ name: String) -> String? {
        for socket in sockets() {
            guard let answer = try? UnixHTTP.get("/containers/json?all=true", socket: socket),
                let list = try? JSONTree(parsing: answer)
            else { continue }
            if let state = state(of: name, in: list) { return state }
        }
        return nil
    }

    /// From GET /containers/json?all=true.
    static func state(of name: String, in list: JSONTree) -> String? {
        list.elements.first { container in
            let isNamed = container["Names"]?.elements.contains { $0.string == "/\(name)" || $0.string == name } == true
            let isIdentified = name.count >= 6 && container["Id"]?.string?.hasPrefix(name) == true
            return (isNamed || isIdentified) && container["State"]?.string != "running"
        }.map { $0["Status"]?.string ?? $0["State"]?.string ?? "stopped" }
    }

    /// From GET /containers/json. What is no identifier is not asked for: it becomes part of a request.
    static func identifiers(_ list: JSONTree) -> [String] {
        list.elements.compactMap { $0["Id"]?.string }.filter { identifier in
            (12...64).contains(identifier.utf8.count)
                && identifier.utf8.allSatisfy { 48...57 ~= $0 || 97...102 ~= $0 }
        }
    }

    /// From GET /containers/ID/json; nil for one that is not running.
    static func container(_ value: JSONTree) -> Container? {
        guard let name = value["Name"]?.string ?? value["Id"]?.string else { return nil }
        var paths: [String] = []
        if let process = value["State"]?["Pid"]?.integer, process > 0 { paths.append("/proc/\(process)/ns/net") }
        if let mount = value["NetworkSettings"]?["SandboxKey"]?.string, mount.hasPrefix("/") { paths.append(mount) }
        if paths.isEmpty { return nil }
        return Container(name: name.hasPrefix("/") ? String(name.dropFirst()) : name, paths: paths)
    }
}
