import Testing

@testable import Twin

@Suite("A lab")
struct LabTests {
    @Test("that fails to build names the command and what it said")
    func failure() {
        let log = """
            packetwalk+ ip netns add wan
            packetwalk+ ip link add eth0 type nonsense
            Error: Unknown device type.
            """
        #expect(
            Lab.failure(log: log, status: 2)
                == "cannot be built: “ip link add eth0 type nonsense” failed: Error: Unknown device type.")
        #expect(Lab.failure(log: "packetwalk+ false\n", status: 1) == "cannot be built: “false” failed: status 1")
    }

    @Test("library finds every lab, each with a description that can be read")
    func library() throws {
        let library = try LabLibrary.find()
        #expect(library.names.contains("namespace-to-wan"))
        let labs = try library.labs()
        #expect(labs.map(\.name) == library.names)
        for lab in labs {
            #expect(["delivered", "left", "dropped", "rejected", "lost", "unsent"].contains(lab.expected.outcome))
            // The other way round it need not hold: a packet can arrive where only its answer is lost, or nobody listens.
            #expect(lab.expected.code != nil || lab.expected.outcome == "delivered", "\(lab.name)")
        }
    }

    @Test("that does not exist is named without its control characters")
    func missing() throws {
        let library = try LabLibrary.find()
        let error = #expect(throws: LabError.self) { try library.lab(named: "no\u{1b}[31msuch") }
        #expect(error?.description == "lab no[31msuch: there is no such lab: packetwalk lab list names them")
    }
}
