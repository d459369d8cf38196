import Testing

@testable import Views

/// Bytes as xterm and tmux send them.
@Suite struct LiveKeyTests {
    struct Typed: Sendable, CustomTestStringConvertible {
        var bytes: [UInt8]
        var keys: [LiveKey]
        var testDescription: String { "\(bytes)" }

        init(_ text: String, _ keys: [LiveKey]) {
            bytes = Array(text.utf8)
            self.keys = keys
        }
        init(bytes: [UInt8], _ keys: [LiveKey]) {
            self.bytes = bytes
            self.keys = keys
        }
    }

    static let cases: [Typed] = [
        Typed("q/é名", [.character("q"), .character("/"), .character("é"), .character("名")]),
        Typed("\u{1b}[A\u{1b}[B\u{1b}[C\u{1b}[D", [.up, .down, .right, .left]),
        Typed("\u{1b}OA\u{1b}OB", [.up, .down]),
        Typed("\u{1b}[1;5A", [.up]),
        Typed("\u{1b}[5~\u{1b}[6~\u{1b}[1~\u{1b}[4~\u{1b}[H\u{1b}[F", [.pageUp, .pageDown, .home, .end, .home, .end]),
        Typed("\r\n\t\u{7f}\u{8}", [.enter, .enter, .tab, .backspace, .backspace]),
        Typed("\u{c}\u{3}", [.control("l"), .control("c")]),
        // A function key and a mouse report are no keys of ours, and nothing of them is left.
        Typed("\u{1b}[15~\u{1b}[<0;3;4Mq", [.character("q")]),
        // Typed one after the other, and read at once.
        Typed("\u{1b}q", [.escape, .character("q")]),
        Typed("\u{1b}\u{1b}[A", [.escape, .up]),
        Typed(bytes: [0xff, 0xc0, 0x80, 0xe2, 0x28, 0xa1, 0x71], [.character("("), .character("q")]),
    ]

    @Test(arguments: cases) func whole(_ typed: Typed) {
        var reader = LiveKeyReader()
        #expect(reader.take(typed.bytes) == typed.keys)
        #expect(!reader.isWaiting)
    }

    @Test(arguments: cases) func byteByByte(_ typed: Typed) {
        var reader = LiveKeyReader()
        #expect(typed.bytes.flatMap { reader.take([$0]) } == typed.keys)
    }

    @Test func anEscapeIsAKeyOnceNothingFollows() {
        var reader = LiveKeyReader()
        #expect(reader.take([0x1b]) == [])
        #expect(reader.isWaiting)
        #expect(reader.finish() == [.escape])
        #expect(!reader.isWaiting)
        #expect(reader.finish() == [])
    }

    @Test func aSequenceWithoutEndIsThrownAway() {
        var reader = LiveKeyReader()
        #expect(reader.take([0x1b, 0x5b] + Array(repeating: 0x30, count: 100)) == [])
        #expect(reader.take(Array("q".utf8)) == [.character("q")])
    }
}
