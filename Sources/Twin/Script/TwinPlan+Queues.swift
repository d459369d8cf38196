internal import Network
internal import Snapshot

/// Queueing disciplines, their classes, and the filters of tc(8).
extension TwinPlan {
    mutating func addQueues(_ text: inout ScriptText, _ namespace: NamespaceSnapshot, _ name: String?) {
        var lines: [String] = []
        for queue in Self.parentsFirst(namespace.queues) {
            guard let device = queue.text("dev") else { continue }
            if queue["class"] != nil {
                guard let words = QueueWords.ofClass(queue) else { continue }
                lines += [batchLine(["class", "add", "dev", device] + words)].compactMap(\.self)
                continue
            }
            guard let kind = queue.text("kind") else { continue }
            guard let options = QueueWords.options(kind, queue["options"] ?? .object([])) else {
                assume(.notRebuilt, in: namespace, "the queueing discipline \(kind) of \(device) is not rebuilt")
                continue
            }
            if QueueWords.losesOptions.contains(kind), queue["options"]?.members.isEmpty == false {
                assume(
                    .notRebuilt, in: namespace,
                    "the queueing discipline \(kind) of \(device) has the options that the kernel gives it")
            }
            let parent: [String] =
                Self.isHook(queue) ? [] : queue.text("parent").map { ["parent", $0] } ?? ["root"]
            let handle = queue.text("handle").map { $0 == "0:" || parent.isEmpty ? [] : ["handle", $0] } ?? []
            // A class has a discipline of its own from the start.
            let verb = queue["parent"] == nil || parent.isEmpty ? "add" : "replace"
            lines += [batchLine(["qdisc", verb, "dev", device] + parent + handle + [kind] + options)].compactMap(
                \.self)
        }
        lines += filterLines(namespace)
        guard !lines.isEmpty else { return }
        programs.insert("tc")
        text.blank()
        text.comment("Queueing disciplines, classes and filters of \(Self.visible(namespace.name)).")
        text.feed("tc_batch", in: name, lines)
    }

    private mutating func filterLines(_ namespace: NamespaceSnapshot) -> [String] {
        var lines: [String] = []
        var told: Set<String> = []
        for filter in namespace.filters {
            guard let device = filter.text("dev"), !FilterWords.isHeading(filter) else { continue }
            if let line = FilterWords.words(filter).flatMap({ batchLine(["filter", "add", "dev", device] + $0) }) {
                lines.append(line)
                continue
            }
            // A program of eBPF is told as such.
            if FilterWords.isProgram(filter) { continue }
            let words =
                "the filter \(filter.text("kind") ?? "of tc") of \(device) is not rebuilt: it lets every packet pass"
            if told.insert(words).inserted { assume(.notRebuilt, in: namespace, words) }
        }
        return lines
    }

    /// Disciplines and classes so that each comes after what it belongs to: the kernel lists them by device, in the order
    /// of its tables.
    private static func parentsFirst(_ queues: [JSONTree]) -> [JSONTree] {
        var made: Set<String> = []
        var left = queues
        var ordered: [JSONTree] = []
        while !left.isEmpty {
            let ready = left.filter { queue in
                // The highest class belongs to the discipline itself.
                let own = queue["class"] == nil ? nil : queue.text("handle").map { "\($0.prefix { $0 != ":" }):" }
                guard let parent = queue.text("parent") ?? own, let device = queue.text("dev"), !isHook(queue) else {
                    return true
                }
                let isClass = left.contains { $0["class"] != nil && name($0) == "\(device) \(parent)" }
                let major = parent.prefix { $0 != ":" }
                return !isClass && !left.contains { $0["class"] == nil && name($0) == "\(device) \(major):" }
            }
            // Two that belong to each other the kernel does not have; a document may.
            let now = ready.isEmpty ? left : ready
            ordered += now
            for queue in now { made.insert(name(queue)) }
            left.removeAll { made.contains(name($0)) }
        }
        return ordered
    }

    /// No queue, but a place for filters.
    private static func isHook(_ queue: JSONTree) -> Bool { ["clsact", "ingress"].contains(queue.text("kind") ?? "") }

    private static func name(_ queue: JSONTree) -> String {
        "\(queue.text("dev") ?? "") \(queue.text("handle") ?? "")"
    }
}
