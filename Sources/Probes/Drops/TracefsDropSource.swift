internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Synchronization
internal import Wire

/// Drop reasons by a trace instance: where the BPF program may not be loaded, root can mostly still use tracefs.
///
/// The kernel tells when, where in its code and why a packet was freed, and its ethertype; it tells neither the packet
/// nor the namespace, so that the events (`DropEvent.isAnonymous`) are joined to no walk.
final class TracefsDropSource: ProbeSource {
    let name = Loss.dropReasons
    let descriptor: Int32
    private let instance: TraceInstance
    private let changes: JournaledChanges
    private let monotonicToRealtime: Int64
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 65_536)
    private var isClosed = false

    /// Makes the instance and switches the event on in it.
    ///
    /// - Parameter guardianCommand: see `ProbePlan.guardian`.
    /// - Throws: `SystemError` where the kernel does not let us; `ProbeError` where its event tells no reason.
    init(guardianCommand: [String], warnings: inout [String]) throws {
        let run = try RunIdentity.current()
        let files = try TraceFileSystem()
        let name = "\(run.tableName)-\(Self.nextSerial())"
        changes = JournaledChanges(
            journal: HookJournal(run: "\(run)", entries: [], traceInstance: name), files: [:],
            guardianCommand: guardianCommand, warnings: &warnings)
        changes.retain()
        do {
            instance = try TraceInstance(name: name, in: files)
        } catch {
            changes.release()
            throw error
        }
        do {
            descriptor = try Self.arm(instance)
        } catch {
            instance.close()
            changes.release()
            throw error
        }
        monotonicToRealtime = realTimeNanoseconds() - monotonicNanoseconds()
    }

    private static let serial = Mutex(0)

    /// A number that no other instance of this process has.
    private static func nextSerial() -> Int {
        serial.withLock { last in
            last += 1
            return last
        }
    }

    deinit { close() }

    /// Gives what is to be read from.
    private static func arm(_ instance: TraceInstance) throws -> Int32 {
        let event = "events/skb/kfree_skb"
        guard try instance.read("\(event)/format").split(separator: "\n").contains(where: isReasonField) else {
            throw ProbeError("use tracefs", reason: "this kernel's skb:kfree_skb tells no reason (Linux 5.17 does)")
        }
        try instance.write("mono", to: "trace_clock")
        try instance.write("\(bufferKilobytes)", to: "buffer_size_kb")
        // Else poll(2) waits until half of the buffer is full. Older kernels have no such file, and do not wait.
        try? instance.write("0", to: "buffer_percent")
        let types = watched.map { "protocol == \($0)" }.joined(separator: " || ")
        try instance.write(types, to: "\(event)/filter")
        let pipe = try instance.openPipe()
        do {
            try instance.write("1", to: "\(event)/enable")
        } catch {
            Glibc.close(pipe)
            throw error
        }
        return pipe
    }

    /// `field:enum skb_drop_reason reason;	offset:36;	size:4;	signed:0;`
    static func isReasonField(_ line: Substring) -> Bool {
        guard let field = line.firstRange(of: "field:"), let end = line.firstIndex(of: ";") else { return false }
        return line[field.upperBound..<end].split(separator: " ").last == "reason"
    }

    /// Ethertypes of IPv4, IPv6 and ARP: local sockets drop buffers as well.
    private static let watched: [UInt16] = [0x0800, 0x86dd, 0x0806]

    /// For each processor: 512, or less where there are more than 32 of them. An event takes some 50 bytes.
    private static var bufferKilobytes: Int {
        let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_CONF)))
        return min(512, max(64, 16_384 / processors))
    }

    // MARK: Reading

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        var taken = 0
        while taken < limit {
            let began = realTimeNanoseconds()
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return .drained }
            taken += take(buffer[..<count], into: intake)
            if taken >= limit { return .more(readUpTo: began - 1_000_000_000) }
        }
        return .drained
    }

    /// Takes the lines that are whole; gives how many there were.
    private func take(_ bytes: ArraySlice<UInt8>, into intake: Intake) -> Int {
        rest += bytes
        guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { return 0 }
        let lines = String(decoding: rest[..<end], as: UTF8.self).split(separator: "\n")
        rest.removeSubrange(...end)
        for line in lines {
            if let drop = TracedDrop(line) {
                let event = drop.event(monotonicToRealtime: monotonicToRealtime)
                intake.event(.drop(event), timeNanoseconds: event.timeNanoseconds)
            } else if let lost = TracedDrop.lost(line) {
                intake.loss(Loss(timeNanoseconds: realTimeNanoseconds(), vantage: nil, source: name, lost: lost))
            }
        }
        return lines.count
    }

    func reportLosses(into intake: Intake) {}

    func close() {
        if isClosed { return }
        isClosed = true
        try? instance.write("0", to: "events/skb/kfree_skb/enable")
        Glibc.close(descriptor)
        instance.close()
        changes.release()
    }
}

extension TracedDrop {
    /// - Parameter monotonicToRealtime: nanoseconds from the trace's clock to that of all events.
    func event(monotonicToRealtime: Int64) -> DropEvent {
        DropEvent(
            timeNanoseconds: timeNanoseconds + monotonicToRealtime, namespace: nil, reason: reason, location: location,
            headers: PacketHeadersRecord(PacketHeaders()), etherType: etherType)
    }
}
