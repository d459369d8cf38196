import Testing

@testable import WalkModel

@Suite("The proof of a fix in a walk's JSON")
struct RemedyProofTests {
    private static func read(_ proof: RemedyProof?, verified: Bool) throws -> (Remedy?, String) {
        var walk = WalkJSONTests.full
        walk.findings[0].remedy = Remedy([RemedyAction(in: nil, .line("ip link set dev veth0 up"))], verified: verified)
        walk.findings[0].remedy?.proof = proof
        let line = WalkJSON.line(walk)
        return (try WalkJSON.walk(from: line.utf8).findings[0].remedy, line)
    }

    @Test("comes back as it was, and stands in the words of the contract")
    func roundTrip() throws {
        let proof = RemedyProof(
            without: "dropped by nft inet filter forward 3 in host", with: "answered",
            opens: ["db to 172.19.0.0/24: tcp 5432", WalkJSONTests.strange], closes: ["web to 10.0.0.1: icmp"],
            tried: 1160, assumptions: ["what lies behind eth0 answers"])
        let (remedy, line) = try Self.read(proof, verified: true)
        #expect(remedy?.proof == proof)
        #expect(remedy?.verified == true)
        #expect(
            line.contains(
                #""proof":{"with":"answered","without":"dropped by nft inet filter forward 3 in host"},"tried":1160,"verified":true"#
            ))
    }

    @Test("the owner's own command stands beside it, with a proof and without", arguments: [true, false])
    func owner(hasProof: Bool) throws {
        let owner = OwnerRemedy(
            "ufw", ["ufw allow 80/tcp", "x \("--rule=a b")"], note: hasProof ? nil : "what \"it\" forgets")
        var walk = WalkJSONTests.full
        walk.findings[0].remedy = Remedy([RemedyAction(in: nil, .line("iptables -A INPUT"))], verified: true)
        walk.findings[0].remedy?.owner = owner
        if hasProof { walk.findings[0].remedy?.proof = RemedyProof(without: "dropped", with: "answered", tried: 1) }
        let line = WalkJSON.line(walk)
        let remedy = try WalkJSON.walk(from: line.utf8).findings[0].remedy
        #expect(remedy?.owner == owner)
        #expect(owner.commands == ["ufw allow 80/tcp", "x --rule='a b'"])
        #expect(remedy?.lastingCommands == owner.commands)
        #expect(remedy?.commands == ["iptables -A INPUT"])
    }

    @Test("is absent where nothing was tried")
    func absent() throws {
        let (remedy, line) = try Self.read(nil, verified: false)
        #expect(remedy?.proof == nil)
        #expect(line.contains(#"{"commands":["ip link set dev veth0 up"],"verified":false}"#))
    }
}
