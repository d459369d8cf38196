/// How many sockets a namespace has (`/proc/net/sockstat`, `sockstat6`).
public struct SocketUse: Sendable, Codable, Hashable {
    /// TCP sockets that are bound or connected, of both families.
    public var tcp: Int
    /// TCP connections in TIME_WAIT: they hold their ports as well.
    public var timeWait: Int
    /// UDP sockets that are bound, of both families.
    public var udp: Int

    public init(tcp: Int, timeWait: Int, udp: Int) {
        self.tcp = tcp
        self.timeWait = timeWait
        self.udp = udp
    }

    enum CodingKeys: String, CodingKey {
        case tcp, udp
        case timeWait = "time_wait"
    }

    /// From the text of those files, one behind the other; nil where neither speaks of TCP or UDP.
    public init?(parsing text: String) {
        self.init(tcp: 0, timeWait: 0, udp: 0)
        var isFound = false
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let name = words.first else { continue }
            var values: [Substring: Int] = [:]
            for index in stride(from: 1, to: words.count - 1, by: 2) { values[words[index]] = Int(words[index + 1]) }
            switch name {
            case "TCP:", "TCP6:":
                tcp += values["inuse"] ?? 0
                timeWait += values["tw"] ?? 0
                isFound = true
            case "UDP:", "UDP6:":
                udp += values["inuse"] ?? 0
                isFound = true
            default: continue
            }
        }
        if !isFound { return nil }
    }
}
