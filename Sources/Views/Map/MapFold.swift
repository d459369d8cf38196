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
                var more = row
                more.words = []
                more.device = "… \(count - 2) more"
                more.far = MapLayout.Far(
                    kind: .more, namespace: "… \(count - 2) more like \(firsts[shape] ?? "")", device: "", words: [],
                    facts: [])
                result.append(more)
            case count:
                var last = row
                last.far?.facts = []
                result.append(last)
            default: break
            }
        }
        return result
    }

    /// Boxes in their order. Of more than `limit` that are alike the first stays, and says how many others there are.
    static func folded(_ boxes: [MapLayout.Box], keeping kept: Set<String> = []) -> [MapLayout.Box] {
        let shapes = boxes.map(shape)
        var counts: [[String]: Int] = [:]
        for (box, shape) in zip(boxes, shapes) where !kept.contains(box.namespace) { counts[shape, default: 0] += 1 }
        var seen: Set<[String]> = []
        return zip(boxes, shapes).compactMap { box, shape in
            guard let count = counts[shape], count > limit, !kept.contains(box.namespace) else { return box }
            guard seen.insert(shape).inserted else { return nil }
            var first = box
            first.alike = count - 1
            return first
        }
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
