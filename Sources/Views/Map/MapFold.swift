import Network
import Wire

/// Folds what is alike on a map: rows and boxes that differ in nothing but names, addresses and their own devices.
struct MapFold {
    /// So many are drawn one by one.
    static let limit = 6

    /// Rows in their order. Of more than `limit` that are alike the first and the last stay, and a row between them says how
    /// many there are; the last is drawn without the facts that the first has. The namespaces in `kept` stay as well.
    static func folded(_ rows: [MapLayout.Row], keeping kept: Set<String> = []) -> [MapLayout.Row] {
        let shapes = rows.map(shape)
        var counts: [[String]: Int] = [:]
        for (row, shape) in zip(rows, shapes) where !kept.contains(row.far?.namespace ?? "") {
            counts[shape, default: 0] += 1
        }
        var seen: [[String]: Int] = [:]
        var firsts: [[String]: String] = [:]
        var result: [MapLayout.Row] = []
        for (row, shape) in zip(rows, shapes) {
            let count = counts[shape] ?? 0
            guard count > limit, let far = row.far, far.kind == .leaf, !kept.contains(far.namespace) else {
                result.append(row)
                continue
            }
            seen[shape, default: 0] += 1
            switch seen[shape] {
            case 1:
                firsts[shape] = far.namespace
                result.append(row)
            case 2:
                result.append(more(row, count - 2, like: firsts[shape] ?? ""))
            case count:
                var last = row
                last.far?.facts = []
                result.append(last)
            default: break
            }
        }
        return result
    }

    /// Boxes in their order. Of more than `limit` that are alike the first stays, and names others.
    static func folded(_ boxes: [MapLayout.Box], keeping kept: Set<String> = []) -> [MapLayout.Box] {
        let shapes = boxes.map(shape)
        var counts: [[String]: Int] = [:]
        for (box, shape) in zip(boxes, shapes) where !kept.contains(box.namespace) { counts[shape, default: 0] += 1 }
        var firsts: [[String]: Int] = [:]
        var result: [MapLayout.Box] = []
        for (box, shape) in zip(boxes, shapes) {
            let isFolded = counts[shape].map { $0 > limit } == true && !kept.contains(box.namespace)
            if isFolded, let first = firsts[shape] {
                result[first].alike.append(box.namespace)
                continue
            }
            if isFolded { firsts[shape] = result.count }
            result.append(box)
        }
        return foldedRows(result)
    }

    /// Rows that lead to boxes which are drawn as one: of more than `limit` the first stays, and the next says how many
    /// others there are.
    private static func foldedRows(_ boxes: [MapLayout.Box]) -> [MapLayout.Box] {
        var standIns: [String: String] = [:]
        for box in boxes where !box.alike.isEmpty {
            for name in [box.namespace] + box.alike { standIns[name] = box.namespace }
        }
        if standIns.isEmpty { return boxes }
        func standIn(_ row: MapLayout.Row) -> String? {
            row.far.flatMap { $0.kind == .box ? standIns[$0.namespace] : nil }
        }
        return boxes.map { box in
            var counts: [String: Int] = [:]
            for row in box.rows { if let name = standIn(row) { counts[name, default: 0] += 1 } }
            var seen: [String: Int] = [:]
            var folded = box
            folded.rows = box.rows.compactMap { row in
                guard let name = standIn(row), let count = counts[name], count > limit else { return row }
                seen[name, default: 0] += 1
                switch seen[name] {
                case 1: return row
                case 2: return more(row, count - 1, like: name)
                default: return nil
                }
            }
            // The last port of a bridge may be one of those that are gone.
            for index in folded.rows.indices {
                let isPort = folded.rows[index].depth == 1
                let next = index + 1 < folded.rows.count ? folded.rows[index + 1].depth : 0
                folded.rows[index].isLastPort = isPort && next == 0
            }
            return folded
        }
    }

    /// A row in the place of `count` others.
    private static func more(_ row: MapLayout.Row, _ count: Int, like name: String) -> MapLayout.Row {
        var more = row
        more.words = []
        more.device = "… \(count) more"
        more.far = MapLayout.Far(
            kind: .more, namespace: "… \(count) more like \(name)", device: "", words: [], facts: [])
        return more
    }

    // MARK: What two have in common

    private static func shape(_ box: MapLayout.Box) -> [String] {
        var shape = [box.subtitle == nil ? "" : "named"]
        for row in box.rows { shape += self.shape(row) + ["\(row.depth)\(row.isLastPort)"] }
        for fact in box.facts {
            shape.append(fact.label)
            shape += fact.phrases.map { self.shape($0, devices: [:]) }
        }
        return shape
    }

    private static func shape(_ row: MapLayout.Row) -> [String] {
        var devices = [row.device: "near"]
        if let far = row.far { devices[far.device] = "far" }
        var shape = row.words.map { self.shape($0, devices: devices) }
        guard let far = row.far else { return shape + [row.device] }
        shape.append("\(far.kind)")
        if far.kind != .leaf { shape.append(self.shape(Phrase(far.namespace), devices: devices)) }
        shape += far.words.map { self.shape($0, devices: devices) } + ["|"]
        return shape + far.facts.map { self.shape($0, devices: devices) }
    }

    /// A phrase with its addresses and its own devices' names taken out.
    private static func shape(_ phrase: Phrase, devices: [String: String]) -> String {
        let words = phrase.text.split(separator: " ", omittingEmptySubsequences: false).map { word -> String in
            if let device = devices[String(word)] { return device }
            let bare = word.hasSuffix(",") ? word.dropLast() : word
            if let prefix = IPPrefix(String(bare)) { return "@/\(prefix.length)" }
            return IPAddress(String(bare)) == nil ? String(word) : "@"
        }
        return "\(phrase.style) \(words.joined(separator: " "))"
    }
}
