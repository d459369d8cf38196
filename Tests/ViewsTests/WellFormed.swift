import Foundation
import FoundationXML

/// What an XML parser says of a document: nil where it is well-formed.
func xmlFault(_ text: String) -> String? {
    let parser = XMLParser(data: Data(text.utf8))
    if parser.parse() { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let line = parser.lineNumber
    return "line \(line): \(lines.indices.contains(line - 1) ? String(lines[line - 1].prefix(300)) : "")"
}

/// The elements of a document by name, with their attributes.
final class ElementCounter: NSObject, XMLParserDelegate {
    private(set) var elements: [(name: String, attributes: [String: String])] = []

    init(_ text: String) {
        super.init()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = self
        _ = parser.parse()
    }

    func count(_ name: String, _ attribute: String? = nil, _ value: String? = nil) -> Int {
        elements.count { $0.name == name && (attribute == nil || $0.attributes[attribute ?? ""] == value) }
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements.append((name, attributes))
    }
}
