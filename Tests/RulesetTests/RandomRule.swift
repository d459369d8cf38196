import TestSupport
import Ruleset
import Wire

/// A rule of a small world: what it asks and does as plain values, and how both firewalls write it.
///
/// It has its own reading of a packet, without anything of the compiled rules.
struct RandomRule {
    enum Target: Equatable {
        case accept
        case drop
        case back
        case jump
        case goto
    }

    var source: IPPrefix?
    var isSourceNegated = false
    var inDevice: String?
    var ipProtocol: IPProtocol?
    var ports: ClosedRange<UInt16>?
    var arePortsNegated = false
    var states: [ConnectionState] = []
    var mark: (value: UInt32, mask: UInt32)?
    var target: Target

    init(_ random: inout SeededGenerator, targets: [Target] = [.accept, .drop, .back, .jump, .goto]) {
        func chance() -> Bool { Int.random(in: 0..<3, using: &random) == 0 }
        target = targets[Int.random(in: 0..<targets.count, using: &random)]
        if chance() {
            source =
                IPPrefix(
                    IPAddress(ipv4: UInt32.random(in: 0...3, using: &random) << 30),
                    length: Int.random(in: 1...2, using: &random)
                )?.network
            isSourceNegated = Bool.random(using: &random)
        }
        if chance() { inDevice = ["a", "b", "b*"][Int.random(in: 0..<3, using: &random)] }
        if chance() { ipProtocol = Bool.random(using: &random) ? .tcp : .udp }
        if ipProtocol != nil, chance() {
            let low = UInt16.random(in: 1...4, using: &random)
            ports = low...(low + UInt16.random(in: 0...2, using: &random))
            arePortsNegated = Bool.random(using: &random)
        }
        if chance() { states = Bool.random(using: &random) ? [.new] : [.established, .related] }
        if chance() { mark = (UInt32.random(in: 0...3, using: &random), 3) }
    }

    /// Whether a packet meets it, read directly.
    func matches(_ packet: PacketState, from device: String?) -> Bool {
        if let source {
            let shift = UInt64(32 - source.length)
            if (packet.source.low >> shift == source.address.low >> shift) == isSourceNegated { return false }
        }
        switch inDevice {
        case "b*"?: if device?.first != "b" { return false }
        case let name?: if device != name { return false }
        case nil: break
        }
        if let ipProtocol, packet.ipProtocol != ipProtocol { return false }
        if let ports, ports.contains(packet.destinationPort ?? 0) == arePortsNegated { return false }
        if !states.isEmpty, !states.contains(where: { $0 == packet.connection }) { return false }
        if let mark, packet.mark & mark.mask != mark.value { return false }
        return true
    }

    var iptables: String {
        var words: [String] = []
        if let source { words.append("\(isSourceNegated ? "! " : "")-s \(source)") }
        if let inDevice { words.append("-i \(inDevice.replacing("*", with: "+"))") }
        if let ipProtocol { words.append("-p \(ipProtocol)") }
        if let ipProtocol, let ports {
            let range = ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound):\(ports.upperBound)"
            words.append("-m \(ipProtocol) \(arePortsNegated ? "! " : "")--dport \(range)")
        }
        if !states.isEmpty {
            words.append("-m conntrack --ctstate \(states.map { $0.rawValue.uppercased() }.joined(separator: ","))")
        }
        if let mark {
            words.append("-m mark --mark 0x\(String(mark.value, radix: 16))/0x\(String(mark.mask, radix: 16))")
        }
        let targets: [Target: String] = [
            .accept: "-j ACCEPT", .drop: "-j DROP", .back: "-j RETURN", .jump: "-j one", .goto: "-g one",
        ]
        words.append(targets[target] ?? "")
        return words.joined(separator: " ")
    }

    var nftables: String {
        var parts: [String] = []
        func match(_ left: String, _ right: String, _ operation: String = "==") {
            parts.append(#"{"match":{"op":"\#(operation)","left":\#(left),"right":\#(right)}}"#)
        }
        if let source {
            match(
                #"{"payload":{"protocol":"ip","field":"saddr"}}"#,
                #"{"prefix":{"addr":"\#(source.address)","len":\#(source.length)}}"#, isSourceNegated ? "!=" : "==")
        }
        if let inDevice { match(#"{"meta":{"key":"iifname"}}"#, "\"\(inDevice)\"") }
        if let ipProtocol, let ports {
            match(
                #"{"payload":{"protocol":"\#(ipProtocol)","field":"dport"}}"#,
                ports.count == 1
                    ? "\(ports.lowerBound)" : #"{"range":[\#(ports.lowerBound),\#(ports.upperBound)]}"#,
                arePortsNegated ? "!=" : "==")
        } else if let ipProtocol {
            match(#"{"meta":{"key":"l4proto"}}"#, "\"\(ipProtocol)\"")
        }
        if !states.isEmpty {
            let names = states.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
            match(#"{"ct":{"key":"state"}}"#, states.count == 1 ? names : "[\(names)]", "in")
        }
        if let mark { match(#"{"&":[{"meta":{"key":"mark"}},\#(mark.mask)]}"#, "\(mark.value)") }
        let targets: [Target: String] = [
            .accept: #"{"accept":null}"#, .drop: #"{"drop":null}"#, .back: #"{"return":null}"#,
            .jump: #"{"jump":{"target":"one"}}"#, .goto: #"{"goto":{"target":"one"}}"#,
        ]
        parts.append(targets[target] ?? "")
        return "[\(parts.joined(separator: ","))]"
    }
}
