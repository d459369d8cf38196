internal import Network

/// Containers by the files that their runtime was started with: `config.json` of the OCI runtime specification, the number
/// of the first process beside it. They are there without any engine's socket, for whoever may read them (root).
struct RuntimeBundles {
    private let files: HostFiles

    private init(_ files: HostFiles) { self.files = files }

    static func containers(_ files: HostFiles) -> [Container] {
        let bundles = RuntimeBundles(files)
        return bundles.ofContainerd() + bundles.ofStorage()
    }

    // MARK: containerd

    /// Of containerd's tasks: `NAMESPACE/ID/config.json` and `init.pid`. Docker and k3s have tasks of their own there.
    private func ofContainerd() -> [Container] {
        let folders = [
            "/run/containerd", "/run/k3s/containerd", "/run/docker/containerd/daemon", "/run/docker/containerd",
        ].map { "\($0)/io.containerd.runtime.v2.task" }
        return folders.flatMap { folder in
            files.names(folder).flatMap { space in
                files.names("\(folder)/\(space)").compactMap { identifier in
                    task(identifier, of: space, at: "\(folder)/\(space)/\(identifier)")
                }
            }
        }
    }

    private func task(_ identifier: String, of space: String, at folder: String) -> Container? {
        guard let process = files.number("\(folder)/init.pid"), let config = files.json("\(folder)/config.json") else {
            return nil
        }
        let paths = paths(process, config)
        if space == "moby" { return ofDocker(identifier, paths) }
        let annotations = config["annotations"]
        var container = Container(name: identifier, paths: paths)
        container.name = annotations?["nerdctl/name"]?.string ?? identifier
        container.take(annotations, identifier: identifier, by: .containerd)
        return container
    }

    /// Docker's own record of a container: its name and labels are in none of containerd's files.
    private func ofDocker(_ identifier: String, _ paths: [String]) -> Container {
        let record = files.json("/var/lib/docker/containers/\(identifier)/config.v2.json")
        let name = record?["Name"]?.string.map { String($0.drop { $0 == "/" }) }
        var container = Container(name: name ?? String(identifier.prefix(12)), paths: paths)
        container.take(record?["Config"]?["Labels"], identifier: identifier, by: .docker)
        return container
    }

    // MARK: Podman, CRI-O

    /// Of containers/storage, for root and for each user that is logged in.
    private func ofStorage() -> [Container] {
        let users = files.names("/run/user").map { "/run/user/\($0)/containers" }
        return (["/run/containers/storage"] + users).flatMap { folder in
            // Named by the storage's driver: overlay-containers, vfs-containers.
            files.names(folder).filter { $0.hasSuffix("-containers") }.flatMap { driver in
                files.names("\(folder)/\(driver)").compactMap { identifier in
                    stored(identifier, by: driver, at: "\(folder)/\(driver)/\(identifier)/userdata")
                }
            }
        }
    }

    /// Podman keeps names in a database; conmon, which watches the container, was told them: `-n NAME -b BUNDLE`.
    private func stored(_ identifier: String, by driver: String, at folder: String) -> Container? {
        let monitor = files.number("\(folder)/conmon.pid").map { Arguments(files.arguments(ofProcess: $0)) }
        let isMeant = monitor?["-c"] == identifier
        let library = "/var/lib/containers/storage/\(driver)"
        let bundles = [isMeant ? monitor?["-b"] : nil, folder, "\(library)/\(identifier)/userdata"]
        let config = bundles.lazy.compactMap(\.self).compactMap { files.json("\($0)/config.json") }.first
        guard let process = files.number("\(folder)/pidfile") ?? monitor?.process(files) else { return nil }
        let paths = paths(process, config)
        // A container that has ended leaves its files, and its process's number may be another's.
        guard paths.contains(where: { files.namespace($0) != nil }) else { return nil }
        let annotations = config?["annotations"]
        let isPodman = annotations?["io.container.manager"]?.string == "libpod"
        let name = (isMeant ? monitor?["-n"] : nil) ?? stored(identifier, in: "\(library)/containers.json")
        var container = Container(name: name ?? String(identifier.prefix(12)), paths: paths)
        container.take(annotations, identifier: identifier, by: isPodman ? .podman : .crio)
        if isPodman { container.takePod(hostName: config?["hostname"]?.string) }
        return container
    }

    /// The name in the storage's own list.
    private func stored(_ identifier: String, in list: String) -> String? {
        files.json(list)?.elements.first { $0["id"]?.string == identifier }?["names"]?.elements.first?.string
    }

    // MARK: Both

    /// Where the namespace may be entered: the first process, the mount that the runtime was told to join.
    private func paths(_ process: Int32, _ config: JSONTree?) -> [String] {
        let network = config?["linux"]?["namespaces"]?.elements.first { $0["type"]?.string == "network" }
        // A process's number may be another's by now; a mount stays what it is.
        return [network?["path"]?.string, process > 0 ? "/proc/\(process)/ns/net" : nil].compactMap(\.self)
    }

    /// A command line of options with values.
    private struct Arguments {
        var words: [String]

        init(_ words: [String]) { self.words = words }

        subscript(option: String) -> String? {
            guard let position = words.firstIndex(of: option), position + 1 < words.count else { return nil }
            return words[position + 1]
        }

        func process(_ files: HostFiles) -> Int32? { self["-p"].flatMap { files.number($0) } }
    }
}
