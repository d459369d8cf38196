import Glibc
import LinuxSystem
import Network
import Observations
import Testing
import Twin
import WalkModel

/// A script in the host of a lab, with the command in `$P` and an empty folder in `$D` that everybody may write to.
private struct LabShell {
    var text: String
    var errorText: String

    init(_ lab: String, hiding: [String] = [], _ script: String) throws {
        let prelude = """
            export P=\(LabRun.program) D=/run/test NO_COLOR=1
            mkdir -m 777 $D

            """
        let output = try Command(
            [LabRun.program, "lab", "shell", lab] + hiding.flatMap { ["--hide", $0] }
        ).run(input: Array((prelude + script).utf8))
        text = output.text
        errorText = output.errorText
    }

    var walks: [Walk] {
        get throws { try text.split(separator: "\n").filter { $0.hasPrefix("{\"answers") }.map { try LabRun.walk($0) } }
    }

    /// The value of the line `key=value` that the script printed last.
    subscript(key: String) -> String? {
        text.split(separator: "\n").last { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.utf8.count + 1)) }
    }
}

@Suite("A prediction", .enabled(if: SandboxShell.isAvailable))
struct PredictTests {
    /// Of this machine's network, and of a snapshot by an ordinary user who sees nothing of it.
    @Test(
        "is what happens: live, and from a file as an ordinary user",
        arguments: [
            ("namespace-to-wan", Walk.Outcome.delivered, nil as FindingCode?),
            ("rule-drop-nftables", .dropped, "rule-drop"),
            ("bridge-port-blocked-isolated", .unsent, "bridge-port-blocked"),
        ])
    func labs(lab: String, outcome: Walk.Outcome, code: FindingCode?) throws {
        let probe = try LabPacket(lab)
        let shell = try LabShell(
            lab,
            """
            "$P" predict --from \(probe.from) \(probe.packet) --format json; echo live=$?
            "$P" snapshot -o $D/s.json && chmod 644 $D/s.json
            cd / && unshare -n setpriv --reuid 65534 --regid 65534 --clear-groups "$P" predict --snapshot $D/s.json \
            --from \(probe.from) \(probe.packet) --format json; echo file=$?
            """)
        let requests = try shell.walks.filter { $0.answers == nil }
        try #require(requests.count == 2, "\(shell.text)\n\(shell.errorText)")
        let status = outcome == .delivered ? "0" : "1"
        #expect(shell["live"] == status)
        #expect(shell["file"] == status)
        for walk in requests {
            #expect(walk.outcome == outcome)
            #expect(walk.findings.first?.code == code)
            #expect(walk.prediction != nil)
            #expect(walk.hops.allSatisfy { $0.evidence.contains(.predicted) })
        }
    }

    /// The lab's own packet, as `explain` takes it.
    private struct LabPacket {
        var from: String
        var packet: String
        init(_ name: String) throws {
            let lab = try LabLibrary.find().lab(named: name)
            from = lab.probe.from
            packet = (lab.probe.explain ?? []).joined(separator: " ")
        }
    }

    @Test("says what lies beyond the uplink by assumption alone")
    func outside() throws {
        let shell = try LabShell(
            "namespace-to-wan", hiding: ["wan"],
            "\"$P\" predict --from mynamespace 198.51.100.1 --format json; echo status=$?\n")
        let walk = try #require(try shell.walks.first, "\(shell.errorText)")
        #expect(walk.outcome == .left)
        #expect(shell["status"] == "0")
        #expect(walk.prediction?.assumptions.map(\.code) == ["outside-answers"])
        #expect(walk.prediction?.assumptions.first?.namespace == "host")
    }

