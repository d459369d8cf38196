internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Network

/// Tells whether tables of iptables-legacy in one namespace have changed, of which the kernel gives no notice: getsockopt(2)
/// with IPT_SO_GET_INFO, which costs some microseconds.
final class XTablesState {
    struct Table: Hashable, Sendable {
        var program: XTablesProgram
        var table: XTable
    }

    /// By program, one for each family.
    private let sockets: [XTablesProgram: Int32]

    /// Throws `SystemError`.
    init(in namespace: NetworkNamespaceFile) throws {
        sockets = try namespace.perform {
            var sockets: [XTablesProgram: Int32] = [:]
            for (program, family) in [(XTablesProgram.iptablesLegacy, AF_INET), (.ip6tablesLegacy, AF_INET6)] {
                let made = socket(
                    family, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
                // A kernel without IPv6 has no such tables.
                if made < 0, errno == EAFNOSUPPORT { continue }
                guard made >= 0 else {
                    let number = errno
                    for descriptor in sockets.values { Glibc.close(descriptor) }
                    throw SystemError("ask for the iptables-legacy tables", errorNumber: number)
                }
                sockets[program] = highDescriptor(made)
            }
            return sockets
        }
    }

    deinit { for descriptor in sockets.values { Glibc.close(descriptor) } }

    /// What is known of each table without reading its rules: their number and size, and where chains begin; nothing of one that can't be
    /// asked for.
    ///
    /// - Parameter tables: those that stand: to ask for one makes it.
    func read(_ tables: Set<Table>) -> [Table: [UInt8]] {
        var state: [Table: [UInt8]] = [:]
        for table in tables {
            guard let descriptor = sockets[table.program] else { continue }
            var info = [UInt8](repeating: 0, count: Int(PACKETWALK_XTABLES_INFO))
            let code = info.withUnsafeMutableBytes {
                packetwalk_xtables_info(
                    descriptor, table.program.family == "ip6" ? 1 : 0, table.table.rawValue, $0.baseAddress)
            }
            state[table] = code == 0 ? info : []
        }
        return state
    }
}
