internal import Glibc
internal import LinuxSystem
internal import Observations
internal import Topology

/// Arms the netfilter hooks of `namespaces` as `plan.hooks` says. Called on the reader thread, before any packet.
///
/// Vantage points are numbered through `intake.vantage`. What could not be armed, but need not stop the run, is
/// appended to `warnings`: a namespace without hooks is still seen by its links' captures.
func armHooks(
    namespaces: [Namespace], plan: ProbePlan, intake: Intake, warnings: inout [String]
) throws -> [any ProbeSource] {
    guard plan.hooks != .none, !namespaces.isEmpty else { return [] }
    let arming = HookArming(run: try RunIdentity.current(), plan: plan)
    return arming.arm(namespaces, intake: intake, warnings: &warnings)
}

/// The work of `armHooks`.
private struct HookArming {
    let run: RunIdentity
    let plan: ProbePlan
    let match = ""

    func arm(_ namespaces: [Namespace], intake: Intake, warnings: inout [String]) -> [any ProbeSource] {
        var sources: [any ProbeSource] = []
        for namespace in namespaces {
            do {
                sources.append(try armNftables(namespace, intake: intake))
            } catch {
                warnings.append("no netfilter hooks in \(namespace.name): \(error)")
            }
        }
        return sources
    }

    private func armNftables(_ namespace: Namespace, intake: Intake) throws -> any ProbeSource {
        let file = try NetworkNamespaceFile(path: namespace.path)
        let points = HookPlan(chains: namespace.netfilter.chains).chainPoints
        let socket = try openSocket(in: file)
        let context = try NftablesContext(namespace: file)
        let table = OwnedTable(
            run: run, points: points, group: socket.group, snapLength: plan.snapLength, match: match)
        do {
            try table.lay(in: context, named: namespace.name)
        } catch {
            socket.close()
            throw error
        }
        return NFLOGSource(
            namespace: namespace.name, socket: socket,
            vantages: vantages(of: points, in: namespace.name, intake: intake)
        ) { [context] in
            _ = try? context.run(table.removal, attempt: "remove nftables hooks")
        }
    }

    private func openSocket(in file: NetworkNamespaceFile) throws -> NFLOGSocket {
        let snapLength = plan.snapLength
        // Two runs in one namespace seldom ask for one group, so that neither has to look on.
        let first = UInt16(truncatingIfNeeded: 0x4000 + run.process % 0x4000)
        return try file.perform { try NFLOGSocket(snapLength: snapLength, firstGroup: first) }
    }

    private func vantages(of points: [HookPoint], in namespace: String, intake: Intake) -> [NFLOGSource.Vantage] {
        points.map { point in
            NFLOGSource.Vantage(number: intake.vantage(point.vantage(namespace: namespace)), rank: point.rank)
        }
    }
}
