internal import ArgumentParser
internal import Discovery
internal import Network
internal import Twin

/// What a shell offers where this machine, or the program, knows the answers.
///
/// Only words that a shell takes as they are: other people's names may hold anything.
enum Completion {
    /// `ip netns` names, containers, and `host`.
    static var namespaces: CompletionKind {
        .custom { _, _, _ in plain(Topology.namespaceNames()) }
    }

    /// The devices of the namespace that `--from` names, else of this one.
    static var devices: CompletionKind {
        .custom { words, _, _ in
            let from = words.firstIndex(of: "--from").flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
            guard let topology = try? Topology.discover(only: [from ?? "host"]) else { return [] }
            return plain(topology.namespaces.flatMap(\.links).map(\.name))
        }
    }

    static var labs: CompletionKind {
        .custom { _, _, _ in plain((try? LabLibrary.find().names) ?? []) }
    }

    /// Of pcap-filter(7): the words that filters begin with, and those between.
    static var filters: CompletionKind {
        .list([
            "icmp", "icmp6", "tcp", "udp", "arp", "ip", "ip6", "host", "net", "port", "portrange", "src", "dst", "and",
            "or", "not",
        ])
    }

    /// Recordings and captures.
    static var captures: CompletionKind { .file(extensions: ["pcapng", "pcap", "cap", "gz", "zst"]) }

    /// A word that the parser asks the program with for what to offer. It has a `--` of its own, which is no command's.
    static func isAsked(_ words: some Collection<String>) -> Bool { words.first?.hasPrefix("---completion") ?? false }

    private static func plain(_ names: [String]) -> [String] {
        names.filter { name in
            !name.isEmpty && name.utf8.first != UInt8(ascii: "-")
                && name.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
                        UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "+"):
                        true
                    default: false
                    }
                }
        }.sorted()
    }
}