    @Test("rehearses a change: one that mends, one that breaks, and one that fails")
    func changes() throws {
        let shell = try LabShell(
            "rule-drop-nftables",
            """
            echo 'delete table inet guard' > $D/mend.nft
            printf 'true\\nip link set nosuch up\\n' > $D/fail.sh
            before() { nft list ruleset; ip -d link; ip addr; ip route; ip rule; sysctl -a 2>/dev/null | grep -v random; }
            before > $D/1
            "$P" predict --from mynamespace 198.51.100.1 --apply $D/mend.nft -q; echo mended=$?
            "$P" predict --from mynamespace 198.51.100.1 --apply $D/fail.sh; echo failed=$?
            "$P" predict --from mynamespace 198.51.100.1 -q; echo dropped=$?
            "$P" predict --from mynamespace 198.51.100.1 --permit-all -q; echo permitted=$?
            before > $D/2
            cmp $D/1 $D/2 && echo untouched=yes
            """)
        #expect(shell["mended"] == "0", "\(shell.text)\n\(shell.errorText)")
        #expect(shell["failed"] == "65")
        #expect(shell.errorText.contains("fail.sh"))
        #expect(shell.errorText.contains("line 2: “ip link set nosuch up” failed"))
        #expect(shell["dropped"] == "1")
        #expect(shell["permitted"] == "0")
        #expect(shell["untouched"] == "yes")
    }

    @Test("compared with what is observed is the same")
    func comparison() throws {
        let shell = try LabShell(
            "rule-drop-nftables",
            """
            "$P" explain --from mynamespace 198.51.100.1 --compare; echo status=$?
            "$P" explain --from mynamespace 198.51.100.1 --compare --format json
            """)
        #expect(shell["status"] == "1", "\(shell.errorText)")
        #expect(shell.text.contains("compared with the twin: the same, "), "\(shell.text)")
        #expect(shell.text.contains("\"schema\":\"packetwalk.comparison/1\""))
        #expect(shell.text.contains("\"same\":true"))
        #expect(try shell.walks.compactMap(\.prediction).count == 1)
    }

    @Test("leaves nothing when it is killed")
    func killed() throws {
        let mark = "97\(Int.random(in: 1_000...9_999))"
        let shell = try SandboxShell(
            """
            mkdir -m 777 /run/test; cd /run/test
            echo 'sleep \(mark)' > slow.sh
            $P predict --from host 192.0.2.2 --apply slow.sh & tool=$!
            until_true 300 pgrep -fx 'sleep \(mark)' || echo never=started
            kill -9 $tool; wait $tool
            until_true 50 sh -c '! pgrep -fx "sleep \(mark)"' && echo left=nothing
            """, privileged: true)
        #expect(shell["never"] == nil, "\(shell.errorText)")
        #expect(shell["left"] == "nothing", "\(shell.text) \(shell.errorText)")
    }
}

@Suite("A file of expectations", .enabled(if: SandboxShell.isAvailable))
struct CheckTests {
    @Test("passes and fails in the twin of this machine, of a snapshot, and with a change")
    func check() throws {
        let shell = try LabShell(
            "namespace-to-wan",
            """
            cat > $D/good <<'END'
            mynamespace reaches 198.51.100.1     # by NAT
            mynamespace reaches wan icmp
            mynamespace does not reach wan:81
            wan does not reach mynamespace:22
            END
            echo 'iptables -I FORWARD -d 198.51.100.1 -j DROP' > $D/drop.sh
            echo 'mynamespace reach wan' > $D/bad
            printf '\\nnobody reaches wan' > $D/unknown
            "$P" check $D/good; echo good=$?
            "$P" snapshot -o $D/s.json
            "$P" check $D/good --snapshot $D/s.json --apply $D/drop.sh; echo dropped=$?
            "$P" check $D/good --apply $D/drop.sh --format json | grep -c '"holds":true'
            "$P" check $D/good --tap | head -3
            "$P" check $D/bad; echo bad=$?
            "$P" check $D/unknown; echo unknown=$?
            "$P" check $D/none; echo none=$?
            """)
        #expect(shell["good"] == "0", "\(shell.text)\n\(shell.errorText)")
        #expect(shell.text.contains("4 expectations, all hold"))
        #expect(shell["dropped"] == "1")
        #expect(shell.text.contains("FAILED  mynamespace reaches 198.51.100.1"))
        #expect(shell.text.contains("dropped by iptables filter FORWARD 1 in host (line 1)"))
        #expect(shell.text.contains("4 expectations, 2 failed"))
        #expect(shell.text.contains("\n2\n"))
        #expect(shell.text.contains("TAP version 13\n1..4\nok 1 - mynamespace reaches 198.51.100.1\n"))
        #expect(shell["bad"] == "65")
        #expect(shell.errorText.contains("line 1:"))
        #expect(shell["unknown"] == "65")
        #expect(shell.errorText.contains("line 2: no namespace “nobody”"))
        #expect(shell["none"] == "65")
    }
}
