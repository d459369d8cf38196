internal import Synchronization

/// A program that a socket of this process stands for.
///
/// In a rebuilt network this process holds all sockets; who reads them there is told of the programs that they are for.
public struct StandInProgram: Sendable {
    /// Nil where the program has none that is known.
    public var name: String?
    /// Whether it reads nothing, as one in the state T of proc_pid_stat(5).
    public var isStopped: Bool

    public init(name: String?, isStopped: Bool) {
        self.name = name
        self.isStopped = isStopped
    }

    /// By the inodes of the sockets.
    private static let programs = Mutex<[UInt64: StandInProgram]>([:])

    /// Notes whom a socket stands for; nil where it is closed again.
    public static func note(_ program: StandInProgram?, inode: UInt64) { programs.withLock { $0[inode] = program } }

    public static func of(inode: UInt64) -> StandInProgram? { programs.withLock { $0[inode] } }
}
