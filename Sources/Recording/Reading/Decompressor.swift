internal import CCompression

/// Turns compressed bytes into plain ones, piece by piece.
protocol Decompressor: AnyObject {
    var failure: String? { get }
    /// Compressed bytes that were read already.
    func feed(_ bytes: UnsafeRawBufferPointer)
    /// Fills `room` as far as it can; 0 at the end. Asks `more` for compressed bytes.
    func read(into room: UnsafeMutableRawBufferPointer, more: (UnsafeMutableRawBufferPointer) -> Int) -> Int
}

/// Nil where the first four bytes are neither gzip's (RFC 1952) nor zstd's (RFC 8878).
func makeDecompressor(magic: [UInt8], path: String) throws -> (any Decompressor)? {
    if magic.starts(with: [0x1f, 0x8b]) { return try GzipDecompressor(path: path) }
    if magic == [0x28, 0xb5, 0x2f, 0xfd] { return try ZstdDecompressor(path: path) }
    return nil
}

/// What both kinds have: a buffer of compressed bytes.
struct CompressedInput {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
    var start = 0
    var end = 0

    mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: buffer[..<bytes.count]).copyMemory(from: bytes)
        start = 0
        end = bytes.count
    }

    /// False at the end of the file.
    mutating func fill(_ more: (UnsafeMutableRawBufferPointer) -> Int) -> Bool {
        if start < end { return true }
        start = 0
        end = max(0, more(buffer))
        return end > 0
    }
}

final class GzipDecompressor: Decompressor {
    private(set) var failure: String?
    private var input = CompressedInput()
    private var stream = z_stream()
    private var isBetweenMembers = false
    private var isOver = false
    /// The last call filled its room: there may be more without more input.
    private var holdsOutput = false

    init(path: String) throws {
        // 15 bits of window, and only gzip's header.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw RecordingError(path: path, reason: "cannot decompress: out of memory")
        }
    }

    deinit {
        inflateEnd(&stream)
        input.buffer.deallocate()
    }

    func feed(_ bytes: UnsafeRawBufferPointer) { input.feed(bytes) }

    func read(into room: UnsafeMutableRawBufferPointer, more: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        while !isOver {
            guard holdsOutput || input.fill(more) else {
                if !isBetweenMembers { failure = "the gzip data end in the middle" }
                isOver = true
                break
            }
            if isBetweenMembers, input.start == input.end {
                holdsOutput = false
                continue
            }
            if isBetweenMembers {
                // Whatever stands behind the last member is not data.
                guard input.buffer[input.start] == 0x1f, inflateReset(&stream) == Z_OK else {
                    isOver = true
                    break
                }
                isBetweenMembers = false
            }
            stream.next_in = input.buffer.baseAddress.map { ($0 + input.start).assumingMemoryBound(to: UInt8.self) }
            stream.avail_in = UInt32(input.end - input.start)
            stream.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.avail_out = UInt32(clamping: room.count)
            let offered = stream.avail_out
            let status = inflate(&stream, Z_NO_FLUSH)
            input.start = input.end - Int(stream.avail_in)
            if status == Z_STREAM_END {
                isBetweenMembers = true
            } else if status != Z_OK, status != Z_BUF_ERROR {
                failure = "the gzip data are damaged"
                isOver = true
            }
            let count = Int(offered - stream.avail_out)
            holdsOutput = stream.avail_out == 0 && !isBetweenMembers
            if count > 0 { return count }
        }
        return 0
    }
}

final class ZstdDecompressor: Decompressor {
    private(set) var failure: String?
    private var input = CompressedInput()
    private let stream: OpaquePointer
    private var isBetweenFrames = true
    private var isOver = false
    /// The last call filled its room: there may be more without more input.
    private var holdsOutput = false

    init(path: String) throws {
        guard let stream = ZSTD_createDStream() else {
            throw RecordingError(path: path, reason: "cannot decompress: out of memory")
        }
        self.stream = stream
        // A window of at most 8 MiB, as RFC 8878 asks readers to support, and what `zstd --ultra` needs beyond it.
        ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 27)
    }

    deinit {
        ZSTD_freeDStream(stream)
        input.buffer.deallocate()
    }

    func feed(_ bytes: UnsafeRawBufferPointer) { input.feed(bytes) }

    func read(into room: UnsafeMutableRawBufferPointer, more: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        while !isOver {
            guard holdsOutput || input.fill(more) else {
                if !isBetweenFrames { failure = "the zstd data end in the middle" }
                isOver = true
                break
            }
            var source = ZSTD_inBuffer(
                src: input.buffer.baseAddress.map { UnsafeRawPointer($0 + input.start) }, size: input.end - input.start,
                pos: 0)
            var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
            let status = ZSTD_decompressStream(stream, &target, &source)
            input.start += source.pos
            if ZSTD_isError(status) != 0 {
                failure = "the zstd data are damaged: \(String(cString: ZSTD_getErrorName(status)))"
                isOver = true
            }
            isBetweenFrames = status == 0
            holdsOutput = target.pos == target.size && !isBetweenFrames
            if target.pos > 0 { return target.pos }
        }
        return 0
    }
}
