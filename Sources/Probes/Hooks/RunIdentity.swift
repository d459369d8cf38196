internal import Glibc
internal import LinuxSystem

/// Names one run on this machine, in every rule and table that it makes: `PID.START.SPACE`.
///
/// START is the process's start in clock ticks since boot (proc(5), field 22 of /proc/PID/stat), since process numbers
/// come round again; SPACE is the inode of its PID namespace, since another one's numbers say nothing here.
struct RunIdentity: Hashable, Sendable {
    var process: Int32
    var start: UInt64
    var processSpace: UInt64

    init(process: Int32, start: UInt64, processSpace: UInt64) {
        self.process = process
        self.start = start
        self.processSpace = processSpace
    }

    /// This process.
    static func current() throws -> RunIdentity {
        guard let start = startTime(of: getpid()), let space = currentProcessSpace() else {
            throw SystemError("read /proc/self/stat", errorNumber: ENOENT)
        }
        return RunIdentity(process: getpid(), start: start, processSpace: space)
    }

    /// From its text form, nil for any other text.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let process = Int32(parts[0]), process > 0, let start = UInt64(parts[1]),
            let space = UInt64(parts[2])
        else { return nil }
        self.init(process: process, start: start, processSpace: space)
    }

    /// Whether the process still runs. Taken to be so where that can't be told: in another PID namespace.
    var isAlive: Bool {
        guard processSpace == Self.currentProcessSpace() else { return true }
        return Self.startTime(of: process) == start
    }

    /// Nil where there is no such process.
    static func startTime(of process: Int32) -> UInt64? {
        guard let text = readText("/proc/\(process)/stat") else { return nil }
        return startTime(stat: text)
    }

    /// The second field is the program's name in parentheses, and may hold spaces and parentheses itself.
    static func startTime(stat: String) -> UInt64? {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        // A zombie has ended: it runs no code, and its sockets are closed.
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return UInt64(fields[19])
    }

    private static func currentProcessSpace() -> UInt64? {
        var status = stat()
        return stat("/proc/self/ns/pid", &status) == 0 ? UInt64(status.st_ino) : nil
    }

    var tableName: String { "\(Self.tablePrefix)\(self)" }
    var comment: String { "\(Self.commentPrefix)\(self)" }

    static let tablePrefix = "packetwalk-"
    static let commentPrefix = "packetwalk:"
}

extension RunIdentity: CustomStringConvertible {
    var description: String { "\(process).\(start).\(processSpace)" }
}
