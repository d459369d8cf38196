internal import CNetlink
package import Wire

/// What a message of ctnetlink says of one connection (linux/netfilter/nfnetlink_conntrack.h).
///
/// Read from its attributes and not by libnetfilter_conntrack, which keeps the ICMP identifier of one direction only:
/// NAT can change it, and then the other one is the translated packet's.
package struct ConntrackMessage: Sendable, Hashable {
    package enum Change: Sendable, Hashable {
        /// An entry that is there, or was changed.
        case present
        case new
        case destroyed
    }

    /// One direction. What the protocol does not have is nil.
    package struct Tuple: Sendable, Hashable {
        package var source: IPAddress
        package var destination: IPAddress
        package var sourcePort: UInt16?
        package var destinationPort: UInt16?
        package var icmpIdentifier: UInt16?
        package var icmpType: UInt8?
        package var icmpCode: UInt8?
        package var ipProtocol: IPProtocol

        /// From what stands in CTA_TUPLE_ORIG or CTA_TUPLE_REPLY; nil without addresses and protocol.
        init?(_ attributes: NetlinkAttributes) {
            guard let addresses = attributes.nested(Int(CTA_TUPLE_IP.rawValue)),
                let transport = attributes.nested(Int(CTA_TUPLE_PROTO.rawValue)),
                let source = (addresses[Int(CTA_IP_V4_SRC.rawValue)] ?? addresses[Int(CTA_IP_V6_SRC.rawValue)])
                    .flatMap({ IPAddress(bytes: $0) }),
                let destination = (addresses[Int(CTA_IP_V4_DST.rawValue)] ?? addresses[Int(CTA_IP_V6_DST.rawValue)])
                    .flatMap({ IPAddress(bytes: $0) }),
                let number = transport[Int(CTA_PROTO_NUM.rawValue)]?.byte()
            else { return nil }
            func port(_ type: ctattr_l4proto) -> UInt16? { transport[Int(type.rawValue)]?.networkUInt16() }
            func octet(_ type: ctattr_l4proto) -> UInt8? { transport[Int(type.rawValue)]?.byte() }
            self.source = source
            self.destination = destination
            ipProtocol = IPProtocol(rawValue: number)
            sourcePort = port(CTA_PROTO_SRC_PORT)
            destinationPort = port(CTA_PROTO_DST_PORT)
            icmpIdentifier = port(CTA_PROTO_ICMP_ID) ?? port(CTA_PROTO_ICMPV6_ID)
            icmpType = octet(CTA_PROTO_ICMP_TYPE) ?? octet(CTA_PROTO_ICMPV6_TYPE)
            icmpCode = octet(CTA_PROTO_ICMP_CODE) ?? octet(CTA_PROTO_ICMPV6_CODE)
        }
    }

    package var change: Change
    package var original: Tuple
    package var reply: Tuple
    /// `enum ip_conntrack_status` (linux/netfilter/nf_conntrack_common.h).
    package var status: UInt32
    /// Seconds until it is forgotten; nil where not told.
    package var timeout: UInt32?
    package var mark: UInt32
    package var zone: UInt16
    /// `enum tcp_conntrack`; nil for other protocols.
    package var tcpState: UInt8?

    /// Nil for a message of another subsystem or kind, or without both directions.
    package init?(_ message: NetlinkMessage) {
        guard message.type >> 8 == UInt16(NFNL_SUBSYS_CTNETLINK) else { return nil }
        switch message.type & 0xff {
        case UInt16(IPCTNL_MSG_CT_NEW.rawValue):
            change = message.flags & UInt16(NLM_F_CREATE) != 0 ? .new : .present
        case UInt16(IPCTNL_MSG_CT_DELETE.rawValue):
            change = .destroyed
        default:
            return nil
        }
        // struct nfgenmsg: family, version, resource; 4 bytes.
        let attributes = message.attributes(after: 4)
        guard let original = attributes.nested(Int(CTA_TUPLE_ORIG.rawValue)).flatMap({ Tuple($0) }),
            let reply = attributes.nested(Int(CTA_TUPLE_REPLY.rawValue)).flatMap({ Tuple($0) })
        else { return nil }
        self.original = original
        self.reply = reply
        status = attributes[Int(CTA_STATUS.rawValue)]?.networkUInt32() ?? 0
        timeout = attributes[Int(CTA_TIMEOUT.rawValue)]?.networkUInt32()
        mark = attributes[Int(CTA_MARK.rawValue)]?.networkUInt32() ?? 0
        zone = attributes[Int(CTA_ZONE.rawValue)]?.networkUInt16() ?? 0
        tcpState = attributes.nested(Int(CTA_PROTOINFO.rawValue))?.nested(Int(CTA_PROTOINFO_TCP.rawValue))?[
            Int(CTA_PROTOINFO_TCP_STATE.rawValue)]?.byte()
    }
}
