/// A map of a schema that can't be read here.
public struct UnknownSchema: Error, Hashable, CustomStringConvertible {
    /// Nil where the map names none.
    public var found: String?
    public var understood: String

    public init(found: String?, understood: String) {
        self.found = found
        self.understood = understood
    }

    /// Whether `found` is a version of `understood` that can be read: the same name and, before the first point, the same
    /// number. What a later minor version adds is passed over.
    static func isReadable(_ found: String, as understood: String) -> Bool {
        found == understood || found.hasPrefix(understood + ".")
    }

    public var description: String {
        let name = found.map { "a map of schema \($0.debugDescription)" } ?? "a map that names no schema"
        return "\(name); this version of packetwalk reads \(understood)"
    }
}
