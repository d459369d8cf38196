import Testing
import WalkModel

@testable import Views

@Suite("What is said of a cause") struct FindingPageTests {
    private let document = """
        ### no-source-nat
        Idea: private addresses (RFC 1918) mean something
        on one's own networks only.

        A private source left untranslated.
        Remedy: `iptables …`
        > 172.19.0.2 leaves eth0

        ### tc-drop, xdp-drop
        A program at a device dropped the packet.
        Evidence: `state`.
        """

    @Test(
        "the idea behind it, or the first words where none is written down",
        arguments: [
            ("no-source-nat", "Private addresses (RFC 1918) mean something on one's own networks only.\n"),
            ("xdp-drop", "A program at a device dropped the packet.\n"),
        ])
    func idea(code: String, words: String) throws {
        let page = try #require(FindingPage(code: code, in: document))
        #expect(page.renderIdea(code: code, RenderOptions()) == "\(code)\n\n\(words)")
    }

    @Test("an owner's command comes first, the raw one is for now; the note stands with the command that it is about")
    func owner() {
        var remedy = Remedy([RemedyAction(in: nil, .line("iptables -A INPUT -j ACCEPT"))])
        var finding = Finding(code: "policy-drop", severity: .error, where: Finding.Place(), message: "dropped")
        func lines() -> [String] {
            finding.remedy = remedy
            return FindingText(Pen(RenderOptions())).heads([finding]).map { $0.trimmedEnd().rendered(color: false) }
        }
        remedy.owner = OwnerRemedy("ufw", ["ufw allow 80/tcp"], note: "ufw forgets")
        #expect(
            lines() == [
                " cause          dropped (policy-drop)", " fix            ufw allow 80/tcp",
                "                ufw forgets",
                " or for now     iptables -A INPUT -j ACCEPT", "                (not applied)",
            ])
        remedy.owner = OwnerRemedy("Docker", note: "a note")
        #expect(
            lines() == [
                " cause          dropped (policy-drop)", " fix            iptables -A INPUT -j ACCEPT",
                "                a note", "                (not applied)",
            ])
    }
}
