internal import Observations
internal import Ruleset
internal import Network
internal import WalkModel
internal import Wire

/// A tc or XDP program of a device. Nobody can look into it, so it is certain only where the kernel names it.
struct TCDrop: Obstacle {
    let code: FindingCode = "tc-drop"
    let steps: Set<PathStep.Kind> = [.programs]
    let reasons: Set<DropReason> = ["XDP", "TC_INGRESS", "TC_EGRESS"]
    let traits: ObstacleTraits = .stopsEveryFrame

    func words(for reason: DropReason, _ packet: PacketState) -> String? {
        switch reason {
        case "XDP": "an XDP program dropped it"
        case "TC_INGRESS": "a tc program at ingress dropped it"
        case "TC_EGRESS": "a tc program at egress dropped it"
        default: nil
        }
    }

    func examine(_ step: PathStep, _ surroundings: Surroundings) -> [Judgement] {
        guard case .programs(let step) = step else { return [] }
        return step.link.programs.filter { runs($0, at: step) }.map { program in
            let (name, device) = (step.namespace.name, step.link.name)
            let isXDP = program.hasPrefix("xdp")
            let mode = program.split(separator: " ").first.map(String.init) ?? "xdp"
            let action: RemedyAction =
                isXDP
                ? .ip(step.namespace, "link set dev \(device) \(mode) off")
                : .run(step.namespace, "tc filter del dev \(device) \(step.isIngress ? "ingress" : "egress")")
            if let target = step.namespace.redirectTarget(of: program), !target.isUp {
                return .candidate(redirected(program, to: target, at: step))
            }
            return .candidate(
                candidate(
                    at: Finding.Place(namespace: name, hook: step.isIngress ? .ingress : .egress, device: device),
                    "a program (\(program)) attached to \(device) in \(name) may drop the packet",
                    evidence: [.state("\(program) on \(device) in \(name)")], remedy: Remedy([action]),
                    isCertain: false, reasons: isXDP ? ["XDP"] : ["TC_INGRESS", "TC_EGRESS"]))
        }
    }

    /// What is redirected to a device that is down is dropped (`tcf_mirred_to_dev`).
    private func redirected(_ program: String, to target: Link, at step: ProgramStep) -> Candidate {
        let (name, device) = (step.namespace.name, step.link.name)
        let what = step.isIngress ? "comes in by" : "leaves by"
        return candidate(
            at: Finding.Place(namespace: name, hook: step.isIngress ? .ingress : .egress, device: device),
            "a filter (\(program)) of \(device) in \(name) takes what \(what) \(device) to \(target.name), which is down: what it redirects there is dropped",
            evidence: [
                .state("\(program) on \(device) in \(name)"), .state("\(target.name) in \(name) is not up"),
            ], remedy: Remedy([.ip(step.namespace, "link set \(target.name) up")]), isCertain: false,
            reasons: ["TC_INGRESS", "TC_EGRESS"])
    }

    private func runs(_ program: String, at step: ProgramStep) -> Bool {
        if program.hasPrefix("xdp") { return step.isIngress && step.isBeforeCapture }
        return program.contains(step.isIngress ? "ingress" : "egress") && !step.isBeforeCapture
    }
}

extension Namespace {
    /// The device to which a filter redirects what it matches, by what is said of it: `tc ingress u32 (redirects to ifb0)`.
    fileprivate func redirectTarget(of program: String) -> Link? {
        guard let start = program.firstRange(of: "(redirects to "), program.hasSuffix(")") else { return nil }
        return self[device: String(program[start.upperBound...].dropLast())]
    }
}
