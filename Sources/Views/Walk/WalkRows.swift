/// The boxes of a walk in pixels, from left to right, in as many rows as it takes.
struct WalkRows {
    struct Stop {
        var station: PathLayout.Station
        var label: String
        var x: Int
        var width: Int
        var end: Int { x + width }
    }

    struct Box {
        var name: String
        var namespace: String
        var x: Int
        var width: Int
        var stops: [Stop]
        /// To the next box, or out of the drawing.
        var wire: PathLayout.Wire?
        var isMissing: Bool
        /// The same namespace goes on in the next row.
        var continued = false
        var end: Int { x + width }
    }

    private(set) var rows: [[Box]] = []

    static let gap = 44
    private static let space = 22

    /// - Parameters:
    ///   - left: where rows begin.
    ///   - right: where they end at the latest, but for a box with a single station.
    init(_ layout: PathLayout, left: Int, right: Int) {
        var row: [Box] = []
        var x = left
        for lane in layout.lanes {
            var stations = lane.stations[...]
            while true {
                var count = stations.count
                // What is beyond the machine is written behind the last box.
                let beyond = lane.wire == .outside ? 110 : 0
                func fits(_ count: Int) -> Bool {
                    x + Self.width(lane, stations.prefix(count)) + (count == stations.count ? beyond : 0) <= right
                }
                if !fits(count), !row.isEmpty {
                    rows.append(row)
                    row = []
                    x = left
                }
                while count > 1, !fits(count) { count -= 1 }
                var box = Self.box(lane, stations.prefix(count), x: x)
                stations = stations.dropFirst(count)
                box.continued = !stations.isEmpty
                if box.continued { box.wire = lane.isMissing ? .missing : .plain }
                row.append(box)
                x = box.end + Self.gap
                if stations.isEmpty { break }
            }
        }
        if !row.isEmpty { rows.append(row) }
    }

    private static func label(_ station: PathLayout.Station) -> String { SVGDocument.short(station.text, 24) }

    private static func width(_ lane: PathLayout.Lane, _ stations: ArraySlice<PathLayout.Station>) -> Int {
        let inner = stations.reduce(space) { $0 + SVGDocument.pixels(label($1)) + 18 + space }
        return max(inner, SVGDocument.pixels(SVGDocument.short(lane.namespace, 32)) + 20)
    }

    private static func box(_ lane: PathLayout.Lane, _ stations: ArraySlice<PathLayout.Station>, x: Int) -> Box {
        var at = x + space
        let stops = stations.map { station in
            let stop = Stop(
                station: station, label: label(station), x: at, width: SVGDocument.pixels(label(station)) + 18)
            at = stop.end + space
            return stop
        }
        return Box(
            name: SVGDocument.short(lane.namespace, 32), namespace: lane.namespace, x: x, width: width(lane, stations),
            stops: stops, wire: lane.wire, isMissing: lane.isMissing)
    }
}
