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

    /// One table as JSON and as text, both with handles; the text without the elements of sets, and it may hold other
    /// tables of the same family. Throws `SystemError`.
    static func list(_ table: NFTablesTable) throws -> (json: [UInt8], text: [UInt8]) {
        try lock.withLock { _ in
            guard LowDescriptors.lowest != nil else {
                throw SystemError("list the nftables table \(table.family) \(table.name)", errorNumber: EMFILE)
            }
            // Of a chain inside a rule the library says on standard error, for each rule, that it has no JSON for it.
            let discarded = packetwalk_discard_standard_error()
            defer { packetwalk_restore_standard_error(discarded) }
            let json = try list(table, "table \(table.family) \(table.name)", NFT_CTX_OUTPUT_JSON)
            let isLarge = json.count > 1 << 20
            // The allocator would keep what the library took for this thread: 400 MB for a set of 300,000 elements.
            if isLarge { malloc_trim(0) }
            // Of one table alone the library reads all elements once more, though it does not print them.
            let words = isLarge ? "ruleset \(table.family)" : "table \(table.family) \(table.name)"
            return (json, try list(table, words, NFT_CTX_OUTPUT_TERSE))
        }
    }

    /// - Parameter words: what is listed, as nft(8) takes it.
    private static func list(_ table: NFTablesTable, _ words: String, _ form: Int) throws -> [UInt8] {
        guard let context = nft_ctx_new(UInt32(NFT_CTX_DEFAULT)) else {
            throw SystemError("start libnftables", errorNumber: ENOMEM)
        }
        defer { nft_ctx_free(context) }
        nft_ctx_buffer_output(context)
        nft_ctx_buffer_error(context)
        nft_ctx_output_set_flags(context, UInt32(NFT_CTX_OUTPUT_HANDLE | form))
        errno = 0
        guard nft_run_cmd_from_buffer(context, "list \(words)") == 0 else {
            throw SystemError(
                "list the nftables table \(table.family) \(table.name)", errorNumber: errno == 0 ? EIO : errno)
        }
        guard let output = nft_ctx_get_output_buffer(context) else { return [] }
        return [UInt8](UnsafeRawBufferPointer(start: output, count: strlen(output)))
    }
}
