internal import Observations
internal import Network
internal import WalkModel

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
        if reason == "XFRM_POLICY", let counter = stop.ipsecCounter { evidence.append(counter.fact) }
        evidence.append(Fact(nil, "to look at: \(entry.lookAt)"))
        return candidate(
            at: Finding.Place(namespace: place, hook: end?.hook, device: end?.device),
            "\(place ?? "the kernel") dropped the packet: \(entry.meaning) (\(reason))", evidence: evidence,
            // What no namespace that is watched had may be a stranger's.
            isCertain: place != nil, reasons: [reason])
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
