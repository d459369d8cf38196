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
            case .overrun: report(namespace, Change())
            case .failed: return .ended
            }
        }
    }

    private func take(_ message: NetlinkMessage) {
        switch UInt32(message.type & 0xff) {
        case NFT_MSG_DELRULE.rawValue: pending.removed += 1
        case NFT_MSG_DELTABLE.rawValue: pending.isReload = true
        case NFT_MSG_NEWGEN.rawValue:
            // A transaction ends with who made it. What this run lays and takes away is no change to tell.
            let attributes = message.attributes(after: 4)
            let process = attributes[Int(NFTA_GEN_PROC_PID.rawValue)]?.networkUInt32()
            if pending.removed > 0, pending.removed * 2 >= known { pending.isReload = true }
            pending.program = attributes[Int(NFTA_GEN_PROC_NAME.rawValue)]?.text
            if process.map({ Int32(bitPattern: $0) != getpid() }) ?? true { report(namespace, pending) }
            pending = Change()
        default: break
        }
    }

    func reportLosses(into intake: Intake) {}
    func close() {}
}
