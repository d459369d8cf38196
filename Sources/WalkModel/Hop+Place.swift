internal import Network
internal import Observations

/// Where something was seen, in words.
extension Hop {
    /// Within its namespace: `veth0 in`, `postrouting`, `route`, `sent`.
    public var place: String {
        Self.place(device: device, vantage: vantage, direction: direction, hook: hook)
    }

    /// `host mybridge in`, `host forward, filter`.
    public var fullPlace: String {
        var parts = [namespace]
        if vantage == .netfilter, let hook {
            parts.append(hook.rawValue + (stage.map { ", \($0.rawValue)" } ?? ""))
        } else {
            if let device { parts.append(device) }
            if vantage == .socket { parts.append("socket") }
            if let direction { parts.append(direction.rawValue) }
        }
        return parts.joined(separator: " ")
    }

    fileprivate static func place(
        device: String?, vantage: VantagePoint.Kind?, direction: VantagePoint.Direction? = nil, hook: NetfilterHook?
    ) -> String {
        switch vantage {
        case .link: [device ?? "a device", direction?.rawValue].compactMap(\.self).joined(separator: " ")
        case .netfilter: hook?.rawValue ?? "netfilter"
        case .route: "route"
        case .socket: direction == .in ? "received" : "sent"
        case .drop: hook?.rawValue ?? device ?? "dropped"
        case nil: hook?.rawValue ?? device ?? ""
        }
    }
}

extension Stop {
    /// Within its namespace; empty where that is not known.
    public var place: String { Hop.place(device: device, vantage: vantage, hook: hook) }

    /// `host forward`, as far as it is known.
    public var fullPlace: String {
        [namespace, place.isEmpty || vantage == .socket ? nil : place].compactMap(\.self).joined(separator: " ")
    }
}

extension Finding.Place {
    /// `host forward eth0`, as far as it is known.
    public var text: String { [namespace, hook?.rawValue, device].compactMap(\.self).joined(separator: " ") }
}
