internal import LinuxSystem
internal import Network

/// What tc(8) tells besides the queueing disciplines: classes, filters, and the programs that are attached.
struct TrafficFilters {
    var classes: [JSONTree] = []
    var filters: [JSONTree] = []

    /// - Parameter queues: elements of `tc -j qdisc`.
    init(tools: NamespaceTools, queues: [JSONTree]) throws {
        var questions: [(command: String, device: String, side: String)] = []
        var devices: [String] = []
        for queue in queues {
            guard let device = queue["dev"]?.string, let kind = queue["kind"]?.string else { continue }
            switch kind {
            case "clsact":
                questions.append(("filter show dev \(device) ingress", device, "ingress"))
                questions.append(("filter show dev \(device) egress", device, "egress"))
            case "ingress": questions.append(("filter show dev \(device) ingress", device, "ingress"))
            default:
                if ["pfifo", "bfifo", "pfifo_fast", "tbf", "fq", "fq_codel", "mq", "netem", "noqueue"].contains(kind) {
                    continue
                }
                let handle = queue["handle"]?.string ?? "root"
                if !devices.contains(device) { devices.append(device) }
                questions.append(("filter show dev \(device) parent \(handle)", device, handle))
            }
        }
        for device in devices {
            // Not as JSON: of classes iproute2 prints none before 6.3.
            let text = try tools.run("tc", "-d", "class", "show", "dev", device).text
            classes += text.split(separator: "\n").compactMap { Self.classElement($0, device: device) }
        }
        if questions.isEmpty { return }
        let answers = try tools.batch(["tc", "-j", "-d"], questions.map(\.command))
        for (question, answer) in zip(questions, answers) {
            let elements = (answer?.elements ?? []).filter { !$0.members.isEmpty }
            for element in elements {
                let place = element["dev"] == nil ? element.setting("dev", .string(question.device)) : element
                filters.append(place.setting("attach", .string(question.side)))
            }
        }
    }

    /// A line of `tc -d class`: `class htb 1:10 parent 1:1 leaf 10: prio 0 quantum 1000 rate 1Mbit …`. What follows from
    /// other things (`leaf`, `level`) is left out, so that `options` are the words that tc takes.
    static func classElement(_ line: Substring, device: String) -> JSONTree? {
        var words = line.split(separator: " ").map(String.init)
        guard words.count >= 4, words[0] == "class" else { return nil }
        let (kind, handle) = (words[1], words[2])
        words.removeFirst(3)
        var parent: String?
        var options: [JSONTree] = []
        while let word = words.first {
            words.removeFirst()
            switch word {
            case "root": continue
            case "parent": parent = words.isEmpty ? nil : words.removeFirst()
            case "leaf", "level": if !words.isEmpty { words.removeFirst() }
            default: options.append(.string(word))
            }
        }
        return JSONTree(members: [
            "dev": .string(device), "class": .string(kind), "handle": .string(handle),
            "parent": parent.map { .string($0) }, "options": .array(options),
        ])
    }

    /// An element of `tc -j qdisc` without what counts, and with what waits in it.
    ///
    /// - Parameter waiting: the discipline of its device, as the map has it.
    static func queue(_ element: JSONTree, waiting: Link.Queue? = nil) -> JSONTree {
        var queue = element.removing(["refcnt"])
        if let waiting, waiting.handle == queue["handle"]?.string, waiting.backlogPackets > 0 {
            queue = queue.setting("backlog_bytes", .number(waiting.backlogBytes))
                .setting("backlog_packets", .number(waiting.backlogPackets))
        }
        guard let options = queue["options"] else { return queue }
        return queue.setting("options", options.removing(["direct_packets_stat"]))
    }

    /// Programs by name and tag, out of what `ip link` and `tc filter` tell of them.
    static func programs(links: [JSONTree], filters: [JSONTree]) -> [JSONTree] {
        var programs: [JSONTree] = []
        func add(_ link: JSONTree?, _ attach: String, _ program: JSONTree) {
            programs.append(
                JSONTree(members: [
                    "link": link, "attach": .string(attach), "name": program["name"], "tag": program["tag"],
                ]))
        }
        for link in links {
            guard let xdp = link["xdp"] else { continue }
            let attached = xdp["attached"]?.elements ?? []
            if attached.isEmpty { add(link["ifname"], "xdp", xdp["prog"] ?? xdp) }
            for one in attached { add(link["ifname"], "xdp", one["prog"] ?? one) }
        }
        for filter in filters where filter["kind"]?.string == "bpf" {
            // Classic BPF has no name: its code is the filter's own.
            guard let options = filter["options"], options["bytecode"] == nil else { continue }
            let name = options["bpf_name"] ?? options["prog"]?["name"]
            let tag = options["prog"]?["tag"] ?? options["tag"]
            add(
                filter["dev"], "tc \(filter["attach"]?.string ?? "")",
                JSONTree(members: ["name": name, "tag": tag]))
        }
        return programs
    }
}
