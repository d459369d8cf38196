import LinuxSystem
import Testing

/// What the script of `packetwalk twin`, run by a shell alone, rebuilds of a lab: read again, it must equal what was read of
/// the lab, but for the assumptions that are named (`scripts/twins/labs.py`; without a name it compares all labs, and their
/// packets too).
@Suite("The script of a lab's twin") struct RebuiltLabTests {
    private static let scripts =
        String(#filePath.dropLast("/Tests/ScenarioTests/RebuiltLabTests.swift".count)) + "/scripts/twins"

    /// One for each kind of thing that comes back by a way of its own.
    private static let labs = [
        // Namespaces, bridges with ports, addresses and routes of IPv6, rules of both families.
        "two-bridges-ipv6",
        // Tables of iptables-legacy, which have no number.
        "bridge-netfilter-iptables-legacy",
        // A port that somebody disabled: what sets it must come last, and by another program than the rest.
        "bridge-port-blocked-state",
        // A bridge whose MTU is not that of its ports.
        "mtu-exceeded-bridge-port",
        // A tunnel whose MTU is more than what is below it lets one have.
        "mtu-exceeded-tunnel",
        // Devices that stand on one in another namespace.
        "macvlan-isolated",
        // Groups that a bridge knows of, and one that was forgotten.
        "multicast-snooping-ipv6",
        // A group that a program has joined.
        "multicast-snooping-group",
        // An address that was found to be another's.
        "duplicate-address-dad",
        // A filter that drops.
        "tc-drop",
        // All else of tc.
        "traffic-control.sh",
    ]

    @Test("rebuilds a network whose snapshot equals the lab's", .enabled(if: SandboxShell.isAvailable))
    func rebuilds() throws {
        let names = Self.labs.map { $0.hasSuffix(".sh") ? "\(Self.scripts)/\($0)" : $0 }
        let output = try Command(
            ["/usr/bin/python3", "\(Self.scripts)/labs.py", "--rebuilt", LabRun.program] + names
        ).run()
        print(output.text)
        #expect(output.status == 0, "\(output.text) \(output.errorText)")
        #expect(output.text.contains("\(Self.labs.count) labs with their twins: all equal"))
    }
}
