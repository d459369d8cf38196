internal import ArgumentParser

/// What of a lab can't be seen, and what else can.
struct SurroundingsOptions: ParsableArguments {
    @Option(
        name: .customLong("hide"), parsing: .singleValue,
        help: ArgumentHelp(
            "Hide this namespace of the lab from the tool, as what lies beyond a real uplink is hidden: it forwards and "
                + "answers as before. Can be repeated.", valueName: "namespace"))
    var hide: [String] = []

    @Flag(
        help: ArgumentHelp(
            "Build unrelated networks beside the lab, which use the same addresses, device names and ports; no link "
                + "leads from it to them."))
    var beside = false

    /// To compare: reads and watches all of the machine, not only what the packet can meet.
    @Flag(help: .hidden)
    var whole = false
}
