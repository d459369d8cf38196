public import WalkModel

/// Walks as JSON, one object a line: schema `packetwalk.walk/1`.
///
/// The same walk gives the same bytes, run after run: keys are sorted. Control characters and bidirectional overrides
/// that JSON would let through are written as `\u` escapes, so a line is safe on a terminal too.
public enum WalkJSON {
    /// The object without a newline at its end.
    public static func line(_ walk: Walk) throws -> String {
        var writer = WalkJSONWriter()
        try writer.write(walk)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
