internal import Network
internal import Wire

extension ConntrackEntry {
    var json: JSONTree {
        JSONTree(members: [
            "protocol": .string(ipProtocol.description), "original": original.json, "reply": reply.json,
            "state": state.map { .string($0) }, "status": .texts(status), "timeout": timeout.map { .number($0) },
            "mark": mark == 0 ? nil : .number(mark), "zone": zone == 0 ? nil : .number(zone),
        ])
    }

    init(_ field: SnapshotField) throws(UnreadableSnapshot) {
        guard let number = IPProtocol(try field["protocol"].text()) else { throw field["protocol"].failure("protocol") }
        self.init(
            ipProtocol: number, original: try Tuple(field["original"]), reply: try Tuple(field["reply"]),
            state: try field["state"].textIfPresent(), status: try field["status"].texts(),
            timeout: try field["timeout"].numberIfPresent(), mark: try field["mark"].numberIfPresent() ?? 0,
            zone: try field["zone"].numberIfPresent() ?? 0)
    }
}

extension ConntrackEntry.Tuple {
    var json: JSONTree {
        JSONTree(members: [
            "source": .string(source.description), "destination": .string(destination.description),
            "source_port": sourcePort.map { .number($0) }, "destination_port": destinationPort.map { .number($0) },
            "icmp_type": icmpType.map { .number($0) }, "icmp_code": icmpCode.map { .number($0) },
        ])
    }

    init(_ field: SnapshotField) throws(UnreadableSnapshot) {
        self.init(
            source: try field["source"].address(), destination: try field["destination"].address(),
            sourcePort: try field["source_port"].numberIfPresent(),
            destinationPort: try field["destination_port"].numberIfPresent())
        icmpType = try field["icmp_type"].numberIfPresent()
        icmpCode = try field["icmp_code"].numberIfPresent()
    }
}
