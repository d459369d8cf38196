public import Wire

/// The part of a machine's network that one packet, its answers and the errors it raises can meet.
///
/// ```swift
/// let slice = NetworkGraph(topology).slice(NetworkSlice.Question(from: ["web"], to: destination))
/// slice.namespaces     // ["host", "web"]
/// slice.stubs          // the port of every other container, on the bridge of "host"
/// ```
/// Found by reach (`SliceSearch`): where it is in doubt whether a namespace can be met, it is in.
public struct NetworkSlice: Sendable, Hashable {
    /// A link of the slice whose other end lies in a namespace that is left out. Its own end stays as it is, so that
    /// bridges have the same ports, under the same numbers, and flood to as many; the other end says nothing.
    public struct Stub: Sendable, Hashable {
        /// In the slice.
        public var namespace: String
        public var device: String
        /// Left out.
        public var farNamespace: String
        public var farDevice: String
        /// Whether the far end is up: it decides the carrier of this one.
        public var isUp: Bool
        /// Of the far end, as the next one.
        public var mac: MACAddress?
        public var mtu: UInt32
        /// Whether `farDevice` lies on top of `device` (a macvlan, a VLAN), instead of at the other end of a pair.
        public var isOnTop: Bool

        public init(
            namespace: String, device: String, farNamespace: String, farDevice: String, isUp: Bool = true,
            mac: MACAddress? = nil, mtu: UInt32 = 1500, isOnTop: Bool = false
        ) {
            self.namespace = namespace
            self.device = device
            self.farNamespace = farNamespace
            self.farDevice = farDevice
            self.isUp = isUp
            self.mac = mac
            self.mtu = mtu
            self.isOnTop = isOnTop
        }
    }

    /// What is sent from where.
    public struct Question: Sendable, Hashable {
        /// Names of namespaces: the sender's, and any other that is to be in.
        public var from: [String]
        public var destination: IPAddress
        /// Where answers go, besides the addresses of the sender's namespace.
        public var source: IPAddress?
        public var traffic: Traffic
        /// Addresses besides that the packet may be sent on to, as entries of conntrack translate it.
        public var translations: [IPAddress] = []

        public init(
            from: [String], to destination: IPAddress, source: IPAddress? = nil, traffic: Traffic = Traffic()
        ) {
            self.from = from
            self.destination = destination
            self.source = source
            self.traffic = traffic
        }
    }

    /// What kind of packet it is, as far as rules that translate ask for it.
    public struct Traffic: Sendable, Hashable {
        /// Nil for any.
        public var ipProtocol: IPProtocol?
        /// The ports that it may be sent to, translations included; nil for any.
        public var destinationPorts: Set<UInt16>?

        public init(ipProtocol: IPProtocol? = nil, destinationPort: UInt16? = nil) {
            self.ipProtocol = ipProtocol
            destinationPorts = destinationPort.map { [$0] }
        }
    }

    /// What a rule may translate a packet's addresses to.
    public struct Translation: Sendable, Hashable {
        public var addresses: ClosedRange<IPAddress>
        /// Nil where the port stays, or where there is none.
        public var ports: ClosedRange<UInt16>?

        public init(_ addresses: ClosedRange<IPAddress>, ports: ClosedRange<UInt16>? = nil) {
            self.addresses = addresses
            self.ports = ports
        }
    }

    /// Names, in the topology's order.
    public var namespaces: [String]
    public var stubs: [Stub]
    /// Where packets of the slice may be sent; nil where that is not known.
    public var reach: Reach?

    public init(namespaces: [String], stubs: [Stub] = [], reach: Reach? = nil) {
        self.namespaces = namespaces
        self.stubs = stubs
        self.reach = reach
    }

    public func contains(_ namespace: String) -> Bool { namespaces.contains(namespace) }
}

extension NetworkGraph {
    /// The part of the network that a packet can meet; all of it where the sender's namespace is not known.
    ///
    /// - Parameter translations: what the rules of a namespace of the slice may translate such packets to; called again
    ///   for a namespace when more is known to reach it. Without, no rule translates.
    public func slice(
        _ question: NetworkSlice.Question,
        translations: (Namespace, NetworkSlice.Reach) -> [NetworkSlice.Translation] = { _, _ in [] }
    ) -> NetworkSlice {
        var search = SliceSearch(self, question)
        search.run(translations)
        return search.slice
    }
}
