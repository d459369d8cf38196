import LinuxSystem
import Testing

@testable import Twin

/// The labs of this repository as they are listed.
@Suite struct LabCatalogueTests {
    private static func catalogue() throws -> LabCatalogue { LabCatalogue(try LabLibrary.builtIn.labs()) }

    @Test func theTutorialComesFirstAndInOrder() throws {
        let catalogue = try Self.catalogue()
        #expect(catalogue.groups[0].title == "The tutorial, step by step")
        #expect(
            catalogue.groups[0].rows.map(\.lab.name) == [
                "tutorial-01-loopback-down", "tutorial-02-loopback", "tutorial-03-other-end-down",
                "tutorial-04-namespace-to-host", "tutorial-05-no-default-route", "tutorial-06-default-route",
                "tutorial-07-no-masquerade", "tutorial-08-masquerade", "tutorial-09-address-on-port",
                "tutorial-10-bridge-to-host", "tutorial-10-bridge-to-wan",
            ])
        #expect(
            catalogue.groups.dropFirst().map(\.title).prefix(4) == [
                "Networks that work", "Nothing was sent", "Links", "Queues",
            ])
        #expect(!catalogue.groups.map(\.title).contains("Others"))
        // What needs an engine comes last.
        #expect(catalogue.groups.last?.title == "With a Docker engine, as root")
        #expect(catalogue.groups.dropLast().flatMap(\.rows).allSatisfy { !$0.lab.needs.contains("docker") })
    }

    @Test func everyLabIsInItOnce() throws {
        let names = try Self.catalogue().groups.flatMap { group in
            group.rows.flatMap { [$0.lab.name] + $0.variants.map(\.lab.name) }
        }
        #expect(names.sorted() == LabLibrary.builtIn.names)
    }

    @Test func variantsShareARow() throws {
        let rows = try Self.catalogue().groups.flatMap(\.rows)
        let row = try #require(rows.first { $0.lab.name == "hairpin-missing" })
        #expect(row.variants.map(\.suffix) == ["-iptables-legacy", "-ipv6", "-nftables"])
        // No lab has the bare name.
        let drop = try #require(rows.first { $0.lab.name == "policy-drop-ip6tables" })
        #expect(
            drop.variants.map(\.lab.name) == [
                "policy-drop-ip6tables-legacy", "policy-drop-iptables-legacy", "policy-drop-iptables-nft",
                "policy-drop-nftables", "policy-drop-nftables-ipv6",
            ])
    }

    @Test func whatComesNext() throws {
        let catalogue = try Self.catalogue()
        #expect(catalogue.first?.lab.name == "tutorial-01-loopback-down")
        #expect(catalogue.rows(at: "tutorial-01-loopback-down").next?.lab.name == "tutorial-02-loopback")
        // After the last step comes the first of the next group.
        #expect(catalogue.rows(at: "tutorial-10-bridge-to-wan").next == catalogue.groups[1].rows[0])
        // A variant stands where the one stands that it is a variant of.
        #expect(catalogue.rows(at: "no-route-ipv6").next == catalogue.rows(at: "no-route").next)
        let last = try #require(catalogue.groups.last?.rows.last)
        #expect(catalogue.rows(at: last.lab.name).next == nil)
        #expect(catalogue.rows(at: "none-such").row == nil)
    }

    @Test func aQuestionDoesNotGiveTheAnswer() throws {
        let library = LabLibrary.builtIn
        #expect(try library.lab(named: "no-route").question == "mynamespace pings 198.51.100.1, in vain")
        #expect(
            try library.lab(named: "hairpin-missing").question
                == "mynamespace connects to 203.0.113.2:8080, in vain")
        #expect(
            try library.lab(named: "arp-ignored-subnet").question
                == "mynamespace pings 172.19.0.3 as 198.51.100.7, in vain")
        #expect(
            try library.lab(named: "mtu-exceeded").question.hasPrefix("mynamespace pings 198.51.100.1 with"))
        #expect(
            try library.lab(named: "conntrack-stale-ipv6").question
                == "wan sends UDP to [2001:db8:113::2]:514, in vain")
        #expect(try library.lab(named: "no-route").shortQuestion == "mynamespace pings 198.51.100.1")
        #expect(try library.lab(named: "namespace-to-wan").question == "mynamespace pings 198.51.100.1")
        #expect(
            try library.lab(named: "tutorial-03-other-end-down").question
                == "A wire into it: does the host reach it?")
        // No variant of the tutorial's bases takes its question over.
        #expect(try library.labs().filter { $0.group != nil }.count == 11)
    }
}
