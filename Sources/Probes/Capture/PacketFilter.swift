internal import CPcap
internal import Wire

/// A pcap-filter(7) expression, compiled: decides packet by packet, and gives the coarse form for the kernel.
///
/// Compiled once per link type, when the first packet of that type comes. Where the expression means nothing for a
/// link type (`ether host` on a tunnel without Ethernet headers), no packet of that type matches.
final class PacketFilter {
    let expression: String
    private var programs: [LinkType: Program?] = [:]
    /// Of the packet before: packets of one type come one after the other.
    private var last: (linkType: LinkType, program: Program?)?

    /// - Parameter resolvesNames: whether names in the expression may be looked up. They are refused otherwise:
    ///   pcap_compile(3PCAP) asks the resolver, which sends packets of its own.
    /// - Throws: `ProbeError` with libpcap's words where the expression is wrong.
    init(_ expression: String, resolvesNames: Bool = false) throws {
        self.expression = expression
        if !resolvesNames, let name = namesToResolve(in: expression).first {
            let meant = filterKeyword(near: name).map { "did you mean \"\($0)\"?" }
            throw ProbeError(
                "compile the filter \"\(expression)\"",
                reason: "\"\(name)\" is neither a word of the filter language "
                    + "nor an address, and names are not looked up", remedy: meant ?? "give its address",
                isUsage: true)
        }
        programs[.ethernet] = try Program(expression, linkType: .ethernet)
    }

    /// - Parameter bytes: the packet as far as it was captured.
    func matches(_ bytes: UnsafeRawBufferPointer, linkType: LinkType, originalLength: Int) -> Bool {
        if let last, last.linkType == linkType {
            return last.program?.matches(bytes, originalLength: originalLength) ?? false
        }
        let program = programs[linkType] ?? (try? Program(expression, linkType: linkType))
        programs[linkType] = .some(program)
        last = (linkType, program)
        return program?.matches(bytes, originalLength: originalLength) ?? false
    }

    /// Whether a packet is an ICMP error (RFC 792, RFC 4443) about one that matches: who asks for `udp port 53` wants to
    /// know that nobody listens there.
    func matchesQuotation(_ bytes: UnsafeRawBufferPointer, _ headers: borrowing PacketHeaders) -> Bool {
        let start = Int(headers.payloadOffset)
        guard headers.flags.contains(.quotesPacket), start > 0, start < bytes.count else { return false }
        let quotation = UnsafeRawBufferPointer(rebasing: bytes[start...])
        return matches(quotation, linkType: .raw, originalLength: quotation.count)
    }

    /// One expression for one link type.
    final class Program {
        private var program = bpf_program()

        init(_ expression: String, linkType: LinkType) throws {
            guard let handle = pcap_open_dead(linkType.pcapValue, 262_144) else {
                throw ProbeError("compile the filter \"\(expression)\"", reason: "out of memory")
            }
            defer { pcap_close(handle) }
            guard pcap_compile(handle, &program, expression, 1, unknownNetmask) == 0 else {
                throw ProbeError(
                    "compile the filter \"\(expression)\"", reason: String(cString: pcap_geterr(handle)),
                    remedy: "see pcap-filter(7)", isUsage: true)
            }
        }

        deinit { pcap_freecode(&program) }

        func matches(_ bytes: UnsafeRawBufferPointer, originalLength: Int) -> Bool {
            guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return false }
            var header = pcap_pkthdr()
            header.caplen = bpf_u_int32(bytes.count)
            header.len = bpf_u_int32(max(bytes.count, originalLength))
            return pcap_offline_filter(&program, &header, start) != 0
        }
    }
}

/// `PCAP_NETMASK_UNKNOWN`, which is a macro with a cast.
let unknownNetmask: bpf_u_int32 = 0xffff_ffff

extension LinkType {
    /// The DLT_ value, which differs from the LINKTYPE_ value for raw IP on Linux.
    var pcapValue: Int32 { self == .raw ? DLT_RAW : Int32(rawValue) }

    /// From `pcap_datalink`.
    init(pcapValue: Int32) {
        if pcapValue == DLT_RAW {
            self = .raw
        } else {
            self.init(rawValue: UInt16(truncatingIfNeeded: pcapValue))
        }
    }
}
