import TestSupport
import Testing

@testable import Network

@Suite struct JSONPrintingTests {
    private static func tree(_ generator: inout SeededGenerator, depth: Int) -> JSONTree {
        switch UInt.random(in: 0..<(depth > 0 ? 8 : 6), using: &generator) {
        case 0: return .null
        case 1: return .bool(.random(using: &generator))
        case 2: return .integer(.random(in: .min ... .max, using: &generator))
        case 3:
            return .number(["0.00", "1e9", "-0.5", "18446744073709551615"].randomElement(using: &generator) ?? "0.1")
        case 4, 5: return .string(text(&generator))
        case 6:
            return .array(
                (0..<Int.random(in: 0..<5, using: &generator)).map { _ in tree(&generator, depth: depth - 1) })
        default:
            return .object(
                (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
                    .init(text(&generator), tree(&generator, depth: depth - 1))
                })
        }
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        let pieces = [
            "a", "\"", "\\", "\n", "\t", "\r", "\u{0}", "\u{1f}", "\u{7f}", "ä", "𝄞", "/", "text", " ", "{", "]",
        ]
        return (0..<Int.random(in: 0..<12, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? ""
        }
        .joined()
    }

    @Test func `what is printed reads as it was, on one line and on many`() throws {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<2000 {
            let tree = Self.tree(&generator, depth: 4)
            let compact = tree.compact
            #expect(!compact.contains("\n"))
            #expect(try JSONTree(parsing: Array(compact.utf8)) == tree)
            let depth = Int.random(in: 0..<5, using: &generator)
            let indented = tree.indented(depth: depth, width: 20, lists: ["text"])
            #expect(try JSONTree(parsing: Array(indented.utf8)) == tree, "\(indented)")
        }
    }

    @Test func `people find one element a line`() throws {
        let text = #"{"b":[{"x":1},{"x":[1,2,3]}],"a":"z","text":["one line","another line"]}"#
        let tree = try JSONTree(parsing: Array(text.utf8))
        #expect(
            tree.indented(depth: 2, width: 12, lists: ["text"]) == """
                {
                  "b": [
                    {"x":1},
                    {"x":[1,2,3]}
                  ],
                  "a": "z",
                  "text": [
                    "one line",
                    "another line"
                  ]
                }

                """)
    }

    @Test func `equal is what says the same in the same order`() throws {
        func tree(_ text: String) throws -> JSONTree { try JSONTree(parsing: Array(text.utf8)) }
        #expect(try tree(#"{"a": 1, "b": [true]}"#) == tree(#"{"a":1,"b":[ true ]}"#))
        #expect(try tree(#"{"a":1,"b":2}"#) != tree(#"{"b":2,"a":1}"#))
        #expect(try tree(#"{"a":1}"#).setting("a", nil) == .object([]))
        #expect(try tree(#"{"a":1}"#).setting("b", .null).removing(["a"]).compact == #"{"b":null}"#)
    }
}
