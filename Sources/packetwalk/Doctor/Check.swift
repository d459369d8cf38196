internal import Views

/// One thing that the tool needs or can use, and what this machine says of it.
struct Check: Codable {
    enum State: String, Codable {
        case ok
        /// Works in part: the detail says how.
        case limited
        case missing
    }

    var name: String
    var state: State
    /// What was found.
    var detail: String
    /// How to get it; nil where nothing is missing.
    var remedy: String?
    /// Without it the tool can't do its main job.
    var isNeeded: Bool

    enum CodingKeys: String, CodingKey {
        case name, state, detail, remedy
        case isNeeded = "needed"
    }
}

extension Check.State {
    var mark: Table.Mark {
        switch self {
        case .ok: .good
        case .limited: .caution
        case .missing: .bad
        }
    }
}
