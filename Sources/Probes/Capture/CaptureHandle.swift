internal import CLinux
internal import CPcap
internal import Glibc
internal import LinuxSystem
internal import Wire

/// A libpcap handle: one device, one direction, the filter in the kernel, never blocking.
///
/// The pointer crosses from the thread that entered the namespace to the reader thread as a number; from then on the
/// reader thread alone uses it.
struct CaptureHandle: Sendable {
    enum Direction: String, Sendable {
        case inbound
        case outbound
    }

    struct Settings: Sendable {
        var snapLength: Int32
        var bufferBytes: Int32
        /// Coarse filter for the kernel; empty for every packet.
        var filter: String
        /// How many of the packets that it lets through are handed over.
        var share = SampleShare.all
        /// UDP ports whose datagrams may carry other packets.
        var tunnelPorts: [UInt16] = []
    }

    private let address: UInt
    let descriptor: Int32
    let linkType: LinkType
    private let direction: Direction
    private let tunnelPorts: [UInt16]
    /// Coarse filter, compiled; empty for every packet.
    private let coarse: [bpf_insn]

    var pointer: OpaquePointer? { OpaquePointer(bitPattern: address) }

    /// Opens `device` in the calling thread's network namespace.
    ///
    /// Immediate mode (TPACKET_V2) shows a packet to the reader as it passes and arms no timer for each handle; the
    /// device is not made promiscuous, since a link's own packets are what is asked for.
    ///
    /// Direction is a matter for the kernel's filter and not for pcap_setdirection(3PCAP), which discards packets only
    /// after they have taken room in the ring. The filter is attached without pcap_setfilter(3PCAP): that one checks
    /// the first packet of a ring in user space again, where the packet type can't be read, and so loses it. What the
    /// ring took before the filter stood is thrown away.
    ///
    /// - Parameter device: names it in errors; opened is the device of this index, whatever bytes its name is made of.
    static func open(
        device: String, index: UInt32, direction: Direction, settings: Settings
    ) throws -> CaptureHandle {
        let attempt = "capture on \(device)"
        var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        guard if_indextoname(index, &name) != nil else {
            throw CaptureError(code: PCAP_ERROR_NO_SUCH_DEVICE, device: device, detail: "")
        }
        guard let handle = pcap_create(name, &message) else {
            throw ProbeError(attempt, reason: text(message))
        }
        pcap_set_snaplen(handle, settings.snapLength)
        pcap_set_promisc(handle, 0)
        pcap_set_immediate_mode(handle, 1)
        pcap_set_timeout(handle, 10)
        pcap_set_buffer_size(handle, settings.bufferBytes)
        pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO)
        let code = pcap_activate(handle)
        guard code >= 0 else {
            defer { pcap_close(handle) }
            // Gone while it was opened: libpcap may have come to any of its questions.
            if if_indextoname(index, &name) == nil {
                throw CaptureError(code: PCAP_ERROR_NO_SUCH_DEVICE, device: device, detail: "")
            }
            throw CaptureError(code: code, device: device, detail: String(cString: pcap_geterr(handle)))
        }
        guard packetwalk_captured_device(pcap_fileno(handle)) == index else {
            pcap_close(handle)
            // `any`, `nflog`, `nfqueue`, `usbmon0`, …
            throw ProbeError(attempt, reason: "libpcap takes that name for something else than a network device")
        }
        let linkType = LinkType(pcapValue: pcap_datalink(handle))
        let descriptor = pcap_get_selectable_fd(handle)
        let opened = CaptureHandle(
            address: UInt(bitPattern: handle), descriptor: descriptor, linkType: linkType, direction: direction,
            tunnelPorts: settings.tunnelPorts, coarse: compiled(settings.filter, for: handle, linkType: linkType))
        do {
            try opened.sample(settings.share)
        } catch {
            pcap_close(handle)
            throw error
        }
        guard pcap_setnonblock(handle, 1, &message) == 0, descriptor >= 0 else {
            pcap_close(handle)
            throw ProbeError(attempt, reason: text(message))
        }
        while pcap_dispatch(handle, 4096, { _, _, _ in }, nil) > 0 {}
        return opened
    }

    private static func compiled(_ coarse: String, for handle: OpaquePointer, linkType: LinkType) -> [bpf_insn] {
        // The kernel sees a cooked packet without its cooked header, for which libpcap's code is not written; and for
        // some link types the filter means nothing. All packets are handed over then.
        let isCooked = linkType == .linuxSLL || linkType == .linuxSLL2
        var compiled = bpf_program()
        if coarse.isEmpty || isCooked || pcap_compile(handle, &compiled, coarse, 1, unknownNetmask) != 0 { return [] }
        defer { pcap_freecode(&compiled) }
        return Array(UnsafeBufferPointer(start: compiled.bf_insns, count: Int(compiled.bf_len)))
    }

    /// Attaches (SO_ATTACH_FILTER of socket(7)) the test of the packet type, followed by the coarse filter and the choice of
    /// a sample, in place of what stood there.
    func sample(_ share: SampleShare) throws {
        guard let pointer else { return }
        let program = SampleProgram(coarse, share: share, linkType: linkType, tunnelPorts: tunnelPorts).instructions
        let code = program.withUnsafeBufferPointer {
            packetwalk_attach_capture_filter(
                pcap_fileno(pointer), direction == .outbound ? 1 : 0, $0.baseAddress, UInt32($0.count))
        }
        if code < 0 { throw ProbeError(SystemError("filter captured packets", errorNumber: -code)) }
    }

    func close() {
        if let pointer { pcap_close(pointer) }
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Why pcap_activate(3PCAP) failed.
struct CaptureError: Error, Sendable {
    var code: Int32
    var device: String
    var detail: String

    /// The device went away, or is not up yet: no error of the run.
    var isAbsence: Bool { code == PCAP_ERROR_NO_SUCH_DEVICE || code == PCAP_ERROR_IFACE_NOT_UP }
    var isPermission: Bool { code == PCAP_ERROR_PERM_DENIED || code == PCAP_ERROR_PROMISC_PERM_DENIED }

    func probeError(namespace: String) -> ProbeError {
        let reason = String(cString: pcap_statustostr(code))
        return ProbeError(
            "capture on \(device) in namespace \(namespace)", reason: detail.isEmpty ? reason : detail,
            remedy: isPermission ? "run it as root, or with CAP_NET_RAW and CAP_SYS_ADMIN" : nil,
            isPermission: isPermission)
    }
}
