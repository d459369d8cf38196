import Testing

@testable import Wire

@Suite("A question of DNS")
struct DNSQuestionTests {
    @Test("is written as RFC 1035 has it")
    func bytes() {
        #expect(
            DNSMessage.question("db.example", type: 28, identifier: 0x1234) == [
                0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0x64, 0x62, 7, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c,
                0x65, 0, 0, 28, 0, 1,
            ])
    }

    @Test("is read as it was asked")
    func read() throws {
        let bytes = try #require(DNSMessage.question("a.example", type: 1, identifier: 7))
        let read = DNSMessage(bytes.span.bytes)
        let message = try #require(read)
        #expect(
            message.identifier == 7 && !message.isResponse && message.name == "a.example" && message.typeName == "A")
    }

    @Test(
        "names that can't be asked for are none",
        arguments: [
            "", "a..b", ".a", String(repeating: "x", count: 64) + ".example",
            (0..<5).map { _ in String(repeating: "y", count: 60) }.joined(separator: "."),
        ])
    func wrong(name: String) {
        #expect(DNSMessage.question(name, type: 1, identifier: 1) == nil)
    }
}
