import Glibc
import LinuxSystem
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

    @Test("is built by its bases' commands and then its own, with their needs and probe")
    func base() throws {
        let lab = try LabLibrary.find().lab(named: "no-route-ipv6")
        #expect(lab.layers.map { $0.split(separator: "/").last.map(String.init) } == ["ipv6-to-wan", "no-route-ipv6"])
        #expect(lab.needs == ["ipv6"])
        #expect(lab.probe.explain == ["2001:db8:51::1"])
        let lines = try lab.commands().split(separator: "\n").map(String.init)
        #expect(lines.contains("ip netns add wan"))
        #expect(lines.last == "ip -n mynamespace -6 route del default")
    }

    @Test("with a base that can't be had is an error, not a loop")
    func wrongBases() throws {
        var template = Array("/tmp/packetwalk-labs-XXXXXX".utf8CString)
        let directory = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer { _ = try? Command(["rm", "-r", directory]).run() }
        func write(_ name: String, _ fields: String) throws {
            #expect(mkdir("\(directory)/\(name)", 0o700) == 0)
            let file = try #require(fopen("\(directory)/\(name)/lab.json", "w"))
            defer { fclose(file) }
            #expect(
                fputs(
                    "{\"title\": \"t\", \"summary\": \"s\", \"expected\": {\"outcome\": \"delivered\"}\(fields)}", file)
                    >= 0)
        }
        try write("one", ", \"base\": \"other\"")
        try write("other", ", \"base\": \"one\"")
        try write("outside", ", \"base\": \"../etc\"")
        try write("none", "")
        let library = LabLibrary(directory: directory)
        let loop = #expect(throws: LabError.self) { try library.lab(named: "one") }
        #expect(loop?.problem == "lab.json: more than 8 labs are based on each other")
        let outside = #expect(throws: LabError.self) { try library.lab(named: "outside") }
        #expect(outside?.problem == "lab.json: base must name a lab beside this one")
        let none = #expect(throws: LabError.self) { try library.lab(named: "none") }
        #expect(none?.problem == "lab.json has neither a probe nor a base that has one")
    }

    @Test("that does not exist is named without its control characters")
    func missing() throws {
        let library = try LabLibrary.find()
        let error = #expect(throws: LabError.self) { try library.lab(named: "no\u{1b}[31msuch") }
        #expect(error?.description == "lab no[31msuch: there is no such lab: packetwalk lab list names them")
    }
}
