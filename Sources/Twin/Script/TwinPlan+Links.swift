internal import Network
internal import Snapshot

/// Devices and what makes them.
extension TwinPlan {
    /// A device by its place, as far as others refer to it.
    private struct End: Hashable {
        var place: Int
        var device: String
    }

    mutating func addLinks(_ text: inout ScriptText) {
        text.blank()
        text.comment("Links, with the numbers and addresses that they have; both ends of a veth at once.")
        var made: Set<End> = []
        var first: [String] = []
        var stacked: [(place: Int, link: JSONTree)] = []
        for (position, place) in places.enumerated() {
            for link in place.namespace.links {
                let kind = Self.kind(of: link)
                if link.text("ifname") == "lo" { continue }
                if kind == "veth" || kind == "bridge" || Self.isPlain(kind) {
                    add(link, at: position, kind, to: &first, &made)
                } else {
                    stacked.append((position, link))
                }
            }
        }
        text.feed("ip_batch", in: nil, first)
        addStacked(stacked, to: &text, &made)
        for place in places { addLinkDetails(&text, place.namespace, place.name) }
    }

    static func kind(of link: JSONTree) -> String? {
        if let kind = link["linkinfo"]?.text("info_kind") { return kind }
        return link.text("link_type") == "loopback" ? "loopback" : nil
    }

    /// Kinds that are made of nothing else and take no option that decides.
    private static func isPlain(_ kind: String?) -> Bool { kind == "dummy" || kind == "ifb" }

    /// What every `ip link add` of this link says of it before its type.
    private func common(_ link: JSONTree, named name: String? = nil) -> [String] {
        var words = [name ?? link.text("ifname") ?? "", "index", link.text("ifindex") ?? "0"]
        if let mac = link.text("address"), link.text("link_type") == "ether" { words += ["address", mac] }
        if let mtu = link.text("mtu") { words += ["mtu", mtu] }
        if let length = link.text("txqlen"), length != "1000" { words += ["txqueuelen", length] }
        for (key, word) in [("num_tx_queues", "numtxqueues"), ("num_rx_queues", "numrxqueues")] {
            if let count = link.text(key), count != "1" { words += [word, count] }
        }
        return words
    }

    /// `netns NAME` where it is another namespace than the one that the script runs in.
    private func netns(_ place: Int) -> [String] { places[place].name.map { ["netns", $0] } ?? [] }

    private mutating func add(
        _ link: JSONTree, at position: Int, _ kind: String?, to lines: inout [String], _ made: inout Set<End>
    ) {
        guard let name = link.text("ifname"), !made.contains(End(place: position, device: name)) else { return }
        made.insert(End(place: position, device: name))
        var words = ["link", "add"] + common(link) + netns(position) + ["type", kind ?? "veth"]
        if kind == "veth" {
            words += peer(of: link, at: position, &made)
        }
        append(words, to: &lines, name, position)
    }

    private func append(_ words: [String], to lines: inout [String], _ name: String, _ position: Int) {
        if let line = batchLine(words) { lines.append(line) }
    }

    /// The other end: the one that the snapshot has, or one that takes its place.
    private mutating func peer(of link: JSONTree, at position: Int, _ made: inout Set<End>) -> [String] {
        let name = link.text("ifname") ?? ""
        if let far = link["peer"], let device = far.text("ifname"), let namespace = far.text("namespace"),
            let place = places.firstIndex(where: { $0.namespace.name == namespace }),
            let other = places[place].namespace.links.first(where: { $0.text("ifname") == device }),
            made.insert(End(place: place, device: device)).inserted
        {
            return ["peer", "name"] + common(other) + netns(place)
        }
        let number = standInNumber(for: link, name, at: position)
        return ["peer", "name", number.device, "netns", number.namespace]
    }

    /// Devices that stand on others, or are of a kind that not every kernel has.
    private mutating func addStacked(
        _ stacked: [(place: Int, link: JSONTree)], to text: inout ScriptText, _ made: inout Set<End>
    ) {
        var left = stacked
        while !left.isEmpty {
            // A device whose lower one is still to come waits; where they wait for each other the kernel may decide.
            let ready = left.filter { item in
                guard let lower = lower(of: item.link, at: item.place) else { return true }
                return !left.contains { $0.place == lower.place && $0.link.text("ifname") == lower.device }
            }
            let now = ready.isEmpty ? left : ready
            for item in now { addStacked(item.link, at: item.place, to: &text) }
            let done = Set(now.map { End(place: $0.place, device: $0.link.text("ifname") ?? "") })
            left.removeAll { done.contains(End(place: $0.place, device: $0.link.text("ifname") ?? "")) }
        }
    }

