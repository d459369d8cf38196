internal import Network
internal import Wire

extension Namespace {
    /// What an address is to the namespace, as `addrtype` and `fib … type` ask.
    func addressType(of address: IPAddress) -> RouteKind {
        if holds(address) { return .local }
        if address.isMulticast { return .multicast }
        if address == IPAddress(ipv4: .max) { return .broadcast }
        if address.isIPv4 {
            for link in links {
                for prefix in link.addresses where prefix.address.isIPv4 && prefix.length < 31 {
                    let hostBits = UInt64(UInt32.max >> UInt32(prefix.length))
                    if prefix.contains(address), address.low & hostBits == hostBits { return .broadcast }
                }
            }
        }
        let best = routes.filter { $0.destination.contains(address) }.max {
            $0.destination.length < $1.destination.length
        }
        if let best, best.kind.isRefusal || best.kind == .local { return best.kind }
        return .unicast
    }
}
