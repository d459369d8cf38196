internal import Synchronization

/// Names of the programs that sockets of this process stand for, by the inodes of the sockets.
///
/// In a rebuilt network this process holds all sockets; who reads them there is told of the programs that they are for.
public enum StandInNames {
    private static let names = Mutex<[UInt64: String]>([:])

    /// Sockets that are closed again leave theirs: nobody asks for them, and a rebuilt network has few.
    public static func note(_ name: String, inode: UInt64) { names.withLock { $0[inode] = name } }

    public static func name(inode: UInt64) -> String? { names.withLock { $0[inode] } }
}
