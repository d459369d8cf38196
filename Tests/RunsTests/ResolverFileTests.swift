import Testing
import Wire

@testable import Runs

@Suite("What a resolver is told by its files")
struct ResolverFileTests {
    @Test("resolv.conf: servers, search list, dots; comments and what is not known are passed over")
    func resolver() throws {
        let file = ResolverFile(
            """
            # of the container engine
            nameserver 127.0.0.11
            nameserver 2001:db8::53 ; the second
            nameserver fe80::1%eth0
            search shop.example  example.
            options edns0 ndots:2 trust-ad
            sortlist 130.155.160.0
            """)
        #expect(file.servers.map(\.description) == ["127.0.0.11", "2001:db8::53"])
        #expect(file.search == ["shop.example", "example."])
        #expect(file.dots == 2)
        #expect(file.candidates("db") == ["db.shop.example", "db.example", "db"])
        #expect(file.candidates("a.db") == ["a.db.shop.example", "a.db.example", "a.db"])
        #expect(file.candidates("www.db.net") == ["www.db.net", "www.db.net.shop.example", "www.db.net.example"])
        #expect(file.candidates("db.") == ["db"])
    }

    @Test("an empty file names nobody")
    func empty() {
        #expect(ResolverFile("").servers.isEmpty)
        #expect(ResolverFile("nameserver\nsearch\n").candidates("db") == ["db"])
    }

    @Test("hosts: every name of a line, whatever its case")
    func hosts() {
        let text = "127.0.0.1 localhost\n10.0.0.7\tDB.example db # the database\n::1 localhost\nnonsense db\n"
        func found(_ name: String) -> [String] {
            ResolverFile.addresses(of: name, inHosts: text).map(\.description)
        }
        #expect(found("db") == ["10.0.0.7"])
        #expect(found("db.EXAMPLE") == ["10.0.0.7"])
        #expect(found("localhost") == ["127.0.0.1", "::1"])
        #expect(found("database") == [])
    }
}
