internal import CCompression

/// A network's JSON in few bytes: a zstd frame (RFC 8878) that holds only what the record before it did not.
///
/// The state of a network is recorded again and again, and little of it changes between two times: a counter, an entry.
enum PackedNetwork {
    /// What is shorter stays as it is: people can read it.
    static let shortest = 4096
    /// Bytes of JSON that are unpacked at most.
    static let limit = 1 << 27
    private static let longestWindow: CInt = 27
    private static let step = 1 << 18

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// - Parameter previous: the JSON of the record before; empty for none.
    /// - Returns: nil where it can't be packed, or would not be shorter.
    static func pack(_ json: [UInt8], after previous: [UInt8]) -> [UInt8]? {
        guard json.count <= limit, let context = ZSTD_createCCtx() else { return nil }
        defer { ZSTD_freeCCtx(context) }
        var window: CInt = 17
        while window < longestWindow, 1 << Int(window) < json.count + previous.count { window += 1 }
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        // Finds what is equal however far apart it is.
        ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1)
        return previous.withUnsafeBytes { prefix in
            ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count)
            var isTooLong = false
            let packed = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(json.count)) { room, count in
                let size = ZSTD_compress2(context, room.baseAddress, room.count, json, json.count)
                isTooLong = ZSTD_isError(size) != 0 || size >= json.count
                count = isTooLong ? 0 : size
            }
            return isTooLong ? nil : packed
        }
    }

    /// - Parameter previous: as it was given to `pack`.
    static func unpack(_ packed: [UInt8], after previous: [UInt8]) throws -> [UInt8] {
        guard let stream = ZSTD_createDStream() else { throw Failure(description: "out of memory") }
        defer { ZSTD_freeDStream(stream) }
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, longestWindow)
        var json: [UInt8] = []
        try previous.withUnsafeBytes { prefix in
            try packed.withUnsafeBytes { packed in
                ZSTD_DCtx_refPrefix(stream, prefix.baseAddress, prefix.count)
                var source = ZSTD_inBuffer(src: packed.baseAddress, size: packed.count, pos: 0)
                var isOver = false
                while !isOver {
                    let piece = try [UInt8](unsafeUninitializedCapacity: step) { room, count in
                        var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
                        let status = ZSTD_decompressStream(stream, &target, &source)
                        if ZSTD_isError(status) != 0 {
                            throw Failure(description: String(cString: ZSTD_getErrorName(status)))
                        }
                        isOver = status == 0
                        count = target.pos
                    }
                    if piece.isEmpty, !isOver { throw Failure(description: "it ends in the middle") }
                    json += piece
                    if json.count > limit { throw Failure(description: "it is larger than \(limit) bytes") }
                }
            }
        }
        return json
    }
}

/// The networks of one section, in the order of their records. Writer and reader keep the same.
struct NetworkHistory {
    /// JSON of the last one; empty for none.
    private(set) var latest: [UInt8] = []

    /// Takes the next network.
    /// - Returns: the payload and flags of its record.
    mutating func pack(_ json: [UInt8]) -> (payload: [UInt8], flags: UInt16) {
        let previous = latest
        latest = json
        guard json.count >= PackedNetwork.shortest, let packed = PackedNetwork.pack(json, after: previous) else {
            return (json, 0)
        }
        return (packed, RecordBlock.packed | (previous.isEmpty ? 0 : RecordBlock.follows))
    }

    /// Takes the next record.
    /// - Returns: its JSON.
    mutating func unpack(_ payload: [UInt8], flags: UInt16) throws -> [UInt8] {
        let previous = flags & RecordBlock.follows != 0 ? latest : []
        // Where this one can't be read, what follows it can't either.
        latest = []
        latest = flags & RecordBlock.packed != 0 ? try PackedNetwork.unpack(payload, after: previous) : payload
        return latest
    }
}
