import TestSupport
import Testing

@testable import Wire

/// Messages written out by hand from RFC 1035 section 4.
@Suite struct DNSMessageTests {
    private func message(_ bytes: [UInt8]) -> DNSMessage? { DNSMessage(bytes.span.bytes) }

    private static func labels(_ name: String) -> [UInt8] {
        name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private static func header(_ flags: [UInt8], questions: UInt8 = 1, answers: UInt8 = 0) -> [UInt8] {
        [0xab, 0xcd] + flags + [0, questions, 0, answers, 0, 0, 0, 0]
    }

    @Test func aQuestion() throws {
        let found = try #require(message(Self.header([1, 0]) + Self.labels("www.example.com") + [0, 28, 0, 1]))
        #expect(found.identifier == 0xabcd)
        #expect(!found.isResponse)
        #expect(found.name == "www.example.com")
        #expect(found.typeName == "AAAA")
    }

    @Test func answersWithPointers() throws {
        let question = Self.labels("www.example.com") + [0, 1, 0, 1]
        // CNAME to web.example.com, whose end is the pointer to offset 16, then its address.
        let alias: [UInt8] = [0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 6, 3, 119, 101, 98, 0xc0, 16]
        let address: [UInt8] = [0xc0, 45, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]
        let found = try #require(message(Self.header([0x81, 0x80], answers: 2) + question + alias + address))
        #expect(found.isResponse)
        #expect(found.resultName == "NOERROR")
        #expect(found.answers == ["CNAME web.example.com", "192.0.2.7"])
        #expect(found.answerCount == 2)
    }

    @Test func results() throws {
        let question = Self.labels("db") + [0, 1, 0, 1]
        #expect(message(Self.header([0x81, 0x83]) + question)?.resultName == "NXDOMAIN")
        #expect(message(Self.header([0x81, 0x82]) + question)?.resultName == "SERVFAIL")
        #expect(message(Self.header([0x81, 0x85]) + question)?.resultName == "REFUSED")
        #expect(message(Self.header([0x81, 0x8f]) + question)?.resultName == "RCODE15")
    }

    @Test func octetsThatAreNoLettersAreWrittenInNumbers() throws {
        let name: [UInt8] = [4, 27, 46, 92, 200, 0]
        #expect(message(Self.header([1, 0]) + name + [0, 1, 0, 1])?.name == #"\027\.\\\200"#)
        #expect(message(Self.header([1, 0]) + [0, 0, 2, 0, 1])?.name == ".")
    }

    @Test func hostileNamesAreNone() throws {
        // A pointer to itself, to behind itself, two that point at each other, and a name that runs past the end.
        for name: [UInt8] in [[0xc0, 12], [0xc0, 40], [0xc0, 14, 0xc0, 12], [63, 1, 2], [0x80, 1], [0xc0]] {
            let found = try #require(message(Self.header([1, 0]) + name + [0, 1, 0, 1]))
            #expect(found.name == nil)
        }
        // More than 255 octets.
        let long = Array(repeating: [UInt8(60)] + Array(repeating: 97, count: 60), count: 5).flatMap(\.self)
        #expect(message(Self.header([1, 0]) + long + [0, 0, 1, 0, 1])?.name == nil)
        #expect(message([1, 2, 3]) == nil)
    }

    @Test func anyBytesAreRead() {
        var random = SeededGenerator(seed: 1035)
        for round in 0..<20_000 {
            var bytes = (0..<Int.random(in: 0...120, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            // Most of them look like answers, full of pointers.
            if round % 4 != 0, bytes.count > 12 {
                bytes.replaceSubrange(2..<8, with: [0x81, 0x80, 0, 1, 0, 4])
                for _ in 0..<10 {
                    let at = Int.random(in: 12..<bytes.count, using: &random)
                    bytes[at] = [0, 1, 3, 0xc0, 0xff].randomElement(using: &random) ?? 0
                }
            }
            guard let found = message(bytes) else { continue }
            #expect((found.name?.utf8.count ?? 0) <= 4 * 255)
            #expect(found.answers.count <= DNSMessage.answerLimit)
            #expect(found.answers.allSatisfy { $0.utf8.allSatisfy { (0x20...0x7e).contains($0) } })
        }
    }
}
