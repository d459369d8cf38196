internal import ArgumentParser
internal import Runs

struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write packets of a recording as a plain capture, for Wireshark and others. Needs no privilege.",
        discussion: """
            A recording holds each packet once for each place that saw it, and programs that know nothing of that take the \
            copies for retransmissions. `packetwalk export --links -o links.pcapng trace.pcapng` writes each packet once, with \
            the addresses that the end which began the connection sees; `--at host:eth0` writes what a capture there holds.
            """)

    @Argument(help: ArgumentHelp("A recording; all files of a rotated recording.", valueName: "file"))
    var files: [String]

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("The file to write; - for standard output.", valueName: "file"))
    var file: String

    @Flag(help: "Each packet once, from the links.")
    var links = false

    @Option(
        name: .customLong("at"),
        help: ArgumentHelp("The packets seen on this device (repeatable).", valueName: "namespace:device"))
    var devices: [String] = []

    func run() throws {
        if links == !devices.isEmpty {
            throw RunError(
                .usage, "cannot export \(files[0]): give either --links, or devices by --at namespace:device")
        }
        let summary = try CaptureExport(files: files).write(to: file, links ? .onePerPacket : .devices(devices))
        complain("\(summary.packetCount) \(summary.packetCount == 1 ? "packet" : "packets") written")
        if summary.unseenCount > 0 {
            complain(
                summary.unseenCount == 1
                    ? "1 packet was seen on no link, and is left out"
                    : "\(summary.unseenCount) packets were seen on no link, and are left out")
        }
        for damage in summary.damage { complain("\(damage)") }
        if !summary.damage.isEmpty { throw ExitCode(ExitStatus.badInput.rawValue) }
    }
}
