internal import Network
public import Snapshot

/// A snapshot as one plain shell script that rebuilds its network with `ip`, `bridge`, `sysctl`, `nft`,
/// `iptables-restore`, `ipset` and `conntrack`.
///
/// The order of its sections is the kernel's: settings that new devices copy, then devices, then what refers to them.
/// Routes come before rules of policy routing, since a gateway is looked up through those; firewalls in the order in which
/// they were made, since of two at one priority the newer one is asked first. A command that fails ends nothing: it is
/// reported on standard error, as something that was not rebuilt.
public struct TwinScript: Sendable {
    public struct Options: Sendable, Hashable {
        /// Whether the script makes its own sandbox (unshare(1)) and runs a command in it at the end; without, it
        /// builds in the namespaces that it is run in.
        public var makesSandbox: Bool
        /// Whether it opens the listening sockets itself, with what the machine has (socat, nc, python3, busybox).
        public var opensSockets: Bool
        /// Whether the outside answers; without, it is there and mute.
        public var outsideAnswers: Bool
        /// How many tables of nf_tables were made before those of iptables-legacy, where the order is not known: the newest is
        /// asked first. Nil for all of them.
        public var tablesBeforeLegacy: Int?

        public init(
            makesSandbox: Bool = true, opensSockets: Bool = true, outsideAnswers: Bool = true,
            tablesBeforeLegacy: Int? = nil
        ) {
            self.makesSandbox = makesSandbox
            self.opensSockets = opensSockets
            self.outsideAnswers = outsideAnswers
            self.tablesBeforeLegacy = tablesBeforeLegacy
        }
    }

    public private(set) var text: String
    /// Its first part, where sockets are to be filled (`NamespaceSnapshot.fullSockets`) before `text` goes on; nil where `text` is all.
    public private(set) var beginning: String?
    /// The same two step by step, for who runs them without a shell.
    public private(set) var steps: [TwinStep]
    public private(set) var firstSteps: [TwinStep] = []
    /// The script's functions, which its steps call.
    public private(set) var head: String
    /// What it takes for granted.
    public private(set) var assumptions: [Assumption]
    /// The namespaces that it makes and the snapshot has not: what stands for the outside.
    public private(set) var standIns: [String]
    /// Those of them that answer as the outside.
    public private(set) var outsides: [TwinOutside]
    /// How `ip netns` names each namespace of the snapshot in the twin, by the snapshot's name; the home namespace is not
    /// among them, since it is the sandbox's own.
    public private(set) var names: [String: String]

    /// The values of `tablesBeforeLegacy` that may be the host's, beside nil: none where nothing depends on it.
    public static func counts(_ snapshot: HostSnapshot) -> Range<Int> {
        snapshot.namespaces.map { TableOrder.counts(in: $0) }.max { $0.count < $1.count } ?? 0..<0
    }

    public init(_ snapshot: HostSnapshot, options: Options = Options()) {
        var plan = TwinPlan(snapshot, options: options)
        let beginning = plan.beginning()
        let rest = plan.rest()
        let isParted = !options.opensSockets && plan.hasFullSockets
        let head = ScriptFrame.head(makesSandbox: options.makesSandbox, programs: plan.programs.sorted())
        // Run by the tool, of whose shell's trace only what is reported counts.
        let quiet = options.makesSandbox ? "" : "set +ex\n"
        let start = head + quiet + Self.functions + (options.opensSockets ? ScriptSockets.functions : "")
        self.head = start
        if isParted {
            self.beginning = start + Self.text(beginning)
            firstSteps = beginning
        }
        steps = (isParted ? [] : beginning) + rest
        text = start + Self.text(steps) + ScriptFrame.foot(makesSandbox: options.makesSandbox)
        assumptions = plan.assumptions
        standIns = plan.standIns
        outsides = plan.outsides
        names = plan.names
    }

    private static func text(_ steps: [TwinStep]) -> String {
        steps.flatMap(\.lines).joined(separator: "\n") + "\n"
    }

