internal import Network

/// Walks as JSON, one object a line: schema `packetwalk.walk/2` (`docs/schema/packetwalk.walk-2.json`).
///
/// The same walk gives the same bytes, run after run: keys are sorted. Control characters and bidirectional overrides
/// that JSON would let through are written as `\u` escapes, so a line is safe on a terminal too. What the tool keeps
/// for itself (`Walk.witness`) is not written.
public enum WalkJSON {
    public static let schema = "packetwalk.walk/2"

    /// The object without a newline at its end.
    public static func line(_ walk: Walk) -> String {
        var writer = WalkJSONWriter()
        writer.write(walk)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Reads an object that `line` wrote. Throws `MalformedJSON` for what is no JSON, and `WalkJSONError` for what is
    /// no walk of this schema. Unknown keys are passed over.
    public static func walk(from line: some Sequence<UInt8>) throws -> Walk {
        try Walk(WalkJSONObject(JSONTree(parsing: Array(line)), path: "walk"))
    }
}

/// A JSON text that is no walk.
public struct WalkJSONError: Error, Hashable, CustomStringConvertible {
    /// `walk.hops[3].packet.ttl`
    public var path: String
    public var reason: String

    public var description: String { "\(path): \(reason)" }
}
