internal import WalkModel
import Observations
import Network
import Wire

/// Walks of which a drop, a rule or a send failure alone is known.
extension WalkBuilder {
    mutating func unseenWalk() -> Walk {
        let extra = batch.extra(of: record)
        let tuple: FlowTuple
        let headers = extra.onlyDrop?.headers ?? extra.rules.last?.headers
        if let failure = extra.failure {
            tuple = failure.tuple
        } else if let headers {
            tuple = headers.tuple
        } else {
            tuple = FlowTuple(
                source: IPAddress(ipv4: 0), destination: IPAddress(ipv4: 0), sourcePort: 0, destinationPort: 0,
                ipProtocol: IPProtocol(rawValue: 0))
        }
        let hasPorts = tuple.ipProtocol.hasPorts
        let stop = record.stop >= 0 ? batch.stops[record.stop] : nil
        let packet = Hop.Packet(
            source: tuple.source, destination: tuple.destination,
            sourcePort: hasPorts ? tuple.sourcePort : nil, destinationPort: hasPorts ? tuple.destinationPort : nil,
            ttl: headers?.ttl, length: headers?.length ?? 0)
        let namespace = stop?.namespace ?? ""
        var hops: [Hop] = []
        let isLocal =
            places.map { places in
                let area = places.area(named: namespace)
                return area >= 0 && places.holds(tuple.source, in: area)
            } ?? false
        if extra.failure != nil || isLocal {
            hops.append(
                Hop(
                    index: 0, host: host, namespace: namespace, vantage: .socket, direction: .out,
                    evidence: [extra.failure == nil ? .state : .kernel], packet: packet))
        }
        if extra.failure == nil {
            hops.append(
                Hop(
                    index: hops.count, parent: hops.isEmpty ? nil : 0, host: host, namespace: namespace,
                    device: stop?.device,
                    vantage: .drop, hook: stop?.hook, stage: stop?.stage,
                    evidence: [stop?.rule == nil ? .kernel : .rule], packet: packet,
                    rules: stop?.rule.map { [$0] } ?? []))
        }
        return Walk(
            id: record.identifier.description, host: host, kind: .unseen(tuple.ipProtocol), source: tuple.source,
            destination: tuple.destination, sourcePort: packet.sourcePort, destinationPort: packet.destinationPort,
            startNanoseconds: record.startNanoseconds, outcome: record.outcome, hops: hops, stoppedAt: stop)
    }
}
