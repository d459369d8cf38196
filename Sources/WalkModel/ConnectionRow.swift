internal import Wire

/// A connection as it stands now, open or ended, with how much passes in it.
public struct ConnectionRow: Sendable, Hashable {
    /// Of the connection among all of the run: it stays the same.
    public var number: UInt64
    public var connection: Connection
    public var isOpen: Bool
    /// Of both directions over the last seconds; 0 once it has ended.
    public var bytesPerSecond: UInt64
    public var packetsPerSecond: UInt64

    public init(
        number: UInt64, connection: Connection, isOpen: Bool, bytesPerSecond: UInt64 = 0, packetsPerSecond: UInt64 = 0
    ) {
        self.number = number
        self.connection = connection
        self.isOpen = isOpen
        self.bytesPerSecond = bytesPerSecond
        self.packetsPerSecond = packetsPerSecond
    }
}

/// A cause over all connections of a run so far.
public struct CauseSum: Sendable, Hashable {
    /// How many of those concerned are named.
    public static let nameLimit = 8

    /// Nil where no cause was found: then `message` says how and where the packets ended.
    public var code: FindingCode?
    public var severity: Finding.Severity
    /// Of the first packet.
    public var message: String
    /// Packets with it.
    public var packets: UInt64
    public var connections: UInt64
    /// Namespaces or addresses of the clients, the first `nameLimit`.
    public var clients: [String]
    /// When the last packet with it was sent, in nanoseconds since 1970.
    public var lastNanoseconds: Int64

    public init(
        code: FindingCode?, severity: Finding.Severity, message: String, packets: UInt64 = 0, connections: UInt64 = 0,
        clients: [String] = [], lastNanoseconds: Int64 = .min
    ) {
        self.code = code
        self.severity = severity
        self.message = message
        self.packets = packets
        self.connections = connections
        self.clients = clients
        self.lastNanoseconds = lastNanoseconds
    }

    /// Of one connection.
    public init(_ fault: Connection.Fault, of connection: Connection) {
        self.init(
            code: fault.finding?.code, severity: fault.severity, message: fault.message, packets: fault.count,
            connections: 1, clients: [connection.client.namespace ?? connection.client.address.description],
            lastNanoseconds: fault.lastNanoseconds)
    }

    /// Takes what another part of the run has of the same cause.
    public mutating func add(_ other: CauseSum) {
        packets += other.packets
        connections += other.connections
        for client in other.clients where clients.count < Self.nameLimit && !clients.contains(client) {
            clients.append(client)
        }
        lastNanoseconds = max(lastNanoseconds, other.lastNanoseconds)
    }
}
