public import Wire

/// What a field of the packet was at the hop before and is at this one.
public enum FieldChange: Sendable, Hashable {
    public enum Field: String, Sendable, CaseIterable {
        case source
        case destination
        case sourcePort = "source_port"
        case destinationPort = "destination_port"
        case ttl
        case macSource = "mac_source"
        case macDestination = "mac_destination"
        case length
        case mark
        case dscp
        case segments
        case encapsulation

        /// Whether NAT changes it.
        public var isTranslated: Bool { isOfSource || isOfDestination }
        public var isOfSource: Bool { self == .source || self == .sourcePort }
        public var isOfDestination: Bool { self == .destination || self == .destinationPort }
    }

    case source(from: IPAddress, to: IPAddress)
    case destination(from: IPAddress, to: IPAddress)
    case sourcePort(from: UInt16?, to: UInt16?)
    case destinationPort(from: UInt16?, to: UInt16?)
    case ttl(from: UInt8?, to: UInt8?)
    case macSource(from: MACAddress, to: MACAddress)
    case macDestination(from: MACAddress, to: MACAddress)
    /// Bytes of the IP packet.
    case length(from: UInt32, to: UInt32)
    case mark(from: UInt32, to: UInt32)
    case dscp(from: UInt8?, to: UInt8?)
    /// How many packets carry it: segments of a TCP stream, or fragments.
    case segments(from: Int, to: Int)
    /// Nil outside of any tunnel.
    case encapsulation(from: Encapsulation?, to: Encapsulation?)

    public var field: Field {
        switch self {
        case .source: .source
        case .destination: .destination
        case .sourcePort: .sourcePort
        case .destinationPort: .destinationPort
        case .ttl: .ttl
        case .macSource: .macSource
        case .macDestination: .macDestination
        case .length: .length
        case .mark: .mark
        case .dscp: .dscp
        case .segments: .segments
        case .encapsulation: .encapsulation
        }
    }

    /// Both values as text; nil where there was no such field.
    public var texts: (from: String?, to: String?) {
        switch self {
        case .source(let from, let to), .destination(let from, let to): (from.description, to.description)
        case .sourcePort(let from, let to), .destinationPort(let from, let to):
            (from?.description, to?.description)
        case .ttl(let from, let to), .dscp(let from, let to): (from?.description, to?.description)
        case .macSource(let from, let to), .macDestination(let from, let to): (from.description, to.description)
        case .length(let from, let to), .mark(let from, let to): (from.description, to.description)
        case .segments(let from, let to): (from.description, to.description)
        case .encapsulation(let from, let to): (from?.description, to?.description)
        }
    }
}

extension Sequence<FieldChange> {
    public func contains(_ field: FieldChange.Field) -> Bool { contains { $0.field == field } }

    /// Whether an address or a port was translated.
    public var translates: Bool { contains { $0.field.isTranslated } }
}
