internal import ArgumentParser

/// What of a lab can't be seen.
struct HidingOptions: ParsableArguments {
    @Option(
        name: .customLong("hide"), parsing: .singleValue,
        help: ArgumentHelp(
            "Hide this namespace of the lab from the tool, as what lies beyond a real uplink is hidden: it forwards and "
                + "answers as before. Can be repeated.", valueName: "namespace"))
    var hide: [String] = []
}
