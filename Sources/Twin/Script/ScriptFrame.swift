/// What stands around the sections of a script: how it is run, its sandbox, what it needs, and what runs in it at the end.
enum ScriptFrame {
    /// Debian's package of each program that a script may run.
    private static let packages = [
        "ip": "iproute2", "bridge": "iproute2", "tc": "iproute2", "sysctl": "procps", "nsenter": "util-linux",
        "unshare": "util-linux", "nft": "nftables", "ipset": "ipset", "conntrack": "conntrack",
        "iptables-nft-restore": "iptables", "ip6tables-nft-restore": "iptables", "iptables-legacy-restore": "iptables",
        "ip6tables-legacy-restore": "iptables", "awk": "mawk", "sed": "sed", "python3": "python3",
    ]

    /// - Parameter programs: those that the script runs.
    static func head(makesSandbox: Bool, programs: [String]) -> String {
        guard makesSandbox else { return "#!/bin/sh\nset -u\n" }
        let needed = (programs + ["unshare"]).sorted().map { "\($0):\(packages[$0] ?? $0)" }.joined(separator: " ")
        return """
            #!/bin/sh
            # A network, rebuilt in a sandbox: sh twin.sh [COMMAND [ARGUMENT...]]
            #
            # The sandbox is made of user, network, mount and process namespaces. Nothing outside is changed, nothing is sent
            # out, no root is needed, and all of it is gone when COMMAND ends (a shell, where none is given). In it
            # "ip netns list" names the namespaces, and "ip netns exec NAME ping ADDRESS" sends from one.
            set -u
            PATH=$PATH:/usr/sbin:/sbin

            missing=
            for pair in \(needed); do
                command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair%%:*} (package ${pair#*:})"
            done
            if [ -n "$missing" ]; then
                echo "twin: cannot rebuild the network: this machine lacks$missing" >&2
                exit 69
            fi

            # What makes the sandbox: this very script, run again in it. Not all at once: files of /proc/net belong to the root
            # of the moment, so the network namespace must be made by one who is root already.
            if [ "${TWIN_STEP:-}" != inside ] || [ $$ != 1 ]; then
                if [ ! -e "$0" ]; then
                    echo "twin: cannot run from a pipe: the script runs itself again; save it to a file first" >&2
                    exit 64
                fi
                refused() {
                    echo "twin: cannot make a sandbox: $1" >&2
                    for pair in "kernel.apparmor_restrict_unprivileged_userns 1 0" "kernel.unprivileged_userns_clone 0 1" \\
                        "user.max_user_namespaces 0 15000"; do
                        # shellcheck disable=SC2086
                        set -- $pair
                        if [ "$(sysctl -n "$1" 2>/dev/null)" = "$2" ]; then
                            echo "twin: $1 is $2 and forbids it; run as root: sysctl -w $1=$3" >&2
                        fi
                    done
                    echo "twin: or run this script as root; in a container, with --privileged" >&2
                    exit 69
                }
                own=
                if [ "$(id -u)" != 0 ]; then own="unshare -Ur"; fi
                words="-nmpf --mount-proc --kill-child"
                # Root of a container may be as little allowed as anybody.
                # shellcheck disable=SC2086
                if ! said=$($own unshare $words true 2>&1); then
                    own="unshare -Ur"
                    # shellcheck disable=SC2086
                    said=$($own unshare $words true 2>&1) || refused "$said"
                fi
                # shellcheck disable=SC2086
                TWIN_STEP=inside exec $own unshare $words sh "$0" "$@"
            fi
            unset TWIN_STEP
            # -n: or the first of them would leave a folder in the /run outside.
            mount -n --make-rprivate / 2>/dev/null
            mount -n -t sysfs sysfs /sys 2>/dev/null
            if ! { mount -n -t tmpfs tmpfs /run && mkdir /run/netns /run/lock && mount --bind /run/netns /run/netns &&
                mount --make-shared /run/netns; }; then
                echo "twin: cannot mount a /run of its own in the sandbox" >&2
                exit 69
            fi
            export XTABLES_LOCKFILE=/run/xtables.lock


            """
    }

    static func foot(makesSandbox: Bool) -> String {
        guard makesSandbox else { return "" }
        return """

            if [ $# -eq 0 ]; then
                if [ -t 0 ]; then echo "This is the rebuilt network; ip netns list names its namespaces. Ctrl-D leaves it." >&2; fi
                set -- sh
            fi
            exec "$@"

            """
    }
}
