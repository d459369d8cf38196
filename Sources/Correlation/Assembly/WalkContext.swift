internal import WalkModel
import Observations
import Network

/// What the writing of walks looks up: names, the topology, routing decisions. A snapshot, shared by batches.
final class WalkContext: Sendable {
    let places: Places
    let routes: [EngineCore.RouteKey: RouteDecision]

    init(places: Places, routes: [EngineCore.RouteKey: RouteDecision]) {
        self.places = places
        self.routes = routes
    }
}
