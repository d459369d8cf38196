import FoundationEssentials
import Testing
import WalkModel

@testable import Views

@Suite struct RenderingTests {
    static let all = WalkFixture.working + WalkFixture.failing

    /// Times and sources stand beside what they are about, not at the far edge.
    @Test(arguments: all) func onAWideTerminalTheTableIsNoWiderThanItsWords(name: String) throws {
        let fixture = try WalkFixture.load(name)
        func rows(_ width: Int) throws -> [String] {
            let renderer = WalkRenderer(format: .text, options: RenderOptions(width: width))
            return try renderer.render(fixture.request).split(separator: "\n").map { String($0) }
                .filter { $0.contains(" +") && $0.contains("  seen") }
        }
        let (wide, wider) = (try rows(200), try rows(1000))
        #expect(!wide.isEmpty || name == "no-route")
        // What needs no more room has no more.
        #expect(wide == wider)
        // A gap is no longer than the longest words, or than it is on a usual terminal.
        #expect(wide.allSatisfy { $0.columns <= 140 }, "\(wide.map(\.columns).max() ?? 0)")
    }

    /// Draws every fixture in every format; with `PACKETWALK_RENDERINGS` set to a folder, leaves them there to look at.
    @Test(arguments: all) func everyWalkIsDrawnInEveryFormat(name: String) throws {
        let fixture = try WalkFixture.load(name)
        let folder = ProcessInfo.processInfo.environment["PACKETWALK_RENDERINGS"]
        for format in OutputFormat.allCases {
            let text = try WalkRenderer(format: format).render(fixture.request, reply: fixture.reply)
            #expect(text.hasSuffix("\n"))
            if let folder {
                try text.write(toFile: "\(folder)/\(name).\(format.rawValue)", atomically: false, encoding: .utf8)
            }
        }
        if let folder {
            let ascii = RenderOptions(unicode: false)
            let text = try WalkRenderer(format: .text, options: ascii).render(fixture.request, reply: fixture.reply)
            try text.write(toFile: "\(folder)/\(name).ascii", atomically: false, encoding: .utf8)
            let wide = RenderOptions(width: 120, color: true, verbosity: .verbose)
            let more = try WalkRenderer(format: .text, options: wide).render(fixture.request, reply: fixture.reply)
            try more.write(toFile: "\(folder)/\(name).verbose", atomically: false, encoding: .utf8)
            let quiet = RenderOptions(verbosity: .quiet)
            let line = try WalkRenderer(format: .text, options: quiet).render(fixture.request, reply: fixture.reply)
            try line.write(toFile: "\(folder)/\(name).quiet", atomically: false, encoding: .utf8)
        }
    }

    @Test(arguments: all, [40, 80, 81, 100, 133, 200]) func noLineIsWiderThanTheTerminal(name: String, width: Int)
        throws
    {
        let fixture = try WalkFixture.load(name)
        for unicode in [true, false] {
            let options = RenderOptions(width: width, unicode: unicode, verbosity: .verbose)
            let text = try WalkRenderer(format: .text, options: options).render(fixture.request, reply: fixture.reply)
            for line in text.split(separator: "\n") {
                #expect(String(line).columns <= width, "\(line)")
                #expect(unicode || line.utf8.allSatisfy { (0x20...0x7e).contains($0) }, "\(line)")
            }
        }
    }

    @Test(arguments: all) func theSameWalkGivesTheSameBytes(name: String) throws {
        let fixture = try WalkFixture.load(name)
        let line = WalkJSON.line(fixture.request)
        #expect(!line.contains("\n"))
        #expect(WalkJSON.line(fixture.request) == line)
        #expect(try WalkJSON.walk(from: line.utf8) == fixture.request)
    }
}
