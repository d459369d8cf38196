internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Netlink
internal import Network

extension HostSnapshot {
    /// Reads by which numbers each namespace knows the others.
    ///
    /// The kernel lists the numbers of a namespace without saying whose they are, so it is asked of the others one by one
    /// until each number has its namespace.
    mutating func readIdentifiers(paths: [(name: String, path: String)], own: UInt64?) {
        let ownName = namespaces.first { $0.inode == own }?.name
        // The path of one's own need not lead there: /proc may show other process numbers.
        let files = paths.compactMap { name, path in
            (try? name == ownName ? .current() : NetworkNamespaceFile(path: path)).map { (name: name, file: $0) }
        }
        for index in namespaces.indices {
            let name = namespaces[index].name
            let isOwn = name == ownName
            guard let file = files.first(where: { $0.name == name })?.file else { continue }
            // The other ends of its links first: those are what gets a number.
            let peers = Set(namespaces[index].links.compactMap { $0["peer"]?["namespace"]?.string })
            let others = files.filter { peers.contains($0.name) } + files.filter { !peers.contains($0.name) }
            let work: @Sendable () throws -> [String: Int] = {
                var conversation = NetlinkConversation(try NetlinkSocket(.route))
                let request = NetlinkRequest(type: RTM_GETNSID, fixed: [0, 0, 0, 0])
                var numbers = Set(
                    try conversation.dump(request, "read the numbers of the namespaces") {
                        $0.attributes(after: 4)[Int(NETNSA_NSID)]?.hostInt32()
                    })
                var names: [String: Int] = [:]
                for other in others {
                    if numbers.isEmpty { break }
                    var request = NetlinkRequest(type: RTM_GETNSID, fixed: [0, 0, 0, 0])
                    request.append(NETNSA_FD, UInt32(bitPattern: other.file.descriptor))
                    let answer = try? conversation.ask(request, "read a namespace's number")
                    guard let number = answer?.attributes(after: 4)[Int(NETNSA_NSID)]?.hostInt32(), number >= 0 else {
                        continue
                    }
                    numbers.remove(number)
                    names[other.name] = Int(number)
                }
                return names
            }
            do {
                namespaces[index].nsids = try isOwn ? work() : file.perform(work)
            } catch {
                warnings.append("\(name): cannot read the numbers of namespaces: \(NamespaceReader.reason(error))")
            }
        }
    }
}
