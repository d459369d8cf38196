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
        return step.programs.compactMap { program in
            if let target = step.namespace.redirectTarget(of: program) {
                return target.isUp ? nil : .candidate(redirected(program, to: target, at: step))
            }
            let (name, device) = (step.namespace.name, step.link.name)
            let isXDP = program.hasPrefix("xdp")
            let mode = program.split(separator: " ").first.map(String.init) ?? "xdp"
            let action: RemedyAction = isXDP ? .ip(step.namespace, "link set dev \(device) \(mode) off") : step.removal
            return .candidate(
                candidate(
                    at: step.place, "a program (\(program)) attached to \(device) in \(name) may drop the packet",
                    evidence: [step.fact(program)], remedy: Remedy([action]), isCertain: false,
                    reasons: isXDP ? ["XDP"] : ["TC_INGRESS", "TC_EGRESS"]))
        }
    }

    /// What is redirected to a device that is down is dropped (`tcf_mirred_to_dev`).
    private func redirected(_ program: String, to target: Link, at step: ProgramStep) -> Candidate {
        let (name, device) = (step.namespace.name, step.link.name)
        let what = step.isIngress ? "comes in by" : "leaves by"
        return candidate(
            at: step.place,
            "a filter (\(program)) of \(device) in \(name) takes what \(what) \(device) to \(target.name), which is down: what it redirects there is dropped",
            evidence: [step.fact(program), .state("\(target.name) in \(name) is not up")],
            remedy: Remedy([.ip(step.namespace, "link set \(target.name) up")]), isCertain: false,
            reasons: ["TC_INGRESS", "TC_EGRESS"])
    }
}

extension ProgramStep {
    /// Those of the device that the packet meets here.
    var programs: [String] {
        link.programs.filter { program in
            if program.hasPrefix("xdp") { return isIngress && isBeforeCapture }
            return program.contains(isIngress ? "ingress" : "egress") && !isBeforeCapture
        }
    }

    var place: Finding.Place {
        Finding.Place(namespace: namespace.name, hook: isIngress ? .ingress : .egress, device: link.name)
    }

    /// Takes the filters of tc away.
    var removal: RemedyAction { .run(namespace, "tc filter del dev \(link.name) \(isIngress ? "ingress" : "egress")") }

    func fact(_ program: String) -> Fact { .state("\(program) on \(link.name) in \(namespace.name)") }
}
