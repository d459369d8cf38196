import Glibc
import LinuxSystem
import Testing

/// Recordings of labs, exported, as tshark reads them.
@Suite("An exported recording", .enabled(if: LabRun.isAvailable))
struct ExportTests {
    /// A folder of its own, gone with the test.
    private final class Scratch {
        let path: String

        init() {
            var template = Array("/tmp/packetwalk-export-XXXXXX".utf8CString)
            path = template.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
            }
        }

        deinit {
            for name in ["run.pcapng", "links.pcapng"] { unlink("\(path)/\(name)") }
            rmdir(path)
        }
    }

    private static func record(_ lab: String, in scratch: Scratch) throws -> String {
        let path = scratch.path + "/run.pcapng"
        _ = try Command([LabRun.program, "lab", "run", lab, "--trace", "-q", "--record", path]).run()
        return path
    }

    private static func export(_ arguments: [String]) throws -> LabRun {
        try LabRun.packetwalk(["export"] + arguments)
    }

    /// The fields of each packet that a display filter leaves.
    private static func fields(_ path: String, _ filter: String, _ names: [String]) throws -> [[String]] {
        let output = try Command(
            ["tshark", "-n", "-r", path, "-Y", filter, "-T", "fields", "-E", "separator=|"]
                + names.flatMap { ["-e", $0] }
        ).run()
        #expect(output.status == 0, "\(output.errorText)")
        return output.text.split(separator: "\n").map {
            $0.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The client of each lab, and whom it speaks to, as it sees both.
    @Test(
        "shows each packet of a connection once, both directions with the client's addresses",
        arguments: [
            ("hairpin", "mynamespace:veth1", "172.19.0.2"), ("wan-to-published-port", "wan:wan0", "203.0.113.1"),
        ])
    func connections(lab: String, device: String, client: String) throws {
        let server = "203.0.113.2"
        let scratch = Scratch()
        let recording = try Self.record(lab, in: scratch)
        // Programs that know nothing of places take the copies in the recording itself for packets sent again.
        #expect(try !Self.fields(recording, "tcp.analysis.retransmission", ["frame.number"]).isEmpty)
        let links = scratch.path + "/links.pcapng"
        let run = try Self.export(["--links", "-o", links, recording])
        #expect(run.status == 0, "\(run.standardError)")
        #expect(run.standardError.contains(" packets written"))
        #expect(try Self.fields(links, "tcp.analysis.flags", ["frame.number"]).isEmpty)
        let packets = try Self.fields(
            links, "tcp", ["ip.src", "ip.dst", "tcp.flags.syn", "frame.time_epoch", "frame.interface_name"])
        #expect(Set(packets.map { [$0[0], $0[1]] }) == [[client, server], [server, client]])
        #expect(packets.filter { $0[2] == "1" || $0[2] == "True" }.count == 2)
        // Both directions where the client itself sends and gets them.
        #expect(Set(packets.map { $0[4] }) == [device])
        let times = packets.map { $0[3] }
        #expect(times == times.sorted() && packets.count >= 8)
    }

    @Test("says beside a packet what became of it, and has only the device that was asked for")
    func dropped() throws {
        let scratch = Scratch()
        let recording = try Self.record("rule-drop-nftables", in: scratch)
        let links = scratch.path + "/links.pcapng"
        #expect(try Self.export(["--links", "-o", links, recording]).status == 0)
        let echoes = try Self.fields(links, "icmp.type == 8", ["ip.src", "frame.interface_name", "frame.comment"])
        #expect(!echoes.isEmpty)
        #expect(echoes.allSatisfy { $0[0] == "172.19.0.2" && $0[1] == "mynamespace:veth1" })
        #expect(echoes.allSatisfy { $0[2].hasPrefix("dropped in host") }, "\(echoes)")
        #expect(try Self.export(["--at", "host:veth0", "-o", links, recording]).status == 0)
        let seen = try Self.fields(links, "icmp.type == 8", ["frame.interface_name", "frame.comment"])
        #expect(seen == echoes.map { _ in ["host:veth0", ""] })
    }

    @Test("is refused in one line where it can't be made, and what was there stays")
    func refused() throws {
        let scratch = Scratch()
        let recording = try Self.record("rule-drop-nftables", in: scratch)
        let size = try Command(["stat", "-c", "%s", recording]).run().text
        let out = scratch.path + "/links.pcapng"
        for (arguments, status, words) in [
            (["--links", "-o", recording, recording], Int32(64), "to itself"),
            (["--at", "host:nothing", "-o", out, recording], 64, "nothing was recorded there; there is host:eth0"),
            (["-o", out, recording], 64, "give either --links, or devices by --at"),
            (["--links", "-o", out, "-"], 64, "read twice"),
            (["--links", "-o", out, scratch.path + "/none"], 65, "No such file"),
            (["--links", "-o", scratch.path + "/none/links.pcapng", recording], 74, "No such file"),
        ] {
            let run = try Self.export(arguments)
            #expect(run.status == status && run.standardError.contains(words), "\(run.standardError)")
            #expect(run.standardError.split(separator: "\n").count == 1)
        }
        #expect(access(out, F_OK) != 0)
        #expect(try Command(["stat", "-c", "%s", recording]).run().text == size)
    }
}
