internal import WalkModel

extension Walk {
    /// All that an explanation looks at: the path, and what the packet looked like on it.
    var withoutIdentity: Walk {
        var walk = self
        walk.id = ""
        walk.answers = nil
        walk.startNanoseconds = 0
        walk.durationNanoseconds = 0
        for index in walk.hops.indices { walk.hops[index].offsetNanoseconds = 0 }
        return walk
    }
}
