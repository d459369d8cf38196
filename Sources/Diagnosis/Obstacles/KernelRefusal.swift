internal import Observations
internal import Network
internal import Ruleset
internal import WalkModel
internal import Wire

/// The kernel dropped the packet for a reason that says by itself what is wrong, and nothing in the state that was looked
/// at says it better: a TCP segment without the signature that its receiver wants, a wrong checksum, a socket's filter.
struct KernelRefusal: Obstacle {
    let code: FindingCode = "kernel-refusal"

    /// Nil for a reason that names no cause.
    func candidate(_ reason: DropReason, _ stop: StoppedPacket) -> Candidate? {
        guard DropReason.selfExplaining.contains(reason), let entry = reason.entry else { return nil }
        let end = stop.walk.stoppedAt
        let place = stop.report.namespace ?? stop.last?.namespace
        var evidence: [Fact] = []
        // What it waits for at a socket can be told with its owner.
        if let socket = stop.socket, let listener = socket.matching.first {
            evidence.append(.state("\(listener.words) in \(socket.namespace.name)"))
        }
        // RFC 8200, 8.1; RFC 6935.
        let isZeroWrong = reason == "UDP_CSUM" && !stop.walk.destination.isIPv4
        let more =
            isZeroWrong ? "; over IPv6 so is a checksum of 0, unless the receiver's socket sets UDP_NO_CHECK6_RX" : ""
        if reason == "XFRM_POLICY", let counter = stop.ipsecCounter { evidence.append(counter.fact) }
        evidence.append(Fact(nil, "to look at: \(entry.lookAt)"))
        return candidate(
            at: Finding.Place(namespace: place, hook: end?.hook, device: end?.device),
            "\(place ?? "the kernel") dropped the packet: \(entry.meaning)\(more) (\(reason))", evidence: evidence,
            // What no namespace that is watched had may be a stranger's.
            isCertain: place != nil, reasons: [reason])
    }

    /// A packet that its own sender got back by another of its devices, which the kernel takes for a forged one.
    func own(_ step: ReceiveStep) -> Candidate {
        let (name, device, source) = (step.namespace.name, step.device, step.packet.source)
        let key = step.namespace.settings.acceptsLocal(device: device)?.key ?? "net.ipv4.conf.\(device).accept_local"
        return candidate(
            at: Finding.Place(namespace: name, device: device),
            "\(name) sent the packet itself, and it came back by \(device): what comes in with an address of \(name)'s own (\(source)) as its source is dropped while \(key) = 0",
            evidence: [.state("\(source) is configured in \(name)"), .state("\(key) = 0 in \(name)")],
            remedy: Remedy([.sysctl(step.namespace, "net.ipv4.conf.DEVICE.accept_local", device: device, "1")]),
            reasons: ["IP_LOCAL_SOURCE", "IP_RPFILTER", "IP_INVALID_SOURCE"])
    }

    /// A packet that a translation sent to an IPsec policy for which there is no security association: the kernel drops it
    /// behind the hook and names netfilter (nf_xfrm_me_harder).
    func ipsec(_ stop: StoppedPacket) -> Candidate? {
        guard stop.report.location == "nf_hook_slow", let counter = stop.ipsecCounter else { return nil }
        let end = stop.walk.stoppedAt
        let place = stop.report.namespace ?? stop.last?.namespace
        return candidate(
            at: Finding.Place(namespace: place, hook: end?.hook, device: end?.device),
            "\(place ?? "the kernel") dropped the packet: an IPsec policy covers it as it is after translation, and \(counter.meaning) (\(counter.name))",
            evidence: [counter.fact, Fact(nil, "to look at: ip xfrm policy; ip xfrm state; /proc/net/xfrm_stat")],
            isCertain: false, reasons: stop.report.reason.map { [$0] } ?? [])
    }
}

extension StoppedPacket {
    /// A counter of IPsec that rose where the packet stopped (Documentation/networking/xfrm_proc.rst).
    fileprivate var ipsecCounter: (name: String, meaning: String, fact: Fact)? {
        let meanings = [
            ("XfrmOutNoStates", "there is no security association for it"),
            ("XfrmOutPolBlock", "it blocks"), ("XfrmInPolBlock", "it blocks"),
            ("XfrmInTmplMismatch", "it asks for encryption that the packet does not have"),
            ("XfrmInNoPols", "no policy allows what was decrypted"),
            ("XfrmInNoStates", "there is no security association for it"),
        ]
        for (name, meaning) in meanings {
            let hit = context.counters.first {
                $0.name == name && $0.delta > 0 && (report.namespace == nil || $0.namespace == report.namespace)
            }
            if let hit {
                return (name, meaning, .kernel("\(name) rose by \(hit.delta) in \(hit.namespace)"))
            }
        }
        return nil
    }

    /// The socket at the end of the path ahead.
    var socket: SocketStep? {
        for case .socket(let step) in findings.path.steps.reversed() { return step }
        return nil
    }
}