    private func lower(of link: JSONTree, at position: Int) -> End? {
        if let name = link.text("link") ?? link["linkinfo"]?["info_data"]?.text("link") {
            return End(place: position, device: name)
        }
        guard let index = link.number("link_index"), let place = origin(of: link, at: position) else { return nil }
        let device = places[place].namespace.links.first { $0.number("ifindex") == index }?.text("ifname")
        return device.map { End(place: place, device: $0) }
    }

    /// Where the device was made, and so where its lower device or its tunnel's socket is.
    private func origin(of link: JSONTree, at position: Int) -> Int? {
        guard let number = link.number("link_netnsid") else { return position }
        let known = places[position].namespace.nsids.first { $0.value == number }?.key
        return known.flatMap { name in places.firstIndex { $0.namespace.name == name } }
    }

    private mutating func addStacked(_ link: JSONTree, at position: Int, to text: inout ScriptText) {
        let kind = Self.kind(of: link)
        let from = origin(of: link, at: position) ?? position
        let lower = lower(of: link, at: position)
        guard let kind, let options = LinkOptions.words(kind, link, lower: lower?.device) else {
            addSubstitute(link, at: position, kind, to: &text)
            return
        }
        var words = ["link", "add"]
        if let device = lower?.device, LinkOptions.standsOnAnother(kind) { words += ["link", device, "name"] }
        words += common(link)
        if from != position { words += places[position].name.map { ["netns", $0] } ?? ["netns", "1"] }
        words += ["type", kind] + options
        guard let line = batchLine(words) else { return }
        let (before, after) = roomFor(link, kind, lower)
        text.feed("ip_batch", in: places[from].name, before + [line] + after)
    }

    /// A tunnel keeps its MTU when that of the device below it is lowered, but is not made with one that does not fit.
    private func roomFor(_ link: JSONTree, _ kind: String, _ lower: End?) -> (before: [String], after: [String]) {
        let data = link["linkinfo"]?["info_data"]
        let isIPv6 = ["local6", "remote6", "group6"].contains { data?[$0] != nil }
        // Ethernet, VXLAN, UDP, IP.
        let header: Int64 = isIPv6 ? 70 : 50
        guard kind == "vxlan", let lower, let mtu = link.number("mtu"),
            let below = places[lower.place].namespace.links.first(where: { $0.text("ifname") == lower.device })?.number(
                "mtu"), mtu > below - header, mtu < 65_000
        else { return ([], []) }
        func line(_ mtu: Int64) -> [String] {
            [batchLine(["link", "set", lower.device, "mtu", "\(mtu)"])].compactMap(\.self)
        }
        return (line(mtu + header), line(below))
    }

    /// A physical link, or one of a kind that no command makes here: a veth whose other end stands for what is behind it.
    private mutating func addSubstitute(_ link: JSONTree, at position: Int, _ kind: String?, to text: inout ScriptText)
    {
        let name = link.text("ifname") ?? ""
        let place = places[position]
        if let kind {
            assume(.deviceKind, in: place.namespace, "\(name) is a veth in place of a device of kind \(kind)")
        }
        let peer = standInNumber(for: link, name, at: position)
        let words =
            ["link", "add"] + common(link) + netns(position) + [
                "type", "veth", "peer", "name", peer.device, "netns", peer.namespace,
            ]
        if let line = batchLine(words) { text.feed("ip_batch", in: nil, [line]) }
    }

    /// What is set once the device is there.
    private func addLinkDetails(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        var lines: [String] = []
        func add(_ words: [String]) { if let line = batchLine(words) { lines.append(line) } }
        for link in namespace.links {
            guard let device = link.text("ifname") else { continue }
            if device == "lo", let mtu = link.text("mtu"), mtu != "65536" { add(["link", "set", "lo", "mtu", mtu]) }
            if let alias = link.text("ifalias") { add(["link", "set", device, "alias", alias]) }
            for other in link["altnames"]?.elements ?? [] {
                if let other = other.string { add(["link", "property", "add", "dev", device, "altname", other]) }
            }
            if let group = link.text("group"), group != "0", group != "default" {
                add(["link", "set", device, "group", group])
            }
            if link.has("NOARP"), link.text("link_type") == "ether" { add(["link", "set", device, "arp", "off"]) }
            if link.has("PROMISC") { add(["link", "set", device, "promisc", "on"]) }
            if link.has("ALLMULTI") { add(["link", "set", device, "allmulticast", "on"]) }
            if !link.has("MULTICAST"), link.text("link_type") == "ether" {
                add(["link", "set", device, "multicast", "off"])
            }
            for (key, usual) in [("gso_max_size", "65536"), ("gso_max_segs", "65535"), ("gro_max_size", "65536")] {
                if let value = link.text(key), value != usual { add(["link", "set", device, key, value]) }
            }
            lines += LinkOptions.bridgeLines(link)
        }
        text.feed("ip_batch", in: name, lines)
    }

