import Glibc
import LinuxSystem
import Testing
import Twin

/// A shell script in a sandbox of its own, with the command in `$P`.
///
/// The sandbox has user, network, mount, PID and IPC namespaces; whatever the script leaves running ends with it. `/run`
/// and `/tmp` are empty, the program stands as if installed under `/mnt`. `host` (the script's own namespace) reaches `router` over veth0 and veth1: 192.0.2.1 and
/// 192.0.2.2.
struct SandboxShell {
    var status: Int32
    var text: String
    var errorText: String

    /// - Parameters:
    ///   - privileged: root's own user namespace, which only a test that runs as root can give.
    ///   - input: what the script may read from its standard input.
    init(_ script: String, privileged: Bool = false, input: String = "") throws {
        let kinds = privileged ? "-nmpi" : "-Urnmpi"
        let output = try Command(
            ["unshare", kinds, "--fork", "--mount-proc", "--kill-child", "sh", "-c", Self.prelude + script],
            environment: ["PROGRAM": LabRun.program, "LABS": (try? LabLibrary.find())?.directory ?? "/none"]
        ).run(input: Array(input.utf8))
        status = output.status
        text = output.text
        errorText = output.errorText
    }

    /// The value of the line `key=value` that the script printed last.
    subscript(key: String) -> String? {
        text.split(separator: "\n").last { $0.hasPrefix("\(key)=") }.map { String($0.dropFirst(key.utf8.count + 1)) }
    }

    /// What the script printed, without what no terminal should be sent: nil where there is nothing of it.
    var rawControl: Character? {
        (text + errorText).first { character in
            character.unicodeScalars.contains { scalar in
                scalar.value < 0x20 && scalar != "\n" || (0x7f...0x9f).contains(scalar.value)
                    || (0x202a...0x202e).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
            }
        }
    }

    /// Whether such sandboxes can be made here.
    static let isAvailable = LabRun.isAvailable && (try? SandboxShell("true"))?.status == 0

    private static let prelude = """
        mount --make-rprivate /
        mount -t tmpfs none /run && mkdir /run/netns || exit 90
        mount -t tmpfs none /mnt && mkdir -p /mnt/bin /mnt/share/packetwalk/labs && touch /mnt/bin/packetwalk || exit 91
        mount --bind "$PROGRAM" /mnt/bin/packetwalk && mount --bind "$LABS" /mnt/share/packetwalk/labs || exit 93
        unset PROGRAM LABS
        mount -t tmpfs none /tmp || exit 92
        export XTABLES_LOCKFILE=/run/xtables.lock PATH="$PATH:/usr/sbin:/sbin" NO_COLOR=1 P=/mnt/bin/packetwalk
        cd /run
        ip link set lo up
        ip netns add router
        ip link add veth0 type veth peer name veth1 netns router
        ip link set veth0 up; ip addr add 192.0.2.1/24 dev veth0
        ip -n router link set lo up
        ip -n router link set veth1 up; ip -n router addr add 192.0.2.2/24 dev veth1
        # until TENTHS COMMAND: waits for it to succeed, for so many tenths of a second.
        until_true() {
            tenths=$1; shift
            while ! "$@" >/dev/null 2>&1; do
                tenths=$((tenths - 1)); [ $tenths -gt 0 ] || return 1
                sleep 0.1
            done
        }
        # milliseconds since the machine's start
        now() { awk '{ printf "%d", $1 * 1000 }' /proc/uptime; }
        # armed FILE: waits until the trace that prints walks to FILE shows one, pinging for it.
        armed() { until_true 300 sh -c "ping -c 1 -W 1 192.0.2.2 >/dev/null; sleep 0.4; [ -s $1 ]"; }

        """
}
