/// A file to read, and where it was captured: `host:veth0=a.pcap` as text, or a file alone.
public struct CapturePoint: Sendable, Hashable {
    public var path: String
    /// Nil where the file itself says, or nobody does.
    public var namespace: String?
    public var device: String?

    public init(path: String, namespace: String? = nil, device: String? = nil) {
        self.path = path
        self.namespace = namespace
        self.device = device
    }

    /// `NAMESPACE:DEVICE=FILE` or `NAMESPACE=FILE`; nil for any other text.
    public init?(_ description: String) {
        guard let equals = description.firstIndex(of: "=") else { return nil }
        let place = description[..<equals]
        path = String(description[description.index(after: equals)...])
        guard !place.isEmpty, !path.isEmpty else { return nil }
        if let colon = place.lastIndex(of: ":") {
            namespace = String(place[..<colon])
            device = String(place[place.index(after: colon)...])
            guard namespace?.isEmpty == false, device?.isEmpty == false else { return nil }
        } else {
            namespace = String(place)
        }
    }
}
