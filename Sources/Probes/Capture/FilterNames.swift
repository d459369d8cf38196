internal import Network
internal import Wire

/// Finds the words of a pcap-filter(7) expression that pcap_compile(3PCAP) would look up as a host or network.
///
/// A word is none of these where it is a keyword of the language, a number, an address, or follows a word that takes
/// names of its own (`port http`, `proto \tcp`): those come from files of the machine.
func namesToResolve(in filter: String) -> [String] {
    var names: [String] = []
    var previous = ""
    let words = filter.split { !($0.isLetter || $0.isNumber || ".:-_/\\".contains($0)) }.map(String.init)
    for word in words {
        defer { previous = word }
        if keywords.contains(word) || takesOwnNames.contains(previous) || word.hasPrefix("\\") { continue }
        if ["icmp-", "icmp6-", "tcp-"].contains(where: { word.hasPrefix($0) }) { continue }
        if !isNumeric(word) { names.append(word) }
    }
    return names
}

/// A pcap-filter(7) expression with addresses in place of the names of namespaces and of what runs there: `host web` becomes
/// `host 172.19.0.2`, or `host (172.19.0.2 or 2001:db8::2)`. Other names stay.
func replacingNames(in filter: String, by topology: Topology) -> String {
    var filter = filter
    for name in Set(namesToResolve(in: filter)) {
        let addresses = topology.namespaces(called: name).flatMap(\.links).flatMap(\.addresses).map(\.address).filter {
            !$0.isLoopback && !$0.isLinkLocal
        }
        guard let first = addresses.first else { continue }
        let words =
            addresses.count == 1 ? "\(first)" : "(\(addresses.map(\.description).joined(separator: " or ")))"
        filter = filter.replacingWord(name, by: words)
    }
    return filter
}

/// The word of the language that `name` was probably meant to be. Names of hosts are near to many words: the first letter has
/// to be right.
func filterKeyword(near name: String) -> String? {
    let name = name.lowercased()
    if keywords.contains(name) { return name }
    return keywords.filter { $0.count > 2 && $0.first == name.first }.nearest(to: name)
}

extension String {
    /// Where it is no part of a longer name.
    fileprivate func replacingWord(_ word: String, by other: String) -> String {
        func isOfName(_ character: Character?) -> Bool {
            character.map { $0.isLetter || $0.isNumber || ".:-_/\\".contains($0) } ?? false
        }
        var result = ""
        var rest = self[...]
        while let range = rest.firstRange(of: word) {
            let before = range.lowerBound == startIndex ? nil : self[index(before: range.lowerBound)]
            let after = range.upperBound == endIndex ? nil : self[range.upperBound]
            result += rest[..<range.lowerBound] + (isOfName(before) || isOfName(after) ? word : other)
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}

/// A number, an IPv4 address or part of one, an IPv6 or MAC address, with a prefix length or as a range.
private func isNumeric(_ word: String) -> Bool {
    let isHexadecimal = word.contains(":") || word.hasPrefix("0x") || word.hasPrefix("0X")
    return word.unicodeScalars.allSatisfy { scalar in
        switch scalar {
        case "0"..."9", ".", "/", "-", ":": true
        case "a"..."f", "A"..."F", "x", "X": isHexadecimal
        default: false
        }
    }
}

private let takesOwnNames: Set<String> = [
    "port", "portrange", "proto", "protochain", "type", "subtype", "dir", "ifname", "on", "reason", "action", "ruleset",
    "rset",
]

private let keywords: Set<String> = [
    "and", "or", "not", "host", "net", "mask", "port", "portrange", "proto", "protochain", "gateway", "src", "dst",
    "ether", "fddi", "tr", "wlan", "link", "ppp", "slip", "ip", "ip6", "arp", "rarp", "decnet", "tcp", "udp", "sctp",
    "icmp", "icmp6", "igmp", "igrp", "pim", "vrrp", "carp", "esp", "ah", "iso", "clnp", "esis", "es-is", "isis",
    "is-is",
    "l1", "l2", "iih", "lsp", "snp", "psnp", "csnp", "stp", "ipx", "netbeui", "lat", "moprc", "mopdl", "mopr", "atalk",
    "aarp", "sca", "broadcast", "multicast", "less", "greater", "len", "length", "inbound", "outbound", "ifname", "on",
    "rnr", "rulenum", "reason", "rset", "ruleset", "srnr", "subrulenum", "action", "type", "subtype", "dir",
    "direction",
    "addr1", "addr2", "addr3", "addr4", "ra", "ta", "address1", "address2", "address3", "address4", "vlan", "mpls",
    "pppoed", "pppoes", "geneve", "radio", "random", "icmptype", "icmpcode", "icmp6type", "icmp6code", "tcpflags",
    "lane", "metac", "bcc", "sc", "ilmic", "connectmsg", "metaconnect", "vpi", "vci", "oam", "oamf4", "oamf4ec",
    "oamf4sc", "sio", "opc", "dpc", "sls", "fisu", "lssu", "msu", "hfisu", "hlssu", "hmsu", "hsio", "hopc", "hdpc",
    "hsls",
]