    /// What the sections call: each reads its commands from standard input and reports those that fail, by name.
    private static let functions = """
        # in_namespace NAME COMMAND...: runs it in that namespace; - is the one that we are in.
        in_namespace() {
            name=$1; shift
            if [ "$name" = - ]; then "$@"; else nsenter --net="/run/netns/$name" "$@"; fi
        }
        # told WHERE: each line that it reads, as something that was not rebuilt there. (Not by sed: a name can be its command.)
        told() {
            while IFS= read -r said; do printf 'not rebuilt in %s: %s\\n' "$1" "${said#sysctl: }"; done >&2
        }
        # alone NAME COMMAND...: one that no batch can hold.
        alone() {
            place=$1
            in_namespace "$@" >/dev/null 2>/run/twin-alone || head -n 1 /run/twin-alone | told "$place"
        }
        # failed NAME FILE: what iproute2 said of the lines of a batch that it refused.
        failed() {
            awk -v place="$1" 'NR == FNR { line[FNR] = $0; next }
                /^Command failed / { sub(/.*:/, ""); if (said !~ /already joined/ && !(said ~ /File exists/ && line[$0] ~ / proto 2 /)) print "not rebuilt in " place ": " line[$0] ": " substr(said, 1, 160); said = ""; next }
                { said = said (said == "" ? "" : "; ") $0 }' "$2" "$2.errors" >&2
        }
        # ip_batch NAME and its like: a command of iproute2 a line.
        batch() {
            place=$1; shift
            cat >/run/twin-batch
            in_namespace "$place" "$@" -force -batch /run/twin-batch >/dev/null 2>/run/twin-batch.errors ||
                failed "$place" /run/twin-batch
        }
        ip_batch() { batch "$1" ip; }
        ip4_batch() { batch "$1" ip -4; }
        ip6_batch() { batch "$1" ip -6; }
        bridge_batch() { batch "$1" bridge; }
        tc_batch() { batch "$1" tc; }
        # settled NAME COUNT: waits until all but so many ports of bridges forward. The kernel sees to carriers in its own time.
        settled() {
            tries=0
            while [ "$tries" -lt 40 ] &&
                [ "$(in_namespace "$1" bridge link show | grep -c 'state disabled')" -gt "$2" ]; do
                tries=$((tries + 1))
                sleep 0.05
            done
        }
        # up_for_good NAME DEVICE...: waits until the kernel has seen to the carrier of each.
        up_for_good() {
            place=$1; shift
            for device in "$@"; do
                tries=0
                while [ "$tries" -lt 60 ] && ! in_namespace "$place" ip -o link show dev "$device" | grep -q ' state UP '; do
                    tries=$((tries + 1))
                    sleep 0.05
                done
            done
        }
        # forget_groups NAME: keeps of the groups that ports of bridges have learned those that it reads, "BRIDGE PORT GROUP" a line.
        forget_groups() {
            place=$1
            cat >/run/twin-groups
            in_namespace "$place" bridge mdb show 2>/dev/null | awk 'FILENAME != "-" { kept[$0]; next }
                $1 == "dev" && $2 != $4 && !(($2 " " $4 " " $6) in kept) && !/#/ {
                    vlan = ""
                    for (i = 7; i < NF; i++) if ($i == "vid") vlan = " vid " $(i + 1)
                    print "mdb del dev " $2 " port " $4 " grp " $6 vlan }' /run/twin-groups - >/run/twin-batch
            in_namespace "$place" bridge -force -batch /run/twin-batch >/dev/null 2>&1 || :
        }
        # used NAME: "DEVICE ADDRESS" a line, neighbours to which something is sent.
        used() {
            place=$1
            while read -r device address; do
                in_namespace "$place" ping -q -n -c 1 -W 0.01 -I "$device" "$address" >/dev/null 2>&1 </dev/null
            done
        }
        # collisions NAME: "DEVICE ADDRESS" a line, each of them somebody else's; "DEVICE ADDRESS NAME DEVICE" where nobody has it
        # here, and the second device must for the moment. The kernel asks at once, and until it is told so.
        collisions() {
            place=$1
            while read -r device address other holder; do
                if [ -n "$other" ]; then
                    in_namespace "$other" ip addr add "$address" dev "$holder" nodad >/dev/null 2>&1 </dev/null
                fi
                # shellcheck disable=SC2016
                in_namespace "$place" sh -c 'cd "/proc/sys/net/ipv6/conf/$1" || exit 1
                    set -- "$1" "$2" "$(cat accept_dad)" "$(cat dad_transmits)" "$(cat router_solicitation_delay)"
                    echo 1 >accept_dad; echo 1 >dad_transmits; echo 0 >router_solicitation_delay
                    tries=0
                    until ip -o addr show dev "$1" dadfailed | grep -qF " $2 " || [ "$tries" -eq 10 ]; do
                        ip addr del "$2" dev "$1" 2>/dev/null
                        ip addr add "$2" dev "$1"
                        sleep 0.2
                        tries=$((tries + 1))
                    done
                    echo "$3" >accept_dad; echo "$4" >dad_transmits; echo "$5" >router_solicitation_delay
                    if [ "$tries" -eq 10 ]; then ip addr del "$2" dev "$1"; exit 1; fi' \
                    collide "$device" "$address" >/dev/null 2>&1 </dev/null ||
                    echo "the address $address of $device: nobody else has it" | told "$place"
                if [ -n "$other" ]; then
                    in_namespace "$other" ip addr del "$address" dev "$holder" >/dev/null 2>&1 </dev/null
                fi
            done
        }
        # settings NAME: lines of sysctl.conf(5). What this kernel does not have, or does not let us set, is reported.
        settings() {
            cat >/run/twin-settings
            in_namespace "$1" sysctl -e -q -p /run/twin-settings 2>/run/twin-settings.errors >/dev/null || :
            told "$1" </run/twin-settings.errors
        }
        # report NAME WHAT: runs the rest with our standard input, and reports what it said where it failed.
        rules() {
            place=$1; shift
            cat >/run/twin-rules
            in_namespace "$place" "$@" </run/twin-rules >/dev/null 2>/run/twin-rules.errors && return
            # Only root has users beside himself: a rule that asks for another one can't be loaded, and would never match.
            case $* in *restore*)
                if grep -q -- '--[ug]id-owner [1-9]' /run/twin-rules; then
                    echo "not rebuilt in $place: conditions on other users than root never match" >&2
                    sed -e 's/-m owner ! --[ug]id-owner [1-9][0-9-]*/-m mark ! --mark 0x1\\/0x0/' \\
                        -e 's/-m owner --[ug]id-owner [1-9][0-9-]*/-m mark --mark 0x1\\/0x0/' \\
                        /run/twin-rules >/run/twin-rules.root
                    in_namespace "$place" "$@" </run/twin-rules.root >/dev/null 2>/run/twin-rules.errors && return
                fi ;;
            esac
            told "$place: $1" </run/twin-rules.errors
        }
        nft_rules() { rules "$1" nft -f -; }
        # Many rules, 200 a transaction: an ordinary user's socket holds no more than some 400, and each transaction has the
        # kernel go through the whole chain. Where one is refused its rules are tried one by one.
        nft_lines() {
            place=$1
            rm -f /run/twin-part.*
            awk '{ file = sprintf("/run/twin-part.%06d", int((NR - 1) / 200)) }
                file != last { if (last != "") close(last); last = file }
                { print >file }'
            for part in /run/twin-part.*; do
                in_namespace "$place" nft -f "$part" </dev/null >/dev/null 2>&1 && continue
                in_namespace "$place" nft -i <"$part" >/dev/null 2>"$part-errors" || :
                awk '/^ *\\^/ { next } /^Error: / { said = substr($0, 8); next }
                    /^add rule / { $0 = $0 ": " said; said = "" } { print }' "$part-errors" | told "$place"
            done
        }
        iptables_nft() { rules "$1" iptables-nft-restore --noflush; }
        ip6tables_nft() { rules "$1" ip6tables-nft-restore --noflush; }
        iptables_legacy() { rules "$1" iptables-legacy-restore --noflush; }
        ip6tables_legacy() { rules "$1" ip6tables-legacy-restore --noflush; }
        ipsets() { rules "$1" ipset restore; }
        # recent_lists NAME: addresses in lists of xt_recent, a line each: LIST ADDRESS TIMES.
        recent_lists() {
            place=$1
            while read -r list address count; do
                # shellcheck disable=SC2016
                in_namespace "$place" sh -c 'cd /proc/self/net/xt_recent || exit
                    while [ "$3" -gt 0 ]; do echo "+$2" >"$1" || exit; set -- "$1" "$2" $(($3 - 1)); done' \\
                    note "$list" "$address" "$count" >/dev/null 2>/run/twin-recent </dev/null ||
                    head -n 1 /run/twin-recent | told "$place: $address in the list $list"
            done
        }
        # connections NAME: arguments of conntrack(8), a connection a line.
        connections() {
            place=$1
            # The brackets of an IPv6 address are no pattern.
            set -f
            while read -r arguments; do
                # shellcheck disable=SC2086
                in_namespace "$place" conntrack -I $arguments >/dev/null 2>/run/twin-connection </dev/null ||
                    head -n 1 /run/twin-connection | told "$place: connection $arguments"
            done
            set +f
        }


        """
}
