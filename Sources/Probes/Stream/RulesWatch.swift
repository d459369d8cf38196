internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Netlink
internal import Network

/// Hears of changes to the rules of nf_tables in one namespace, iptables-nft's among them (NFNLGRP_NFTABLES): what the run
/// explains packets by is read again, and a reload is told. Of iptables-legacy's rules the kernel tells nothing.
final class RulesWatch: ProbeSource {
    /// What happened since the last report.
    struct Change {
        /// Rules that were taken away.
        var removed = 0
        /// Whether that is a table, or half of all rules or more.
        var isReload = false
        /// Whether a chain came that packets pass by itself.
        var isNewPlace = false
        /// The program's name as the kernel knows it; nil where it was not told.
        var program: String?
    }

    let name: String
    let namespace: String
    private let socket: NetlinkSocket
    private let report: (String, Change) -> Void
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    /// Of the transaction whose end has not come.
    private var pending = Change()
    /// Whether any of it is of a table that is not ours.
    private var isForeign = false
    /// How many rules the newest snapshot has.
    private var known: Int

    var namespaceName: String? { namespace }
    var descriptor: Int32 { socket.descriptor }

    init(_ space: Namespace, file: NetworkNamespaceFile, report: @escaping (String, Change) -> Void) throws {
        namespace = space.name
        known = Self.count(space)
        self.report = report
        name = "nf_tables \(space.name)"
        socket = try file.perform {
            try NetlinkSocket(.netfilter, groups: [Int(NFNLGRP_NFTABLES.rawValue)], bufferBytes: 1 << 20)
        }
    }

    private static func count(_ namespace: Namespace) -> Int {
        namespace.netfilter.chains.reduce(0) { $0 + $1.rules.count }
    }

    func learn(_ namespace: Namespace) { known = Self.count(namespace) }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        while true {
            switch socket.take(into: &buffer) {
            case .datagram(let datagram):
                for message in NetlinkMessages(datagram) { take(message) }
            case .nothing: return .drained
            case .overrun:
                // Whatever was missed may have been any of it.
                report(namespace, Change(removed: 1, isNewPlace: true))
            case .failed: return .ended
            }
        }
    }

    private func take(_ message: NetlinkMessage) {
        let attributes = message.attributes(after: 4)
        if UInt32(message.type & 0xff) == NFT_MSG_NEWGEN.rawValue {
            // A transaction ends with who made it.
            if pending.removed > 0, pending.removed * 2 >= known { pending.isReload = true }
            pending.program = attributes[Int(NFTA_GEN_PROC_NAME.rawValue)]?.text
            if isForeign { report(namespace, pending) }
            pending = Change()
            isForeign = false
            return
        }
        // What a run lays and takes away is no change to tell. The first attribute of all that belongs to a table is its name.
        if attributes[Int(NFTA_TABLE_NAME.rawValue)].map({ isOwnTable($0.text) }) == true { return }
        isForeign = true
        switch UInt32(message.type & 0xff) {
        case NFT_MSG_DELRULE.rawValue: pending.removed += 1
        case NFT_MSG_DELTABLE.rawValue: pending.isReload = true
        case NFT_MSG_NEWCHAIN.rawValue:
            if attributes[Int(NFTA_CHAIN_HOOK.rawValue)] != nil { pending.isNewPlace = true }
        default: break
        }
    }

    func reportLosses(into intake: Intake) {}
    func close() {}
}
