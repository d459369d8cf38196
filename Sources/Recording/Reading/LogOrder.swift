internal import Observations
internal import Wire

/// Times and order of NFLOG messages that another program wrote to a file.
///
/// The kernel stamps what came in, and gathers messages for up to a second before it hands them on. One without a stamp,
/// of a packet on its way out, bears the time at which the program read it: so its time is no more than that. But messages
/// stand in the order in which they were logged, so it is no earlier than that of the message before, and no earlier than
/// the reading by more than they are gathered. That earliest time is what it gets: the packet's own stamped messages stand
/// just before it, and what answers it stands behind.
struct LogOrder {
    /// Nanoseconds. `flushtimeout` of nfnetlink_log, unless a program sets another.
    private static let gathering: Int64 = 1_000_000_000
    /// So many messages back is looked for the same packet at the same hook: the rules of one hook log it one right after
    /// the other.
    private static let reach = 4

    private struct Message {
        var hash: Int
        var hook: UInt8
        var readNanoseconds: Int64
    }

    private var number: UInt32 = 0
    private var latest = Int64.min
    private var recent: [Message] = []

    /// Takes the next message.
    /// - Returns: its time, and its number in the log; nil for a packet that another rule of the same hook logged just
    ///   before: it says nothing new.
    mutating func next(
        _ message: NFLOGMessage, payload bytes: UnsafeRawBufferPointer, readNanoseconds: Int64
    ) -> (timeNanoseconds: Int64, number: UInt32)? {
        let isAgain = isAgain(message, bytes, readNanoseconds)
        number &+= 1
        let time: Int64
        if let stamp = message.timestampNanoseconds {
            time = stamp
            latest = stamp
        } else {
            let (earliest, overflows) = readNanoseconds.subtractingReportingOverflow(Self.gathering)
            time = overflows ? readNanoseconds : min(readNanoseconds, max(latest, earliest))
            latest = time
        }
        return isAgain ? nil : (time, message.sequence ?? number)
    }

    private mutating func isAgain(
        _ message: NFLOGMessage, _ bytes: UnsafeRawBufferPointer, _ readNanoseconds: Int64
    ) -> Bool {
        guard message.payload.upperBound <= bytes.count else { return false }
        let packet = UnsafeRawBufferPointer(rebasing: bytes[message.payload])
        var hasher = Hasher()
        hasher.combine(bytes: packet)
        let own = Message(hash: hasher.finalize(), hook: message.hook, readNanoseconds: readNanoseconds)
        defer {
            recent.append(own)
            if recent.count > Self.reach { recent.removeFirst() }
        }
        guard PacketTwins.areTellable(packet, message.hardwareProtocol) else { return false }
        return recent.contains {
            $0.hash == own.hash && $0.hook == own.hook
                && (readNanoseconds &- $0.readNanoseconds).magnitude <= UInt64(Self.gathering / 1000)
        }
    }
}
