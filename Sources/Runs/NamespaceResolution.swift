internal import Discovery
internal import Glibc
internal import LinuxSystem
public import Network
internal import Wire

/// The namespace that `text` names: an `ip netns` name, a container's name or id, a Compose service, a pod, a service of
/// systemd, `pid:N`, `netns:INODE`, a path, an address.
///
/// Throws `RunError` with the names that there are.
public func resolveNamespace(_ text: String, in topology: Topology) throws -> Namespace {
    if let found = try namedNamespace(text, in: topology) { return found }
    var path: String?
    if text.hasPrefix("pid:"), let process = Int32(text.dropFirst(4)), process > 0 { path = "/proc/\(process)/ns/net" }
    if text.hasPrefix("/") { path = text }
    if text.hasPrefix("netns:"), let inode = UInt64(text.dropFirst(6)),
        let found = topology.namespaces.first(where: { $0.inode == inode })
    {
        return found
    }
    if let path {
        let file: NetworkNamespaceFile
        do {
            file = try NetworkNamespaceFile(path: path)
        } catch let error as SystemError where error.errorNumber == ENOENT || error.errorNumber == ENOTDIR {
            throw RunError(
                .usage,
                "cannot find the namespace \(text): there is no such \(text.hasPrefix("pid:") ? "process" : "file")")
        }
        if let found = topology.namespaces.first(where: { $0.inode == file.inode }) { return found }
        throw RunError(
            .usage, "cannot find the namespace \(text): the file is no network namespace that can be entered")
    }
    if let address = IPAddress(text) {
        let holders = topology.namespaces.filter { $0.holds(address) }
        if holders.count == 1 { return holders[0] }
        if holders.count > 1 {
            throw RunError(
                .usage,
                "\(text) is an address of more than one namespace: \(holders.map(\.name).joined(separator: ", ")); give a name"
            )
        }
    }
    for namespace in topology.namespaces {
        guard
            let link = namespace.links.first(where: {
                $0.workload?.kind == .guest && $0.workload?.isCalled(text) == true
            })
        else { continue }
        throw RunError(
            .usage,
            "\(text) is a virtual machine, whose network is not this kernel's: its device is \(link.name) in \(namespace.name)"
        )
    }
    if let found = ContainerEngines.stopped(text) {
        throw RunError(
            .usage, "the container \(found.name) is not running (\(found.state)): start it, or name another one")
    }
    if let process = Int32(text), process > 0, access("/proc/\(process)", F_OK) == 0 {
        throw RunError(.usage, "no namespace or container \"\(text)\": the process of that number is pid:\(text)")
    }
    let names = topology.namespaces.map(\.name).prefix(8).joined(separator: ", ")
    throw RunError(
        .usage,
        "no namespace, container or process \"\(text)\"; there is: \(names)\(topology.namespaces.count > 8 ? ", …" : "")"
    )
}

/// By what runs there. A container's own name goes before what it is a part of.
private func namedNamespace(_ text: String, in topology: Topology) throws -> Namespace? {
    let found = topology.namespaces(called: text)
    guard found.count > 1 else { return found.first }
    let names = found.map(\.name).prefix(8).joined(separator: ", ")
    throw RunError(
        .usage, "more than one namespace is called \(text): \(names)\(found.count > 8 ? ", …" : ""); give a name of one"
    )
}
