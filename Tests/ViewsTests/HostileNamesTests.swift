import TestSupport
import Testing
import WalkModel

@testable import Views

@Suite struct HostileNamesTests {
    @Test(arguments: 1...24 as ClosedRange<UInt64>) func noNameReachesTheTerminalRaw(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for name in RenderingTests.all {
            let fixture = try WalkFixture.load(name)
            let request = generator.disguise(fixture.request)
            let reply = fixture.reply.map { generator.disguise($0) }
            let width = Int.random(in: 80...200, using: &generator)
            let unicode = Bool.random(using: &generator)
            let verbosity: Verbosity = Bool.random(using: &generator) ? .normal : .verbose
            let options = RenderOptions(width: width, unicode: unicode, verbosity: verbosity)
            let text = try WalkRenderer(format: .text, options: options).render(request, reply: reply)
            for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
                #expect(
                    line.unicodeScalars.allSatisfy { !$0.isUnsafe }, "seed \(seed) \(name): \(line.debugDescription)")
                #expect(String(line).columns <= width, "seed \(seed) \(name) \(width): \(line)")
                #expect(unicode || line.utf8.allSatisfy { $0 < 0x7f }, "seed \(seed) \(name): \(line)")
            }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>) func noNameBreaksOutOfAPage(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for name in RenderingTests.all {
            let fixture = try WalkFixture.load(name)
            let request = generator.disguise(fixture.request)
            let reply = fixture.reply.map { generator.disguise($0) }
            for format in [OutputFormat.svg, .html, .mermaid, .dot] {
                let text = try WalkRenderer(format: format).render(request, reply: reply)
                #expect(!text.unicodeScalars.contains { $0.isUnsafe && $0 != "\n" }, "seed \(seed) \(name) \(format)")
                // `<b>` is among the names.
                if format != .dot { #expect(!text.contains("<b>"), "seed \(seed) \(name) \(format)") }
                if format == .svg || format == .html { #expect(xmlFault(text) == nil, "seed \(seed) \(name)") }
            }
        }
    }

    @Test func controlCharactersBecomeVisible() {
        let text = "web\u{1b}[2J\u{9b}\u{202e}\u{200b}\r\n\t\u{7f}é名"
        #expect(
            Pen.safe(text, unicode: true)
                == #"web\u{1b}[2J\u{9b}\u{202e}\u{200b}\u{d}\n\t\u{7f}é名"#)
        #expect(
            Pen.safe(text, unicode: false)
                == #"web\u{1b}[2J\u{9b}\u{202e}\u{200b}\u{d}\n\t\u{7f}\u{e9}\u{540d}"#)
        #expect(Pen.safe("172.19.0.2 → 198.51.100.1 ⇒ ✔", unicode: false) == "172.19.0.2 -> 198.51.100.1 => ok")
    }

    @Test func colourIsWrittenOnlyWhereAskedFor() throws {
        let fixture = try WalkFixture.load("namespace-to-wan")
        let plain = try WalkRenderer(format: .text).render(fixture.request, reply: fixture.reply)
        #expect(!plain.contains("\u{1b}"))
        let coloured = try WalkRenderer(format: .text, options: RenderOptions(color: true))
            .render(fixture.request, reply: fixture.reply)
        #expect(coloured.contains("\u{1b}[1;32m"))
        // Without its sequences the coloured text is the plain one.
        var bare = ""
        var isInside = false
        for character in coloured.unicodeScalars {
            if character == "\u{1b}" { isInside = true }
            if !isInside { bare.unicodeScalars.append(character) }
            if isInside, character == "m" { isInside = false }
        }
        #expect(bare == plain)
    }

    @Test func wideCharactersTakeTwoColumns() {
        #expect("web".columns == 3)
        #expect("名前".columns == 4)
        #expect("e\u{301}".columns == 1)
        #expect("😀".columns == 2)
        #expect("┌─┐→⇒✔✘µ".columns == 8)
    }

    @Test func jsonIsSafeToPrintAndStillTheSameText() throws {
        var fixture = try WalkFixture.load("no-route").request
        fixture.host = "a\u{1b}[31m\u{9b}\u{202e}é\u{e0001}"
        let line = WalkJSON.line(fixture)
        #expect(line.contains(#""host":"a\u001b[31m\u009b\u202eé\udb40\udc01""#))
    }

    @Test func colourFollowsTheTerminalAndTheEnvironment() {
        func color(_ choice: ColorChoice, _ facts: TerminalFacts) -> Bool {
            RenderOptions(color: choice, ascii: false, facts: facts).color
        }
        #expect(color(.auto, TerminalFacts(isTerminal: true)))
        #expect(!color(.auto, TerminalFacts(isTerminal: false)))
        #expect(!color(.auto, TerminalFacts(isTerminal: true, noColor: true)))
        #expect(!color(.auto, TerminalFacts(isTerminal: true, isDumb: true)))
        #expect(color(.always, TerminalFacts(isTerminal: false, noColor: true)))
        #expect(!color(.never, TerminalFacts(isTerminal: true)))
        #expect(RenderOptions(color: .auto, ascii: false, facts: TerminalFacts()).width == 80)
        #expect(
            RenderOptions(color: .auto, ascii: false, facts: TerminalFacts(isTerminal: true, columns: 133)).width == 133
        )
        // What reads a pipe is as wide, and reads as much, as the caller says.
        #expect(RenderOptions(color: .auto, ascii: false, facts: TerminalFacts(columns: 120)).width == 120)
        #expect(RenderOptions(color: .auto, ascii: false, facts: TerminalFacts()).unicode)
        #expect(!RenderOptions(color: .auto, ascii: true, facts: TerminalFacts()).unicode)
        #expect(!RenderOptions(color: .auto, ascii: false, facts: TerminalFacts(isASCIILocale: true)).unicode)
    }
}
