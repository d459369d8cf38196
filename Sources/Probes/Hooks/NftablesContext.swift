internal import CNetlink
internal import Glibc
internal import LinuxSystem

/// libnftables(3) with a netlink socket of its own, bound to the namespace in which it was made.
///
/// Tables with `flags owner` that it makes belong to that socket: the kernel removes them when it closes, whatever
/// ends the process. Used by one thread at a time, always inside its namespace, since libnftables opens further
/// sockets to look up device names.
final class NftablesContext: @unchecked Sendable {
    private let context: OpaquePointer
    private let namespace: NetworkNamespaceFile

    /// - Throws: `SystemError` where the namespace can't be entered or there is no netlink for netfilter.
    init(namespace: NetworkNamespaceFile) throws {
        self.namespace = namespace
        self.context = try namespace.perform { () -> Handle in
            guard let lowest = LowDescriptors.lowest else { throw SystemError("open nftables", errorNumber: EMFILE) }
            guard let context = nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else {
                throw SystemError("open nftables", errorNumber: errno)
            }
            // A child that inherited the socket would keep the table alive beyond us, and libmnl does not ask for
            // this.
            closeNetlinkSocketsOnExec(from: lowest)
            nft_ctx_buffer_output(context)
            nft_ctx_buffer_error(context)
            return Handle(context)
        }.pointer
    }

    deinit { nft_ctx_free(context) }

    /// Runs commands as `nft -f` would; gives what they print.
    ///
    /// - Throws: `ProbeError` with libnftables' first line.
    @discardableResult
    func run(_ commands: String, attempt: String) throws -> String {
        let handle = Handle(context)
        return try namespace.perform {
            let code = nft_run_cmd_from_buffer(handle.pointer, commands)
            let output = nft_ctx_get_output_buffer(handle.pointer).map { String(cString: $0) } ?? ""
            let complaint = nft_ctx_get_error_buffer(handle.pointer).map { String(cString: $0) } ?? ""
            guard code == 0 else { throw Self.error(complaint, attempt: attempt) }
            return output
        }
    }

    static func error(_ complaint: String, attempt: String) -> ProbeError {
        let line = complaint.split(separator: "\n").first.map(String.init) ?? "no reason given"
        let reason = line.split(separator: "Error: ", maxSplits: 1).last.map(String.init) ?? line
        return ProbeError(
            attempt, reason: reason, remedy: "`packetwalk doctor` tells what is missing",
            isPermission: line.contains("Operation not permitted"))
    }

    /// Carries the pointer into the thread that works with it.
    private struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
    }
}

/// Every descriptor of this program is meant to end at an exec; this mends those that a library opened otherwise.
///
/// - Parameter lowest: the lowest that was free before. The library's is not far above: other threads opened few
///   meanwhile.
private func closeNetlinkSocketsOnExec(from lowest: Int32) {
    var free = 0
    for descriptor in lowest... {
        let flags = fcntl(descriptor, F_GETFD)
        if flags < 0 {
            free += 1
            if free == 64 { return }
            continue
        }
        var domain: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0, domain == AF_NETLINK else {
            continue
        }
        if flags & FD_CLOEXEC == 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
    }
}
