import Network
import Testing
import Wire

@testable import Probes

@Suite("Names in capture filters") struct FilterNameTests {
    private func topology() throws -> Topology {
        func space(_ name: String, _ addresses: [String], service: String) throws -> Namespace {
            let prefixes = try addresses.map { try #require(IPPrefix($0)) }
            var namespace = Namespace(
                name: name, inode: 1, path: "", containers: [name],
                links: [
                    Link(name: "lo", index: 1, kind: "loopback", addresses: [try #require(IPPrefix("127.0.0.1/8"))]),
                    Link(name: "eth0", index: 2, kind: "veth", addresses: prefixes),
                ])
            namespace.workloads = [Workload(.service, service, in: "shop", by: .docker)]
            return namespace
        }
        return Topology(
            host: "", time: "",
            namespaces: [
                try space("shop-api-1", ["172.18.0.2/16", "2001:db8::2/64"], service: "api"),
                try space("shop-db-1", ["172.18.0.3/16"], service: "db"),
            ])
    }

    @Test(
        "become the addresses of who is called so",
        arguments: [
            ("host shop-db-1 and port 53", "host 172.18.0.3 and port 53"), ("src host db", "src host 172.18.0.3"),
            ("host api", "host (172.18.0.2 or 2001:db8::2)"),
            // Part of a longer name, a word of the language, a port's name, nobody's.
            ("host shop-db-10", "host shop-db-10"), ("tcp port domain", "tcp port domain"),
            ("host nosuch", "host nosuch"),
        ])
    func replaces(filter: String, expected: String) throws {
        let settled = replacingNames(in: filter, by: try topology())
        #expect(settled == expected)
        if !filter.contains("nosuch"), !filter.contains("-10") { _ = try PacketFilter(settled) }
    }
}
