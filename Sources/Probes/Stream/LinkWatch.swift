internal import CNetlink
internal import LinuxSystem
internal import Netlink

/// Reports links, addresses, routes and rules that change in one namespace: the multicast groups of rtnetlink(7).
final class LinkWatch: ProbeSource {
    enum Change {
        case link(LinkMessage)
        case routing
        /// Messages were lost: anything may have changed.
        case unknown
    }

    let name: String
    let namespace: String
    private let socket: NetlinkSocket
    private let report: (String, Change) -> Void
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    var namespaceName: String? { namespace }
    var descriptor: Int32 { socket.descriptor }

    init(namespace: String, file: NetworkNamespaceFile, report: @escaping (String, Change) -> Void) throws {
        self.namespace = namespace
        self.report = report
        name = "rtnetlink \(namespace)"
        let groups = [
            RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
            RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE,
        ].map { Int($0.rawValue) }
        socket = try file.perform {
            try NetlinkSocket(.route, groups: groups, bufferBytes: 1 << 20)
        }
    }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        while true {
            switch socket.take(into: &buffer) {
            case .datagram(let datagram):
                for message in NetlinkMessages(datagram) {
                    if message.type == UInt16(RTM_NEWLINK) || message.type == UInt16(RTM_DELLINK) {
                        if let link = LinkMessage(message) { report(namespace, .link(link)) }
                    } else {
                        report(namespace, .routing)
                    }
                }
            case .nothing: return .drained
            case .overrun: report(namespace, .unknown)
            case .failed: return .ended
            }
        }
    }

    func reportLosses(into intake: Intake) {}
    func close() {}
}
