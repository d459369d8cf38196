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
        for index in namespaces.indices {
            let name = namespaces[index].name
            // The other ends of its links first: those are what gets a number.
            let peers = Set(namespaces[index].links.compactMap { $0["peer"]?["namespace"]?.string })
            let others = paths.filter { peers.contains($0.name) } + paths.filter { !peers.contains($0.name) }
            let work: @Sendable () throws -> [String: Int] = {
                try Self.identifiers(of: others, ownName: ownName)
            }
            do {
                if name == ownName {
                    namespaces[index].nsids = try work()
                } else if let path = paths.first(where: { $0.name == name })?.path {
                    namespaces[index].nsids = try NetworkNamespaceFile(path: path).perform(work)
                }
            } catch let error as SystemError where error.errorNumber == ENOENT {
                continue
            } catch {
                namespaces[index].unread.insert(.nsids)
                warnings.append("\(name): cannot read the numbers of namespaces: \(NamespaceReader.reason(error))")
            }
        }
    }

    /// The numbers of other namespaces in the calling thread's. One is open at a time.
    ///
    /// - Parameter ownName: what the namespace of this process is called. Its path need not lead there, since /proc may
    ///   show other process numbers.
    private static func identifiers(
        of others: [(name: String, path: String)], ownName: String?
    ) throws -> [String: Int] {
        var conversation = NetlinkConversation(try NetlinkSocket(.route))
        let list = NetlinkRequest(type: RTM_GETNSID, fixed: [0, 0, 0, 0])
        var numbers = Set(
            try conversation.dump(list, "read the numbers of the namespaces") {
                $0.attributes(after: 4)[Int(NETNSA_NSID)]?.hostInt32()
            })
        var names: [String: Int] = [:]
        for other in others {
            if numbers.isEmpty { break }
            let isOwn = other.name == ownName
            guard let file = try? isOwn ? NetworkNamespaceFile(path: "/proc/self/ns/net") : .init(path: other.path)
            else { continue }
            var request = list
            request.append(NETNSA_FD, UInt32(bitPattern: file.descriptor))
            let answer = try? withExtendedLifetime(file) {
                try conversation.ask(request, "read a namespace's number")
            }
            guard let number = answer?.attributes(after: 4)[Int(NETNSA_NSID)]?.hostInt32(), number >= 0 else {
                continue
            }
            numbers.remove(number)
            names[other.name] = Int(number)
        }
        return names
    }
}
