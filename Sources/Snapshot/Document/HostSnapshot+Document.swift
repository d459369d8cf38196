internal import Network

extension HostSnapshot {
    /// The snapshot as one JSON document for people: one element a line, keys always in the same order. Read again by
    /// `init(document:)` it is the same.
    public func document() -> String {
        json.indented(depth: 4, width: 100, lists: ["text", "ipsets", "ipv4", "ipv6"])
    }

    /// Reads a document. Throws `UnreadableSnapshot`, also where it is of another schema.
    public init(document: [UInt8]) throws(UnreadableSnapshot) {
        let tree: JSONTree
        do {
            tree = try JSONTree(parsing: document)
        } catch {
            throw UnreadableSnapshot("it is no snapshot: \(error)")
        }
        let root = SnapshotField(tree, path: "")
        guard case .object = tree else { throw UnreadableSnapshot("it is no snapshot: the JSON in it is no object") }
        let schema = tree["schema"]?.string
        guard let schema, schema == Self.schema || schema.hasPrefix(Self.schema + ".") else {
            let found = schema.map { "its schema is \($0.debugDescription)" } ?? "it names no schema"
            throw UnreadableSnapshot(
                "it is no snapshot that can be read: \(found); this version of packetwalk reads \(Self.schema)")
        }
        self.init(
            host: try root["host"].text(), time: try root["time"].text(), kernel: try root["kernel"].text())
        boot = try root["boot"].textIfPresent()
        for member in tree["tools"]?.members ?? [] { tools[member.key] = try root["tools"][member.key].text() }
        namespaces = try root["namespaces"].mapped { (field) throws(UnreadableSnapshot) in
            try NamespaceSnapshot(field)
        }
        omitted = try root["omitted"].texts()
        warnings = try root["warnings"].texts()
        var names: Set<String> = []
        for namespace in namespaces where !names.insert(namespace.name).inserted {
            throw UnreadableSnapshot(
                "the snapshot is damaged: two namespaces are called \(namespace.name.debugDescription)")
        }
    }

    var json: JSONTree {
        JSONTree(members: [
            "schema": .string(Self.schema), "host": .string(host), "time": .string(time), "kernel": .string(kernel),
            "boot": boot.map { .string($0) }, "tools": .sorted(tools) { .string($0) },
            "namespaces": .array(namespaces.map(\.json)), "omitted": .texts(omitted), "warnings": .texts(warnings),
        ])
    }
}
