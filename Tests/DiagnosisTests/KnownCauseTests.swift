import Network
import Observations
import Testing
import WalkModel
import Wire

@testable import Diagnosis

/// A reply that ends long after its request was explained is explained by itself.
@Suite("A late reply")
struct KnownCauseTests {
    private let cause = Finding(
        code: "source-nat-unheld", severity: .error, where: Finding.Place(namespace: "host", hook: .postrouting),
        message: "replies don't come back", evidence: [])
    private let symptom = Finding(
        code: "neighbor-unresolved", severity: .error, where: Finding.Place(namespace: "wan", device: "wan0"),
        message: "no ARP reply", evidence: [],
        remedy: Remedy([.ip(BaseNetwork().topology.namespaces[2], .ipv4, "link set wan0 up")]))

    private func request(_ probe: Probe, severity: Finding.Severity = .error) -> Walk {
        var walk = probe.walk(.delivered, through: toWan)
        walk.findings = [cause]
        walk.findings[0].severity = severity
        return walk
    }

    private func reply(_ probe: Probe, to request: String?) -> Walk {
        var walk = probe.reply.walk(.lost, through: [.sent("wan")], answers: request)
        walk.findings = [symptom]
        return walk
    }

    @Test("fails for what its request met, and is no fault of the place where it ends")
    func related() throws {
        let asked = request(.ping)
        var causes = KnownCauses()
        causes.take(asked)
        let findings = causes.related(reply(.ping, to: asked.id))
        let first = try #require(findings.first)
        #expect(findings.count == 1)
        #expect(first.code == "neighbor-unresolved" && first.severity == .warning && first.remedy == nil)
        #expect(first.evidence.last?.text.contains("(source-nat-unheld)") == true)
    }

    @Test("is known by its ports where it was sent again and answers nothing by itself")
    func sentAgain() {
        var causes = KnownCauses()
        causes.take(request(.tcp(80, to: "198.51.100.1")))
        #expect(causes.related(reply(.tcp(80, to: "198.51.100.1"), to: nil)).first?.severity == .warning)
        // Of another connection.
        #expect(causes.related(reply(.tcp(81, to: "198.51.100.1"), to: nil)) == [symptom])
    }

    @Test("keeps its own cause where nothing certain is known of its request, or the same")
    func own() {
        var causes = KnownCauses()
        let doubtful = request(.ping, severity: .warning)
        causes.take(doubtful)
        #expect(causes.related(reply(.ping, to: doubtful.id)) == [symptom])
        var same = request(.ping)
        same.findings = [symptom]
        causes.take(same)
        #expect(causes.related(reply(.ping, to: same.id)) == [symptom])
        #expect(causes.related(reply(.ping, to: "another")) == [symptom])
    }
}
