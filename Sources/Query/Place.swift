internal import Observations
internal import Network
internal import WalkModel

/// A place by name: `eth0`, `host:eth0`, `postrouting`, `host:postrouting/srcnat`, or a namespace.
struct Place: Sendable, Equatable {
    /// Nil for any namespace.
    var namespace: String?
    /// A namespace, a device or a hook, where `namespace` is nil; else a device or a hook.
    var name: String
    var stage: NetfilterStage?

    init(_ text: String) {
        var rest = text[...]
        // Namespaces without a name are called `netns:INODE`.
        if let colon = rest.lastIndex(of: ":"), !(rest.hasPrefix("netns:") && rest[..<colon] == "netns") {
            namespace = String(rest[..<colon])
            rest = rest[rest.index(after: colon)...]
        }
        if let slash = rest.lastIndex(of: "/"),
            let stage = NetfilterStage(rawValue: String(rest[rest.index(after: slash)...]))
        {
            self.stage = stage
            rest = rest[..<slash]
        }
        name = String(rest)
    }

    func holds(namespace: String?, device: String?, hook: NetfilterHook?, stage: NetfilterStage?) -> Bool {
        if let wanted = self.namespace, wanted != namespace { return false }
        if let wanted = self.stage, wanted != stage { return false }
        return device == name || hook?.rawValue == name
            || self.namespace == nil && self.stage == nil && namespace == name
    }

    func holds(_ hop: Hop) -> Bool {
        holds(namespace: hop.namespace, device: hop.device, hook: hop.hook, stage: hop.stage)
    }

    func holds(_ stop: Stop) -> Bool {
        holds(namespace: stop.namespace, device: stop.device, hook: stop.hook, stage: stop.stage)
    }
}
