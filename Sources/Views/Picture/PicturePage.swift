import Network
import WalkModel

/// All entries of a picture as one page: the map, and each entry with its cause, its drawing and its steps.
struct PicturePage {
    private let picture: Picture

    init(_ picture: Picture) {
        self.picture = picture
    }

    private var isSingle: Bool { picture.entries.count == 1 && picture.omitted == 0 }

    func render() -> String {
        var page = HTMLPage(title: picture.title)
        if isSingle, let entry = picture.entries.first { page.heading = WalkHTML(entry).heading }
        page.kind = isSingle ? "single" : "several"
        page.tools = tools
        if picture.entries.isEmpty { page.body.append("<p class=\"none\">No packets were seen.</p>") }
        let entries = picture.entries.map { WalkHTML($0).section(isSingle: isSingle) }
        // Of one the cause comes first; of many the map shows where all of them were.
        page.body += isSingle ? entries + maps : maps + entries
        if let remark = picture.remark { page.body.append("<p class=\"dim\">\(MarkupText.xml(remark))</p>") }
        return page.render()
    }

    private var tools: [String] {
        guard !picture.entries.isEmpty else { return [] }
        let keys = [
            ("j", "next hop"), ("k", "previous"), ("n", "next entry"), ("p", "previous"), ("o", "fold one"),
            ("f", "fold all"), ("/", "filter"),
        ].filter { !isSingle || !["n", "p", "/", "f"].contains($0.0) }
        let help = keys.map { "<kbd>\($0.0)</kbd> \($0.1)" }.joined(separator: " &#160; ")
        let chooser = """
            <div class="tools" data-script="1" hidden="hidden">
            <input type="search" id="filter" placeholder="filter: names, addresses, rules, causes" aria-label="filter"/>
            <label><input type="checkbox" id="failed"/> only what failed</label>
            <button type="button" id="fold">fold or open all</button>
            <span id="shown" class="dim" role="status"></span>
            </div>
            """
        return (isSingle ? [] : [chooser])
            + ["<p class=\"keys\" data-script=\"1\" hidden=\"hidden\">\(help) &#160; click a hop for its evidence</p>"]
    }

    private var maps: [String] {
        // The path of an entry is drawn upon the map: what it passes stands there.
        let hops = picture.entries.flatMap { $0.drawing.request.hops + ($0.drawing.reply?.hops ?? []) }
        let passed = Set(hops.map(\.namespace))
        return picture.topologies.sorted { $0.key < $1.key }.map { host, topology in
            let layout = MapLayout(topology, verbosity: picture.options.verbosity, keeping: passed)
            let svg = MapSVG(layout).document()
            let name = host.isEmpty ? topology.host : host
            return """
                <details class="map" open="open"><summary>Network of \(MarkupText.xml(name)) \
                <span class="dim">with the path of the chosen entry</span></summary>
                <div class="figure">
                \(svg.inPage())
                </div></details>
                """
        }
    }
}
