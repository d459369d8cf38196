internal import Observations
internal import Network
internal import WalkModel

/// A place by name: `eth0`, `host:eth0`, `postrouting`, `host:postrouting/srcnat`, or a namespace.
struct Place: Sendable, Equatable {
    /// The one that it is in; where none was given, what the place is called, since that may be a namespace.
    var namespace: NamespaceName
    /// A device or a hook; a namespace too where none was given.
    var name: String
    private var isAnywhere = true
    var stage: NetfilterStage?

    init(_ text: String) {
        var rest = text[...]
        // Namespaces without a name are called `netns:INODE`.
        if let colon = rest.lastIndex(of: ":"), !(rest.hasPrefix("netns:") && rest[..<colon] == "netns") {
            namespace = NamespaceName(String(rest[..<colon]))
            rest = rest[rest.index(after: colon)...]
            isAnywhere = false
        } else {
            namespace = NamespaceName(text)
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
        let isIn = self.namespace.holds(namespace)
        if !isAnywhere, !isIn { return false }
        if let wanted = self.stage, wanted != stage { return false }
        return device == name || hook?.rawValue == name || isAnywhere && self.stage == nil && isIn
    }

    func holds(_ hop: Hop) -> Bool {
        holds(namespace: hop.namespace, device: hop.device, hook: hop.hook, stage: hop.stage)
    }

    func holds(_ stop: Stop) -> Bool {
        holds(namespace: stop.namespace, device: stop.device, hook: stop.hook, stage: stop.stage)
    }
}
