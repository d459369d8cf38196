internal import Network
internal import CLinux
internal import CNetlink
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// libnftables(3), in the namespace of the calling thread.
enum NFTablesLibrary {
    // The library keeps state of its own for the whole process (libxtables).
    private static let lock = Mutex<Void>(())

    /// One table as JSON and as text, both with handles. Throws `SystemError`.
    static func list(_ table: NFTablesTable) throws -> (json: [UInt8], text: [UInt8]) {
        try lock.withLock { _ in
            guard LowDescriptors.lowest != nil else {
                throw SystemError("list the nftables table \(table.family) \(table.name)", errorNumber: EMFILE)
            }
            guard let context = nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else {
                throw SystemError("start libnftables", errorNumber: ENOMEM)
            }
            defer { nft_ctx_free(context) }
            nft_ctx_buffer_output(context)
            nft_ctx_buffer_error(context)
            let handles = UInt32(NFT_CTX_OUTPUT_HANDLE)
            let text = try list(table, context, handles)
            // Of a chain inside a rule the library says there, for each rule, that it has no JSON for it.
            let discarded = packetwalk_discard_standard_error()
            defer { packetwalk_restore_standard_error(discarded) }
            let json = try list(table, context, handles | UInt32(NFT_CTX_OUTPUT_JSON))
            return (json, text)
        }
    }

    private static func list(_ table: NFTablesTable, _ context: OpaquePointer, _ flags: UInt32) throws -> [UInt8] {
        nft_ctx_output_set_flags(context, flags)
        errno = 0
        guard nft_run_cmd_from_buffer(context, "list table \(table.family) \(table.name)") == 0 else {
            throw SystemError(
                "list the nftables table \(table.family) \(table.name)", errorNumber: errno == 0 ? EIO : errno)
        }
        guard let output = nft_ctx_get_output_buffer(context) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: output, count: strlen(output)))
    }
}
