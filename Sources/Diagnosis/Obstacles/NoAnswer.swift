internal import WalkModel

/// The packet arrived, or left for where nothing can be seen, and no reply came, and no cause was found.
struct NoAnswer: Obstacle {
    let code: FindingCode = "no-answer"

    func left(_ last: Hop, unseen: String) -> Finding {
        Finding(
            code: code, severity: .warning, where: Finding.Place(namespace: last.namespace, device: last.device),
            message:
                "the packet left \(last.namespace) by \(last.device ?? "an unknown device")\(last.packet.encapsulation.map { " inside \($0)" } ?? "") and no reply came; the network beyond is not visible from here\(unseen)",
            evidence: [.seen("last at \(last.fullPlace)")])
    }

    /// The reply came back as far as to the router that had translated the request, which took it for its own.
    func taken(by router: String, _ reply: Walk, asker: String) -> Finding {
        Finding(
            code: code, severity: .warning, where: Finding.Place(namespace: router),
            message:
                "the reply \(reply.source) > \(reply.destination) was not translated back in \(router), which took it for its own: \(asker) did not get it; why conntrack did not recognise it is not known",
            evidence: [.seen("the reply was delivered in \(router)")])
    }

    /// - Parameter entry: where it came in, where nothing was watched behind that.
    func arrived(_ last: Hop, by entry: Hop?, unseen: String, checks: [Finding.Check]) -> Finding {
        let arrival =
            if let device = entry?.device {
                "came in by \(device) in \(last.namespace), behind which no hook was watched,"
            } else {
                "arrived in \(last.namespace)"
            }
        return Finding(
            code: code, severity: .warning, where: Finding.Place(namespace: last.namespace),
            message: "the packet \(arrival) and no reply was seen; none of the known causes applies\(unseen)",
            evidence: [.seen("last at \((entry ?? last).fullPlace)")], checks: checks)
    }
}
