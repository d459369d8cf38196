internal import ArgumentParser

/// What to watch, with what, and for how long; the same in every command that has them.
struct WatchOptions: ParsableArguments {
    @Option(
        name: .customLong("in"),
        help: ArgumentHelp(
            "Watch only this namespace (repeatable): an ip netns name, a container, pid:N, netns:INODE or a path.",
            valueName: "namespace"))
    var namespaces: [String] = []

    @Option(help: "Which netfilter hooks to lay: auto, nftables, iptables or none.")
    var hooks: HookChoice = .auto

    @Option(help: ArgumentHelp("End after this many walks.", valueName: "walks"))
    var count: Int?

    @Option(help: ArgumentHelp("End after this many seconds.", valueName: "seconds"))
    var duration: Double?

    var settings: WatchSettings {
        WatchSettings(namespaces: namespaces, hooks: hooks, count: count, duration: duration)
    }

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1, not \(count)") }
        if let duration, !(duration > 0 && duration < 1e9) {
            throw ValidationError("--duration must be a number of seconds above 0, not \(duration)")
        }
    }
}

enum HookChoice: String, ExpressibleByArgument, CaseIterable {
    case auto
    case nftables
    case iptables
    case none
}

/// `WatchOptions` as a value, for runs that no command line describes.
struct WatchSettings {
    var namespaces: [String] = []
    var hooks: HookChoice = .auto
    var count: Int?
    var duration: Double?
}
