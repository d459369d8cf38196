internal import Glibc
internal import LinuxSystem
internal import Network
internal import Observations

/// Points of hooks: laid when a namespace is armed, and where further chains come.
extension SightingSource {
    /// Sees packets at the hooks of a namespace: at points that are not seen yet, and no more at those whose place has another
    /// priority now. Throws `SystemError` or `ProbeError`; nothing is changed then.
    ///
    /// - Returns: whether anything was attached.
    @discardableResult
    func arm(
        _ points: [HookPoint], of namespace: Namespace, in file: NetworkNamespaceFile, intake: Intake
    ) throws -> Bool {
        let inode = UInt32(truncatingIfNeeded: file.inode)
        let known = hooks.filter { UInt32($0.key >> 32) == inode }
        let laid = known.values.reduce(into: [HookPoint: Int]()) { $0[$1.point] = $1.number }
        let change = HookChange(laid: Array(laid.keys), wanted: points)
        if change.isEmpty { return false }
        let attached = try attach(try numbers(for: change, beside: laid), in: file)
        for (key, place) in known where change.moved.contains(place.point) {
            Glibc.close(place.descriptor)
            hooks[key] = nil
        }
        for made in attached {
            guard let hook = HookPlan.hooks.firstIndex(of: made.point.hook) else { continue }
            let key = SightingPlace.key(
                inode: inode, hook: SightingProbe.hookNumbers[hook], family: made.family, point: made.number)
            hooks[key] = HookPlace(
                vantage: intake.vantage(made.point.vantage(namespace: namespace.name)), point: made.point,
                number: made.number, descriptor: made.descriptor)
        }
        rebuildPlaces()
        return true
    }

    /// The program for each new point: that of the one whose place it takes, else the first that is free at its hook.
    private func numbers(for change: HookChange, beside laid: [HookPoint: Int]) throws -> [(HookPoint, number: Int)] {
        var taken = laid
        return try change.new.map { point in
            let former = change.moved.first { $0.isSamePlace(as: point) }
            let used = Set(taken.filter { $0.key.hook == point.hook }.values)
            let free = (0..<probe.hookPoints).first { !used.contains($0) }
            guard let number = former.flatMap({ laid[$0] }) ?? free else {
                let reason = "no more than \(probe.hookPoints) points of one hook were prepared"
                throw ProbeError("see packets at \(point)", reason: reason, remedy: "begin the run anew")
            }
            taken[point] = number
            return (point, number)
        }
    }

    private struct Attached: Sendable {
        var point: HookPoint
        var number: Int
        var family: Int32
        var descriptor: Int32
    }

    /// Attaches all of them, or none.
    private func attach(_ points: [(HookPoint, number: Int)], in file: NetworkNamespaceFile) throws -> [Attached] {
        let probe = probe
        let families = Self.families
        return try file.perform { () throws -> [Attached] in
            var attached: [Attached] = []
            do {
                for (point, number) in points {
                    for family in families {
                        guard let made = try probe.attach(point, number: number, family: family.number) else {
                            continue
                        }
                        attached.append(
                            Attached(point: point, number: number, family: family.number, descriptor: made))
                    }
                }
            } catch {
                for made in attached { Glibc.close(made.descriptor) }
                throw error
            }
            return attached
        }
    }
}
