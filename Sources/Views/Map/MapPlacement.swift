/// Where the boxes of a map stand: in columns, by how many wires they are away from the first box; where the page ends the
/// columns go on in another band below.
struct MapPlacement {
    struct Box {
        var name: String
        var width: Int
        var height: Int
        /// Positions of the boxes that it has a wire to.
        var joined: [Int]
    }

    struct Place {
        var x = 0
        var y = 0
        /// Counted over all bands.
        var column = 0
        var band = 0
    }

    private(set) var places: [Place]
    /// For each band, where it ends at the bottom.
    private(set) var bottoms: [Int] = []

    private let boxes: [Box]
    private let margin: Int

    static let gutter = 48
    private static let gap = 30
    /// A column of many boxes goes on beside itself.
    private static let tallest = 1500

    /// - Parameter boxes: the first one is where the map begins.
    init(_ boxes: [Box], margin: Int, top: Int) {
        self.boxes = boxes
        self.margin = margin
        places = Array(repeating: Place(), count: boxes.count)
        let right = max(boxes.count > 16 ? 1800 : 1240, (boxes.map(\.width).max() ?? 0) + 2 * margin)
        var y = top
        var column = 0
        for part in parts() {
            for band in bands(columns(part), right: right) {
                var x = margin
                var bottom = y
                for members in band {
                    var at = y
                    for box in members {
                        places[box] = Place(x: x, y: at, column: column, band: bottoms.count)
                        at += boxes[box].height + Self.gap
                    }
                    bottom = max(bottom, at - Self.gap)
                    x += width(members) + Self.gutter
                    column += 1
                }
                bottoms.append(bottom)
                y = bottom + Self.gap + 16
            }
            // What comes next is not joined to this.
            column += 1
        }
    }

    private func width(_ members: [Int]) -> Int { members.map { boxes[$0].width }.max() ?? 0 }

    /// Each part's members by their distance from its first box; those at one distance in the order of those that they hang on.
    private func parts() -> [[[Int]]] {
        var seen: Set<Int> = []
        var result: [[[Int]]] = []
        let natural = boxes.indices.sorted { boxes[$0].name.comesBefore(boxes[$1].name) }
        // A chain is drawn from an end.
        let ends = natural.filter { Set(boxes[$0].joined).count == 1 } + natural
        for start in (boxes.isEmpty ? [] : [0]) + ends where seen.insert(start).inserted {
            var layers = [[start]]
            while true {
                var next: [Int] = []
                for box in layers[layers.count - 1] {
                    let far = boxes[box].joined.sorted { boxes[$0].name.comesBefore(boxes[$1].name) }
                    next += far.filter { seen.insert($0).inserted }
                }
                if next.isEmpty { break }
                layers.append(next)
            }
            result.append(layers)
        }
        return joinedSingles(result)
    }

    /// Boxes that nothing hangs on stand beside each other, not each in a band of its own.
    private func joinedSingles(_ parts: [[[Int]]]) -> [[[Int]]] {
        let singles = parts.dropFirst().filter { $0.count == 1 && $0[0].count == 1 }
        let others = parts.enumerated().filter {
            $0.offset == 0 || !($0.element.count == 1 && $0.element[0].count == 1)
        }
        .map(\.element)
        return singles.isEmpty ? others : others + [singles.map { $0[0] }]
    }

    private func columns(_ layers: [[Int]]) -> [[Int]] {
        layers.flatMap { layer in
            var columns: [[Int]] = [[]]
            var height = 0
            for box in layer {
                if height + boxes[box].height > Self.tallest, height > 0 {
                    columns.append([])
                    height = 0
                }
                columns[columns.count - 1].append(box)
                height += boxes[box].height + Self.gap
            }
            return columns
        }
    }

    private func bands(_ columns: [[Int]], right: Int) -> [[[Int]]] {
        var bands: [[[Int]]] = []
        var x = right
        for members in columns {
            if x + width(members) > right - margin || bands.isEmpty {
                bands.append([])
                x = margin
            }
            bands[bands.count - 1].append(members)
            x += width(members) + Self.gutter
        }
        return bands
    }
}
