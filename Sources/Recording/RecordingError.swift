/// Why a recording or capture file could not be read or written, in one line.
public struct RecordingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The file, as the user named it.
    public var path: String
    /// Where in the (decompressed) file, in bytes; nil where no single place is to blame.
    public var offset: Int?
    public var reason: String

    public init(path: String, offset: Int? = nil, reason: String) {
        self.path = path
        self.offset = offset
        self.reason = reason
    }

    public var description: String {
        guard let offset else { return "\(path): \(reason)" }
        return "\(path): at byte \(offset): \(reason)"
    }
}
