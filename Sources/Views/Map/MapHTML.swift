import Network
import Wire

/// A map as a page: the drawing, and each namespace's devices and routes in tables.
struct MapHTML {
    private let topology: Topology
    private let verbosity: Verbosity
    private let isPart: Bool

    init(_ topology: Topology, verbosity: Verbosity, isPart: Bool = false) {
        self.isPart = isPart
        self.topology = topology
        self.verbosity = verbosity
    }

    func render() -> String {
        var page = HTMLPage(title: "Network map of \(topology.host)")
        page.body.append("<p class=\"dim\">\(MarkupText.xml(topology.time))</p>")
        let svg = MapSVG(MapLayout(topology, verbosity: verbosity, isPart: isPart)).document()
        page.body.append("<div class=\"figure\">\n\(svg.inPage())\n</div>")
        for namespace in topology.namespaces {
            page.heading(
                ([namespace.name] + namespace.otherNames).joined(separator: ", "))
            page.table(
                heading: ["device", "kind", "state", "addresses", "wire", "mtu", "hardware address"],
                rows: namespace.links.map { link in
                    let wire =
                        link.peer.map { "\($0.namespace ?? "?") \($0.device)" } ?? link.master.map { "port of \($0)" }
                    return [
                        link.name, link.kind.rawValue, link.isUp ? link.state.rawValue : "down",
                        link.addresses.map(\.description).joined(separator: " "), wire ?? "", "\(link.mtu)",
                        link.mac?.description ?? "",
                    ].map { MarkupText.xml($0) }
                })
            let routes = namespace.routes.filter { $0.table != .local }
            if !routes.isEmpty {
                page.body.append(
                    "<pre>" + routes.map { MarkupText.xml(MapFacts.text($0)) }.joined(separator: "\n") + "</pre>")
            }
        }
        return page.render()
    }
}
