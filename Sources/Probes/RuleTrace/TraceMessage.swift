internal import Discovery
internal import CNetlink
internal import Netlink
internal import Network

/// A NFT_MSG_TRACE: one rule or policy that a packet met (`enum nft_trace_attributes` of linux/netfilter/nf_tables.h).
struct TraceMessage: Equatable {
    /// The table's.
    var family: TableFamily
    var table: String
    var chain: String
    /// Nil for a policy, and at the end of a chain without a verdict.
    var handle: UInt64?
    var isPolicy: Bool
    /// What the kernel decided there.
    var verdict: Verdict
    /// Tells apart packets that are in one base chain at one time; nothing beyond.
    var identifier: UInt32
    /// Of the packet, in the first message of each base chain only.
    var networkHeader: ArraySlice<UInt8>?
    var transportHeader: ArraySlice<UInt8>?
    /// Interface indexes; 0 for none.
    var inDevice: UInt32
    var outDevice: UInt32
    var mark: UInt32

    /// Nil for another kind of message, and for one without a table, a chain or an identifier.
    init?(_ message: NetlinkMessage) {
        guard message.type == UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_TRACE.rawValue),
            let family = NetfilterFamily.name(message.payload.byte(at: 0))
        else { return nil }
        self.init(family: family, message.attributes(after: 4))
    }

    private init?(family: TableFamily, _ attributes: NetlinkAttributes) {
        func value(_ type: nft_trace_attributes) -> ArraySlice<UInt8>? { attributes[Int(type.rawValue)] }
        guard let table = value(NFTA_TRACE_TABLE), let chain = value(NFTA_TRACE_CHAIN),
            let identifier = value(NFTA_TRACE_ID)?.networkUInt32(),
            let type = value(NFTA_TRACE_TYPE)?.networkUInt32()
        else { return nil }
        self.family = family
        self.table = table.text
        self.chain = chain.text
        self.identifier = identifier
        isPolicy = type == UInt32(NFT_TRACETYPE_POLICY.rawValue)
        handle = value(NFTA_TRACE_RULE_HANDLE)?.networkUInt64()
        if isPolicy {
            verdict = Verdict(code: value(NFTA_TRACE_POLICY)?.networkUInt32())
        } else {
            let parts = attributes.nested(Int(NFTA_TRACE_VERDICT.rawValue))
            verdict = Verdict(
                code: parts?[Int(NFTA_VERDICT_CODE.rawValue)]?.networkUInt32(),
                chain: parts?[Int(NFTA_VERDICT_CHAIN.rawValue)]?.text)
        }
        networkHeader = value(NFTA_TRACE_NETWORK_HEADER)
        transportHeader = value(NFTA_TRACE_TRANSPORT_HEADER)
        inDevice = value(NFTA_TRACE_IIF)?.networkUInt32() ?? 0
        outDevice = value(NFTA_TRACE_OIF)?.networkUInt32() ?? 0
        mark = value(NFTA_TRACE_MARK)?.networkUInt32() ?? 0
    }
}

extension Verdict {
    /// From the kernel's number (`enum nft_verdicts`, `enum nf_verdicts`).
    init(code: UInt32?, chain: String? = nil) {
        let code = code.map(Int32.init(bitPattern:)) ?? -1
        self =
            switch code {
            case NFT_CONTINUE.rawValue: .continue
            case NFT_JUMP.rawValue: .jump(chain ?? "")
            case NFT_GOTO.rawValue: .goto(chain ?? "")
            case NFT_RETURN.rawValue: .return
            // NF_VERDICT_MASK: a queue's number, or an errno, stands above the low byte.
            case 0... where code & 0xff == NF_DROP: .drop
            case 0... where code & 0xff == NF_ACCEPT: .accept
            case 0... where code & 0xff == NF_STOLEN: .stolen
            case 0... where code & 0xff == NF_QUEUE: .queue
            default: Self(rawValue: "verdict \(code)")
            }
    }
}
