internal import Network
internal import Snapshot

/// What can be told from a snapshot alone of what a network rebuilt from it takes for granted.
extension HostSnapshot {
    func assumptions() -> [Assumption] {
        var found = namespaces.flatMap { namespace -> [Assumption] in
            namespace.programAssumptions + namespace.ruleAssumptions + namespace.stateAssumptions
        }
        for namespace in namespaces {
            for address in namespace.addresses
            where address.has("dadfailed") && !isRefusedAgain(address, in: namespace) {
                found.append(
                    Assumption(
                        .duplicateAddressDetection, in: namespace.name,
                        "\(address.text("local") ?? "") is left out: another host has it"))
            }
        }
        found += warnings.map { Assumption(.notRebuilt, "it could not be read: \($0)") }
        return found
    }
}

extension NamespaceSnapshot {
    private func assume(_ code: Assumption.Code, subject: String? = nil, _ words: String) -> Assumption {
        Assumption(code, in: name, subject: subject, words)
    }

    fileprivate var programAssumptions: [Assumption] {
        programs.map { program in
            let place = program["link"]?.string.map { " of \($0)" } ?? ""
            return assume(
                .programPasses,
                "the program \(program["name"]?.string ?? "of eBPF") (\(program["attach"]?.string ?? "attached")\(place)) lets every packet pass"
            )
        }
    }

    /// What of rules is not the same twice, by words that both firewalls write.
    private static let kinds: [(words: [StaticString], code: Assumption.Code, what: String)] = [
        (
            ["numgen random", "--mode random", "fully-random", "--random-fully", "--random", " random", "symhash"],
            .randomChoice, "the kernel chooses by chance"
        ),
        (
            ["limit rate", "-m limit", "-m hashlimit", "-m connlimit", "quota ", "-m quota", "ct count"],
            .limitState, "the count begins anew"
        ),
        (["-m recent"], .limitState, "each address in the list was seen just now"),
        (["meta hour", "meta day", "meta time", "-m time"], .clock, "the clock is that of this machine, now"),
    ]

    fileprivate var ruleAssumptions: [Assumption] {
        var found: [Assumption] = []
        for text in nftables.map(\.text) + iptables.map(\.text) {
            // Most have none of it, and may have ten thousand lines.
            guard Self.kinds.contains(where: { $0.words.contains { text.holds($0) } }) || Self.asksOwner(text) else {
                continue
            }
            for line in text.split(separator: "\n") {
                let whole = String(line)
                for (words, code, what) in Self.kinds where words.contains(where: { whole.holds($0) }) {
                    let rule = line.drop { $0 == "\t" || $0 == " " }
                    found.append(assume(code, "of the rule “\(rule.prefix(100))” \(what)"))
                }
                if let user = Self.user(in: line), user != "0" {
                    found.append(
                        assume(
                            .user,
                            "the rule “\(line.drop { $0 == "\t" || $0 == " " }.prefix(100))” asks for user \(user), whom only root's sandbox has"
                        ))
                }
            }
        }
        if TableOrder.isUnknown(in: self) {
            found.append(
                assume(.hookOrder, "chains of iptables-legacy are asked before those of nf_tables at the same priority")
            )
        }
        return found
    }

    private static func asksOwner(_ text: String) -> Bool {
        text.holds("--uid-owner") || text.holds("--gid-owner") || text.holds("skuid") || text.holds("skgid")
    }

    private static func user(in line: Substring) -> String? {
        let words = line.split(separator: " ")
        for (index, word) in words.enumerated().dropLast()
        where ["--uid-owner", "--gid-owner", "skuid", "skgid"].contains(word) {
            let value = words[index + 1] == "!=" && index + 2 < words.count ? words[index + 2] : words[index + 1]
            return String(value)
        }
        return nil
    }

    fileprivate var stateAssumptions: [Assumption] {
        var found: [Assumption] = []
        for queue in queues {
            guard let kind = queue["kind"]?.string, ["tbf", "netem", "pfifo", "bfifo", "htb"].contains(kind) else {
                continue
            }
            let device = queue["dev"]?.string
            let packets = queue.number("backlog_packets") ?? 0
            let state = packets > 0 ? "holds as much as it did: \(packets) packets" : "is empty"
            found.append(
                assume(.queueState, subject: device, "the queue \(kind) of \(device ?? "a device") \(state)"))
            guard kind == "netem", let device,
                ["loss-random", "loss-state", "loss-gemodel", "corrupt", "reorder", "duplicate"].contains(where: {
                    queue["options"]?[$0] != nil
                })
            else { continue }
            found.append(
                assume(.randomChoice, subject: device, "netem on \(device) loses and changes packets by chance"))
        }
        let full = Set(fullSockets)
        // Of connections less than the backlog decide nothing.
        for socket in sockets where socket.receiveQueue > 0 && (socket.protocol == .udp || socket.isFull) {
            let place = "\(socket.protocol) \(socket.address):\(socket.port)"
            found.append(
                assume(
                    .queueState, subject: Assumption.subject(ofPort: socket.port),
                    full.contains(socket)
                        ? "the socket \(place) is as full as it was: nobody takes what waits there"
                        : "nothing waits at the socket \(place)"))
        }
        for link in links where LinkOptions.runsTree(link) {
            let device = link.text("ifname") ?? ""
            let words =
                LinkOptions.hasBlockedPort(link, in: self)
                ? "\(device) runs no spanning tree: its ports stay in the states that it had given them"
                : "the spanning tree of \(device) has settled"
            found.append(assume(.spanningTree, words))
        }
        for neighbour in neighbours
        where neighbour["state"]?.elements.contains(where: { $0.string == "INCOMPLETE" }) == true {
            guard let address = neighbour.text("dst"), let device = neighbour.text("dev") else { continue }
            found.append(
                assume(
                    .neighborState, subject: address,
                    "\(address) on \(device) is asked for anew: the kernel is asking for it, and has no answer yet"))
        }
        // Of those of IPv4 alone (ip_error); icmp_ratelimit has nothing to do with it.
        let refusing = routes.ipv4.filter { ["unreachable", "prohibit"].contains($0["type"]?.string) }
        if let first = refusing.first, let kind = first.text("type"), let destination = first.text("dst") {
            let others = refusing.count > 1 ? " and \(refusing.count - 1) more like it" : ""
            found.append(
                assume(
                    .limitState, subject: Assumption.errors,
                    "no error was sent lately for the route “\(kind) \(destination)”\(others): the kernel sends one sender a few at once, and then one a second"
                ))
        }
        for path in pathMTUs {
            guard let destination = path.text("dst"), let mtu = path.text("mtu") else { continue }
            found.append(
                assume(
                    .notRebuilt, subject: destination,
                    "the path MTU \(mtu) to \(destination) is not known: the kernel had learned it"))
        }
        if let count = conntrack?.count, let limit = sysctls["net.netfilter.nf_conntrack_max"].flatMap({ Int($0) }),
            count >= limit
        {
            found.append(assume(.conntrackFull, "there is room for more connections: \(limit) are not made again"))
        }
        if conntrack == nil {
            found.append(assume(.notRebuilt, "no connection is tracked yet: they could not be read"))
        }
        if ipsets == nil { found.append(assume(.notRebuilt, "the sets of ipset are empty: they could not be read")) }
        return found
    }
}
