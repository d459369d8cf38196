import Discovery
import Testing

/// Namespaces by whatever way they are known, in a real network.
@Suite("Discovery", .serialized, .enabled(if: SandboxShell.isAvailable), .timeLimit(.minutes(3)))
struct DiscoveryScenarioTests {
    @Test("finds namespaces of processes, of bind mounts elsewhere, and with blanks in their names")
    func everyWay() throws {
        let run = try SandboxShell(
            """
            unshare -n sh -c 'ip link add process0 type dummy 2>/dev/null || ip link add process0 type bridge
                echo up >up; sleep 60' & until_true 50 test -s up
            process=$(readlink /proc/$!/ns/net); process=${process#net:[}; process=${process%]}
            touch "my mount"; unshare --net="/run/my mount" ip link add mounted0 type bridge
            mount=$(stat -L -c %i "my mount")
            ip netns add 'two words'; ip -n 'two words' link add worded0 type bridge
            $P map --format json >map; echo "status=$?"
            for name in "netns:$process process0" "netns:$mount mounted0" "two words worded0" "router veth1"; do
                grep -q "\\"name\\" : \\"${name##* }\\"" map && echo "link ${name##* }"
                grep -q "\\"name\\" : \\"${name% *}\\"" map && echo "namespace found"
            done
            $P explain --from 'two words' 192.0.2.77 >/dev/null; echo "blank=$?"
            $P explain --from "netns:$mount" 192.0.2.77 >/dev/null; echo "mount=$?"
            $P explain --from "/run/my mount" 192.0.2.77 >/dev/null; echo "path=$?"
            """)
        #expect(run["status"] == "0", "\(run.errorText)")
        let lines = run.text.split(separator: "\n")
        for link in ["process0", "mounted0", "worded0", "veth1"] {
            #expect(lines.contains("link \(link)"), "\(run.text)")
        }
        #expect(lines.filter { $0 == "namespace found" }.count == 4, "\(run.text)")
        // Nothing there leads to that address: unsent, as a walk, and no error of ours.
        #expect(run["blank"] == "1" && run["mount"] == "1" && run["path"] == "1", "\(run.text)\(run.errorText)")
    }

    @Test("leaves out a namespace that may not be entered, and says so")
    func closed() throws {
        // A process without its parent's capabilities, beside one in a user namespace above its own.
        let run = try SandboxShell(
            """
            unshare -n sleep 60 & other=$!
            sleep 0.3
            inode=$(readlink /proc/$other/ns/net | tr -dc 0-9)
            unshare -Ur sh -c "$P map -v --format json" >map 2>errors; echo "status=$?"
            grep -q "netns:$inode" map && echo entered=yes
            unshare -Ur sh -c "$P trace --duration 1 icmp" 2>refused; echo "trace=$?"
            cat errors refused >&2
            """)
        #expect(run["status"] == "0", "\(run.errorText)")
        #expect(run["entered"] == nil)
        #expect(run.errorText.contains("enter network namespace"), "\(run.errorText)")
        #expect(run["trace"] == "77", "\(run.errorText)")
        #expect(run.rawControl == nil)
    }

    @Test("a namespace whose name is no text, or text that moves the cursor, is found, named, entered and fixed")
    func strangeNames() throws {
        let run = try SandboxShell(
            """
            for name in "$(printf 'bad\\377utf')" "$(printf 'esc\\033[31m')" "$(printf 'new\\nline')"; do
                ip netns add "$name"
                nsenter --net="/run/netns/$name" ip link set lo up
                nsenter --net="/run/netns/$name" iptables -A OUTPUT -p icmp -j DROP
                "$P" explain --from "$name" --wait 1 --twin none --format json --record run.pcapng 127.0.0.1 >live 2>errors
                echo "found=$(grep -o '"code":"rule-drop"' live | head -n 1)" "$(cat errors)"
                "$P" replay --packets --format json run.pcapng >again; grep -qxFf live again && echo same=yes
                "$P" explain --from "$name" --wait 1 -q 127.0.0.1
                python3 -c 'import json; print(*json.loads(open("live").readline())["findings"][0]["remedy"]["commands"])' >remedy
                cat remedy
                bash -e remedy && "$P" explain --from "$name" --wait 1 -q 127.0.0.1 >/dev/null; echo "fixed=$?"
            done
            "$P" map
            """)
        let lines = run.text.split(separator: "\n")
        #expect(lines.filter { $0 == "found=\"code\":\"rule-drop\" " }.count == 3, "\(run.text)\(run.errorText)")
        #expect(lines.filter { $0 == "same=yes" }.count == 3, "\(run.text)")
        #expect(lines.filter { $0 == "fixed=0" }.count == 3, "\(run.text)\(run.errorText)")
        for name in ["bad\\xffutf", "esc\\u{1b}[31m", "new\\nline"] {
            #expect(run.text.contains(name), "\(name) is not in \(run.text)")
        }
        #expect(run.rawControl == nil)
    }

    @Test("of two hundred namespaces finds them all")
    func many() throws {
        let run = try SandboxShell(
            """
            ip link add mybridge type bridge; ip link set mybridge up; ip addr add 198.51.100.1/24 dev mybridge
            for n in $(seq 200); do
                ip netns add n$n; ip link add v$n type veth peer name eth0 netns n$n
                ip link set v$n up master mybridge; ip -n n$n link set eth0 up
            done
            ip -n n200 addr add 198.51.100.200/24 dev eth0
            began=$(now); $P map --format json >map; echo "took=$(($(now) - began))"
            echo "found=$(grep -o '"name" : "n[0-9]*"' map | sort -u | wc -l)"
            """)
        #expect(run["found"] == "200", "\(run.errorText)")
    }
}
