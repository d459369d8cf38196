/// Why a record's JSON could not be read, in a few words on one line: `namespaces[0].name is missing`.
struct UnreadableRecord: CustomStringConvertible {
    private static let longest = 200
    let description: String

    init(_ error: any Error) {
        let text: String
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            text = "\(Self.path(context.codingPath + [key])) is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            let path = Self.path(context.codingPath)
            text = path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        default: text = "\(error)"
        }
        // Keys of a dictionary come from the file.
        description = String(
            text.prefix(Self.longest).map { $0.unicodeScalars.contains { $0.properties.isControl } ? " " : $0 })
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.reduce(into: "") { path, key in
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isControl: Bool {
        switch generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .format: true
        default: false
        }
    }
}
