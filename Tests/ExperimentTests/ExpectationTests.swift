import Testing
import Wire

@testable import Experiment

@Suite("A file of expectations")
struct ExpectationTests {
    @Test("is read line by line")
    func lines() throws {
        let expectations = try Expectation.parse(
            """
            # what must go
            web reaches wan:443
            web reaches 198.51.100.1  # ping

            web\treaches 198.51.100.1 udp 53
            web reaches 198.51.100.1 icmp
            wan does not reach db:5432
            wan does not reach [2001:db8::7]:22
            wan does not reach 2001:db8::7 tcp 22
            wan reaches db:53 udp
            web reaches netns:4026532345
            """)
        let address = try #require(IPAddress("198.51.100.1"))
        let sixth = try #require(IPAddress("2001:db8::7"))
        #expect(expectations.map(\.line) == [2, 3, 5, 6, 7, 8, 9, 10, 11])
        #expect(expectations.map(\.reaches) == [true, true, true, true, false, false, false, true, true])
        #expect(
            expectations.map(\.target) == [
                .name("wan"), .address(address), .address(address), .address(address), .name("db"), .address(sixth),
                .address(sixth), .name("db"), .name("netns:4026532345"),
            ])
        #expect(
            expectations.map(\.kind) == [
                .tcp(443), .icmp, .udp(53), .icmp, .tcp(5432), .tcp(22), .tcp(22), .udp(53), .icmp,
            ])
        #expect(expectations[1].text == "web reaches 198.51.100.1")
    }

    @Test(
        "that can't be read is refused with its line",
        arguments: [
            "web wan:443", "web reaches", "web reach wan", "web does not reach", "web does not reaches wan",
            "web reaches wan:0", "web reaches wan:70000", "web reaches wan:http", "web reaches wan tcp",
            "web reaches wan sctp 5", "web reaches wan:53 udp 54", "web reaches wan:53 icmp",
            "web reaches wan udp 53 54",
            "web reaches [wan]:53", "web reaches :53",
        ])
    func refusals(line: String) {
        let error = #expect(throws: ExpectationError.self) { try Expectation.parse("\n\n\(line)\n") }
        #expect(error?.line == 3)
    }
}
