import Glibc
import LinuxSystem
import Testing
import Wire

@testable import Recording

private let corpus = getenv("PACKETWALK_CORPUS").map { String(cString: $0) }

/// Frames of other people's captures, as `scripts/corpus` gathers them, field by field against what tshark reads.
@Suite(.enabled(if: corpus != nil)) struct CorpusTests {
    @Test("addresses, ports, protocol and TTL are those of a layer that tshark reads")
    func fields() throws {
        let folder = try #require(corpus) + "/frames"
        var tally = Tally()
        for name in directoryNames(folder).sorted() where name.hasSuffix(".pcapng") {
            let rows = LayerTable(contents("\(folder)/\(name.dropLast(".pcapng".count)).tsv"))
            try compare("\(folder)/\(name)", rows, &tally)
        }
        store(Array(tally.report.utf8), "\(folder)/result.txt")
        #expect(tally.compared > 0)
        #expect(tally.different == 0, "\(tally.report)")
    }

    private func compare(_ path: String, _ rows: LayerTable, _ tally: inout Tally) throws {
        let file = try #require(PcapNGFile(try ByteSource(path: path)))
        var packet = CapturedPacket()
        var index = 0
        while case let step = file.next(&packet), step != .end {
            guard step == .packet, index < rows.count else { continue }
            let layers = rows[index]
            index += 1
            let linkType = file.interfaces[packet.interface].linkType
            guard !linkType.description.hasPrefix("linktype-") else {
                tally.add("frames of link types not read")
                continue
            }
            let found = dissect(
                packet.bytes.bytes, linkType: linkType, originalLength: Int(packet.originalLength))
            tally.take(found, layers, linkType)
        }
        #expect(file.damage.errors.isEmpty && index == rows.count, "\(path): \(index) of \(rows.count)")
    }
}

/// What tshark prints of frames: a row each, and in each cell the values of all layers, outermost first.
private struct LayerTable {
    private let columns: [String: Int]
    private let rows: [[Substring]]

    init(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let cells = lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false) }
        let names = (cells.first ?? []).enumerated().map { (String($1), $0) }
        columns = Dictionary(names, uniquingKeysWith: { first, _ in first })
        rows = Array(cells.dropFirst())
    }

    var count: Int { rows.count }
    subscript(index: Int) -> Layers { Layers(columns: columns, cells: rows[index]) }
}

private struct Layers {
    let columns: [String: Int]
    let cells: [Substring]

    subscript(name: String) -> [String] {
        guard let column = columns[name], column < cells.count else { return [] }
        return cells[column].split(separator: ",").map(String.init)
    }

    var hasIP: Bool { !self["ip.src"].isEmpty || !self["ipv6.src"].isEmpty }
    var protocols: String { self["frame.protocols"].first ?? "" }

    /// The innermost layer whose addresses, TTL and protocol are the packet's; nil with what differs where there is none.
    func match(_ found: PacketHeaders) -> (layer: Int?, count: Int, difference: String) {
        let isIPv4 = found.network == .ipv4
        let (family, hops) = isIPv4 ? ("ip", "ip.ttl") : ("ipv6", "ipv6.hlim")
        let (sources, ends) = (self["\(family).src"], self["\(family).dst"])
        let limits = self[hops]
        let sameAddresses = sources.indices.filter { index in
            // A routing header adds the final destination to IPv6's list.
            let destination = "\(found.destination)"
            return sources[index] == "\(found.source)"
                && (isIPv4 ? index < ends.count && ends[index] == destination : ends.contains(destination))
        }
        guard !sameAddresses.isEmpty else { return (nil, sources.count, "addresses") }
        let sameTTL = sameAddresses.filter { $0 < limits.count && limits[$0] == "\(found.ttl)" }
        guard !sameTTL.isEmpty else { return (nil, sources.count, "TTL") }
        let (protocols, number) = (self["ip.proto"], "\(found.ipProtocol.rawValue)")
        // What stands behind IPv6's extension headers is in the frame's list of protocols alone.
        let layer = sameTTL.last { !isIPv4 || $0 < protocols.count && protocols[$0] == number }
        return (layer, sources.count, "protocol")
    }

    /// Whether the ports are those of one layer; nil where the packet's protocol has none.
    func havePorts(of found: PacketHeaders) -> Bool? {
        let name: String? =
            switch found.ipProtocol {
            case .tcp: "tcp"
            case .udp: "udp"
            case .sctp: "sctp"
            default: nil
            }
        guard let name, found.flags.contains(.hasTransport) else { return nil }
        return zip(self["\(name).srcport"], self["\(name).dstport"]).contains {
            $0 == "\(found.sourcePort)" && $1 == "\(found.destinationPort)"
        }
    }
}

private struct Tally {
    private var counts: [String: Int] = [:]
    private var kinds: [String: Int] = [:]

    mutating func add(_ figure: String, kind: String? = nil) {
        counts[figure, default: 0] += 1
        if let kind { kinds["\(figure)\t\(kind)", default: 0] += 1 }
    }

    var different: Int { counts[Self.otherwise] ?? 0 }
    var compared: Int { (counts[Self.equal] ?? 0) + different }

    private static let equal = "frames equal"
    private static let otherwise = "frames decoded otherwise"

    mutating func take(_ found: PacketHeaders, _ layers: Layers, _ linkType: LinkType) {
        guard found.network != .arp else { return }
        let isBroken = found.flags.contains(.malformed)
        guard found.isIP else {
            let reason = isBroken ? " malformed" : ""
            if layers.hasIP { add("frames not opened", kind: "\(linkType) \(layers.protocols)\(reason)") }
            return
        }
        guard layers.hasIP else { return add("frames opened by us alone", kind: "\(linkType) \(layers.protocols)") }
        let (layer, count, difference) = layers.match(found)
        guard let layer else {
            return add(Self.otherwise, kind: "\(difference) \(layers.protocols)\(isBroken ? " malformed" : "")")
        }
        if layers.havePorts(of: found) == false {
            return add(Self.otherwise, kind: "ports \(layers.protocols)\(isBroken ? " malformed" : "")")
        }
        add(Self.equal)
        if layer + 1 < count, !found.flags.contains(.quotesPacket) {
            add("frames of which an outer packet is read", kind: layers.protocols)
        }
    }

    /// Lines of figure, count, and the kind where it is one of several.
    var report: String {
        let figures = counts.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\t\n" }
        let rows = kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { entry in
            let words = entry.key.split(separator: "\t", maxSplits: 1)
            return "\(words[0])\t\(entry.value)\t\(words[1])\n"
        }
        return (figures + rows).joined()
    }
}
