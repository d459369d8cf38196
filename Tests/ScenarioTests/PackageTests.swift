import Foundation
import LinuxSystem
import Testing

/// What comes with the program in a package: manual pages, completions, Wireshark's interface, the service.
@Suite("The package's parts are in step with the program")
struct PackageTests {
    private static let path = Foundation.ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"

    @Test("docs/man is what scripts/manual.py writes (make docs)")
    func manual() throws {
        let folder = FileManager.default.temporaryDirectory.path() + "/manual-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let run = try Command(["scripts/manual.py", LabRun.program, folder], environment: ["PATH": Self.path]).run()
        #expect(run.status == 0, "\(run.errorText)")
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(pages.contains("packetwalk-trace.8") && pages.contains("packetwalk.8"))
        let kept = try FileManager.default.contentsOfDirectory(atPath: "docs/man").filter { $0.hasSuffix(".8") }
        #expect(kept.sorted() == pages)
        for page in pages {
            let text = String(decoding: try readFile("\(folder)/\(page)"), as: UTF8.self)
            #expect(text == String(decoding: try readFile("docs/man/\(page)"), as: UTF8.self), "\(page)")
            // A request that roff does not know is a slip.
            let requests = Set(text.split(separator: "\n").filter { $0.hasPrefix(".") }.map { $0.prefix { $0 != " " } })
            #expect(
                requests.isSubset(of: [".TH", ".SH", ".SS", ".TP", ".PP", ".br", ".B", ".I", ".BR", ".BI", ".\\\""]))
        }
    }

    @Test(
        "completions know namespaces, labs, causes, files and the command behind --",
        .enabled(if: SandboxShell.isAvailable))
    func completions() throws {
        // The sandbox does not show every folder.
        let script = String(decoding: try readFile("scripts/completions.sh"), as: UTF8.self)
        let run = try SandboxShell(
            """
            ip netns add web; ip netns add db; mkdir /tmp/files; cd /tmp/files; touch one.pcapng two.txt
            cat >/run/completions.sh <<'SCRIPT'
            \(script)
            SCRIPT
            sh /run/completions.sh $P bash >/run/completions
            cat >/run/try <<'TRY'
            . /run/completions
            PATH="/mnt/bin:$PATH"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
            COMP_TYPE=9 COMP_KEY=9
            _packetwalk_whole packetwalk "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" 2>/dev/null
            TRY
            complete() { name=$1; shift; echo "$name=$(bash --norc -c '. /run/try; echo ${COMPREPLY[*]}' x packetwalk "$@")"; }
            complete namespaces explain --from ""
            complete prefix trace --in w
            complete devices explain --from router --device v
            complete labs lab run no-route-
            complete codes help no-source
            complete files replay ""
            complete formats map --format sv
            complete rings record --ring ""
            complete command trace icmp -- basena
            complete words trace icmp -- cat on
            """)
        #expect(run["namespaces"] == "db host router web", "\(run.errorText)")
        #expect(run["prefix"] == "web")
        #expect(run["devices"] == "veth1")
        #expect(run["labs"]?.contains("no-route-ipv6") == true)
        #expect(run["codes"] == "no-source-nat")
        #expect(run["files"] == "one.pcapng")
        #expect(run["formats"] == "svg")
        #expect(run["rings"] == "10x100MB 24x1h")
        #expect(run["command"]?.hasPrefix("basename") == true)
        #expect(run["words"] == "one.pcapng")
    }

    /// fish asks its completions for the word under the cursor: they only work where somebody types.
    @Test(
        "fish offers labs, namespaces and causes too",
        .enabled(if: TmuxShell.isAvailable && (try? Command(["fish", "--version"]).run())?.status == 0))
    func fish() throws {
        let script = String(decoding: try readFile("scripts/completions.sh"), as: UTF8.self)
        let run = try TmuxShell(
            """
            ip netns add web
            cat >completions.sh <<'SCRIPT'
            \(script)
            SCRIPT
            sh completions.sh $P fish >packetwalk.fish
            type "PATH=/mnt/bin:$PATH HOME=/tmp fish --no-config -C 'source /run/packetwalk.fish'" Enter; sleep 3
            # offered WORDS PATTERN: what stands on the screen once Tab was pressed behind the words.
            offered() { t send-keys C-u; t send-keys -l "$1"; sleep 1; t send-keys Tab; shows "$2"; }
            offered 'packetwalk lab run no-route-' 'no-route-host-ipv6' && echo labs=yes
            offered 'packetwalk lab run --fix no-route-' 'no-route-host-ipv6' && echo flag=yes
            offered 'packetwalk explain --from we' 'from web' && echo namespaces=yes
            offered 'packetwalk help no-sour' 'help no-source-nat' && echo codes=yes
            """)
        for key in ["labs", "flag", "namespaces", "codes"] {
            #expect(run[key] == "yes", "\(key): \(run.text)\(run.errorText)")
        }
    }

    @Test("what labs run comes with the package, or with what it recommends")
    func labs() throws {
        let script = String(decoding: try readFile("scripts/deb.sh"), as: UTF8.self)
        let lines = script.split(separator: "\n").filter { $0.hasPrefix("depends=") || $0.hasPrefix("Recommends:") }
        let packages = lines.joined(separator: " ")
        // Of a bare Debian: dash, coreutils, grep, sed, tar, mount, util-linux, perl-base.
        let others = [
            "ip": "iproute2", "bridge": "iproute2", "tc": "iproute2", "iptables": "iptables", "nft": "nftables",
            "ping": "iputils-ping", "sysctl": "procps", "busybox": "busybox", "conntrack": "conntrack",
            "nc": "netcat-openbsd", "python3": "python3", "socat": "socat", "curl": "curl", "ipset": "ipset",
            "ethtool": "ethtool", "wg": "wireguard-tools", "dig": "bind9-dnsutils", "tcpdump": "tcpdump",
            "ipvsadm": "ipvsadm", "arping": "iputils-arping", "dnsmasq": "dnsmasq-base", "iperf3": "iperf3",
        ]
        var found: Set<String> = []
        for lab in try FileManager.default.contentsOfDirectory(atPath: "fixtures/labs") {
            guard let setup = try? readFile("fixtures/labs/\(lab)/setup.sh") else { continue }
            let probe = (try? readFile("fixtures/labs/\(lab)/lab.json")) ?? []
            let text = String(decoding: setup + probe, as: UTF8.self)
            for word in text.split(whereSeparator: { " \n\t|&;()\"'`".contains($0) }) where others[String(word)] != nil
            {
                found.insert(String(word))
            }
        }
        #expect(found.isSuperset(of: ["ip", "busybox", "conntrack", "nc"]))
        for program in found {
            #expect(packages.contains(others[program] ?? program), "\(program): \(packages)")
        }
    }

    @Test("each cause that completions offer has its page")
    func codes() throws {
        let run = try LabRun.packetwalk(["help", "codes"])
        let codes = run.standardOutput.split(separator: "\n").map(String.init)
        #expect(codes.contains("no-source-nat") && codes == codes.sorted() && Set(codes).count == codes.count)
        for code in [codes.first, codes.last].compactMap(\.self) {
            #expect(try LabRun.packetwalk(["help", code]).standardOutput.hasPrefix(code))
        }
    }

    @Test(
        "Wireshark's interface is listed, configured, and writes packets that tshark reads",
        .enabled(if: SandboxShell.isAvailable))
    func extcap() throws {
        let script = String(decoding: try readFile("packaging/extcap-packetwalk"), as: UTF8.self)
        let run = try SandboxShell(
            """
            export PACKETWALK=$P HOME=/tmp TMPDIR=/tmp; ip netns add web; mkfifo /run/fifo
            cat >/run/extcap <<'SCRIPT'
            \(script)
            SCRIPT
            chmod +x /run/extcap
            /run/extcap --extcap-interfaces --extcap-version=4.0
            /run/extcap --extcap-interface=packetwalk --extcap-dlts
            /run/extcap --extcap-interface packetwalk --extcap-config
            timeout 60 tshark -i /run/fifo -c 8 -T fields -e ip.src -e icmp.type -e frame.interface_name >/run/out 2>/run/err & t=$!
            /run/extcap --capture --extcap-interface packetwalk --fifo /run/fifo --extcap-capture-filter 'icmp' --rules none &
            p=$!
            for i in $(seq 60); do
                [ $(wc -l </run/out) -ge 8 ] && break
                ping -c 1 -q -W 1 192.0.2.2 >/dev/null; sleep 0.2
            done
            wait $t; echo "tshark=$?"; cat /run/out; kill -INT $p 2>/dev/null; wait $p
            """)
        #expect(run.text.contains("interface {value=packetwalk}{display=Packetwalk"))
        #expect(run.text.contains("dlt {number=1}{name=EN10MB}"))
        #expect(run.text.contains("{value=web}") && run.text.contains("{value=router}"))
        #expect(run["tshark"] == "0", "\(run.text)\(run.errorText)")
        #expect(run.text.contains("192.0.2.1\t8\thost:veth0"), "\(run.text)")
    }

    @Test("the service's command line is one that the program takes, with the capabilities that it is given")
    func service() throws {
        let unit = String(decoding: try readFile("packaging/packetwalk-record.service"), as: UTF8.self)
        func value(_ key: String) -> String? {
            unit.split(separator: "\n").last { $0.hasPrefix("\(key)=") }.map {
                String($0.dropFirst(key.utf8.count + 1))
            }
        }
        let bounds = try #require(value("CapabilityBoundingSet")).split(separator: " ")
            .map { "+" + $0.dropFirst(4).lowercased() }.joined(separator: ",")
        let start = try #require(value("ExecStart"))
        #expect(start.hasPrefix("/usr/bin/packetwalk record -o ring.pcapng --ring ${PACKETWALK_RING} "))
        guard getuid() == 0 else { return }
        let run = try SandboxShell(
            """
            export PACKETWALK_RING=3x100MB PACKETWALK_OPTIONS='--duration 3' PACKETWALK_FILTER=icmp; mkdir /run/ring; cd /run/ring
            (sleep 1.5; for i in 1 2 3 4; do ping -q -c 1 192.0.2.2 >/dev/null; sleep 0.2; done) &
            setpriv --bounding-set -all,\(bounds) --inh-caps -all $P\(start.dropFirst("/usr/bin/packetwalk".count)) 2>&1
            echo "recorded=$?"; $P replay ring_*.pcapng -q | head -3; ls
            """, privileged: true)
        #expect(run["recorded"] == "0", "\(run.text)")
        #expect(run.text.contains("ring_00001.pcapng") && run.text.contains("192.0.2.2"), "\(run.text)")
    }
}
