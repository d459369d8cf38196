internal import Glibc
internal import LinuxSystem
internal import Network
internal import Observations
internal import Probes
internal import Wire

/// Many packets sent at once, in bursts so short that no queue on their way overflows: each burst has a moment to be answered
/// before the next one leaves.
struct TrialSalvo {
    /// Of 24 packets none is lost to the smallest queue that the kernel has by default: a neighbour that is being asked for
    /// keeps 100 of them.
    static let burst = 24
    /// What no queue holds has come where it goes, or to its end, long before: the kernel hands it on as it is sent.
    static let quietMilliseconds = 100
    /// The same where a program answers, which must get its turn first.
    static let quietMillisecondsOfPrograms = 250
    /// Where nobody answers, a burst waits so long.
    static let pauseMilliseconds = 3

    private let packets: [TrialOrder.Sent]
    private let log: ArrivalLog?
    private let file: (String?) throws(TrialError) -> NetworkNamespaceFile
    /// Whether nothing in the network holds a packet; nil where that is not asked.
    private let isQuiet: (() -> Bool)?
    private var senders: [Int: PacketSender] = [:]
    /// Those that are still waited for.
    private var waiting: [Int] = []
    private var answers: [TrialAnswer]

    /// - Parameter file: of a namespace by the twin's name.
    init(
        _ packets: [TrialOrder.Sent], _ log: ArrivalLog?, isQuiet: (() -> Bool)? = nil,
        _ file: @escaping (String?) throws(TrialError) -> NetworkNamespaceFile
    ) {
        self.packets = packets
        self.log = log
        self.file = file
        self.isQuiet = isQuiet
        answers = Array(repeating: .silent, count: packets.count)
    }

    /// Sends them all and waits for the answers. Throws `TrialError` for a packet that can't be sent as asked for.
    mutating func run(waitMilliseconds: Int) throws(TrialError) -> [TrialAnswer] {
        for start in stride(from: 0, to: packets.count, by: Self.burst) {
            let range = start..<min(start + Self.burst, packets.count)
            for index in range { try send(index) }
            log?.drain()
            settle(
                waiting.filter { $0 >= start },
                milliseconds: range.upperBound == packets.count ? 0 : Self.pauseMilliseconds)
        }
        let end = monotonicMilliseconds() + Int64(waitMilliseconds)
        let asksPrograms = packets.contains { $0.packet.request.ipProtocol == .udp || $0.packet.isOfConnection }
        let quietMilliseconds = asksPrograms ? Self.quietMillisecondsOfPrograms : Self.quietMilliseconds
        while true {
            let left = end - monotonicMilliseconds()
            settle(waiting, milliseconds: Int(max(0, min(left, 20))))
            if left <= 0 || waiting.isEmpty { break }
            if let isQuiet, waitMilliseconds - Int(left) >= quietMilliseconds, isQuiet() { break }
        }
        log?.drain()
        return answers
    }

    private mutating func send(_ index: Int) throws(TrialError) {
        let sent = packets[index]
        let request = sent.packet.request
        let label = log == nil ? nil : PacketLabel(UInt16(truncatingIfNeeded: index))
        let file = try file(sent.namespace)
        do {
            if sent.packet.isOfConnection, case .tcp = request.kind {
                let code = try ConnectionSegment.send(
                    request, in: file, label: label ?? PacketLabel(UInt16(truncatingIfNeeded: index)))
                if code != 0 { answers[index] = .unsent(errorNumber: code) }
                return
            }
            let sender = try PacketSender(request, in: file, name: sent.packet.from, label: label)
            if let failure = sender.send() {
                answers[index] = .unsent(errorNumber: failure.errorNumber)
                return
            }
            senders[index] = sender
            waiting.append(index)
        } catch let error as SystemError where log != nil {
            // Of many kinds of packet some can't be: a port is taken, or the network has no IPv6.
            answers[index] = .unsent(errorNumber: error.errorNumber)
        } catch {
            throw TrialError(.packet, "\(error)")
        }
    }

    /// Takes answers until all of these are there or the time is up.
    private mutating func settle(_ indices: [Int], milliseconds: Int) {
        let open = indices.compactMap { index in senders[index].map { (index, $0) } }
        if !open.isEmpty {
            let found = PacketSender.awaitAnswers(to: open.map(\.1), timeoutMilliseconds: milliseconds)
            var settled: Set<Int> = []
            for ((index, sender), answer) in zip(open, found) {
                switch answer {
                case .none: continue
                case .answered:
                    answers[index] = .answered
                    sender.sendData()
                case .error(let number): answers[index] = .refused(errorNumber: number, byICMP: sender.hasICMPError)
                }
                settled.insert(index)
            }
            waiting.removeAll { settled.contains($0) }
        }
        log?.drain()
    }
}
