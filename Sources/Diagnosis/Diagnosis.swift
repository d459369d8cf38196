internal import Ruleset
public import WalkModel

/// Why a packet did not arrive, and what would fix it.
///
/// A pure function of a walk, its reply and the state of the network. From where the packet was last seen its path
/// through that state is followed in the order of the kernel's packet flow (`ForwardPath`); at each step the obstacles of
/// the catalogue say whether they could stop it there (`Obstacle`, `Catalogue`). What the kernel itself reported decides
/// between them (`Witness`). The first finding is the cause; later ones would also stop the packet. A cause that is not
/// proven is at most a warning.
public enum Diagnosis {
    /// - Parameters:
    ///   - walk: the packet's walk.
    ///   - reply: the walk that answers it, where one was seen.
    /// - Returns: the findings, and the walk with them and with what they say of its outcome and end.
    public static func findings(
        for walk: Walk, reply: Walk?, context: DiagnosisContext
    ) -> (findings: [Finding], walk: Walk) {
        let concerned = context.concerning([walk, reply].compactMap(\.self))
        var diagnosis = WalkDiagnosis(walk: walk, reply: reply, context: concerned)
        var findings = diagnosis.run()
        for index in findings.indices { findings[index].nameDevices(of: concerned.topology) }
        var refined = diagnosis.walk
        refined.findings = findings
        return (findings, refined)
    }
}