    /// The ports of bridges, in the order in which they joined: it gives them their numbers.
    mutating func addPorts(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let ports = namespace.links.filter { $0.text("master") != nil }.sorted {
            LinkOptions.portNumber($0) < LinkOptions.portNumber($1)
        }
        var lines: [String] = []
        for port in ports {
            guard let device = port.text("ifname"), let master = port.text("master") else { continue }
            lines += [batchLine(["link", "set", device, "master", master])].compactMap(\.self)
            lines += LinkOptions.portLines(port)
        }
        // A bridge takes the smallest MTU of its ports until somebody sets it.
        for bridge in namespace.links where Self.kind(of: bridge) == "bridge" {
            let own = ports.filter { $0.text("master") == bridge.text("ifname") }.compactMap { $0.number("mtu") }
            guard let device = bridge.text("ifname"), let mtu = bridge.number("mtu"), let least = own.min(),
                mtu != least
            else { continue }
            lines += [batchLine(["link", "set", device, "mtu", "\(mtu)"])].compactMap(\.self)
        }
        if !lines.isEmpty {
            text.blank()
            text.comment("Ports of bridges in \(Self.visible(namespace.name)), in the order in which they joined.")
        }
        text.feed("ip_batch", in: name, lines)
        let vlans = LinkOptions.vlanLines(namespace)
        if !vlans.isEmpty { programs.insert("bridge") }
        text.feed("bridge_batch", in: name, vlans)
    }

    /// A wait for the ports of bridges that are to forward: until then they learn nothing, and take no entry. Gives whether there
    /// are ports.
    @discardableResult
    mutating func addWait(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) -> Bool {
        let ports = namespace.links.filter { $0["linkinfo"]?.text("info_slave_kind") == "bridge" }
        if ports.isEmpty { return false }
        programs.insert("bridge")
        let down = ports.filter { port in
            !port.has("UP") || !port.has("LOWER_UP")
                || !namespace.links.contains {
                    $0.text("ifname") == port.text("master") && $0.has("UP")
                }
        }
        text.add("settled \(name.map(quoted) ?? "-") \(down.count)")
        return true
    }

    /// A wait for ports of bridges that are to forward, or to be blocked later.
    mutating func addSettling(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        guard addWait(&text, namespace, name) else { return }
        // What members of groups reported before there were rules, or had left already.
        let snoops = namespace.links.contains { $0["linkinfo"]?["info_data"]?.text("mcast_snooping") == "1" }
        guard snoops, !namespace.unread.contains(.mdb) else { return }
        programs.insert("awk")
        let groups = namespace.mdb.compactMap { entry in
            let words = ["dev", "port", "grp"].compactMap { entry.text($0) }
            return words.count == 3 ? words.joined(separator: " ") : nil
        }
        text.feed("forget_groups", in: name, ["-"] + groups)
    }

    /// What setting a port up would undo.
    func addPortStates(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        let trees = namespace.links.compactMap { LinkOptions.treeLine($0, in: namespace) }
        let states = namespace.links.compactMap { LinkOptions.stateLine($0) }
        guard !trees.isEmpty || !states.isEmpty else { return }
        text.blank()
        text.comment("States of ports and of the spanning tree in \(Self.visible(namespace.name)).")
        // A carrier that the kernel sees to only now would make a port forward again.
        let ports = namespace.links.filter { $0["linkinfo"]?.text("info_slave_kind") == "bridge" }
        let known = ports.filter { $0.text("operstate") == "UP" }.compactMap { $0.text("ifname") }
        if !known.isEmpty {
            text.add("up_for_good \(name.map(quoted) ?? "-") \(known.map(quoted).joined(separator: " "))")
        }
        text.feed("ip_batch", in: name, trees)
        text.feed("bridge_batch", in: name, states)
    }
}
