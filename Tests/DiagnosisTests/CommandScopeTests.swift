import Testing

@testable import Diagnosis

@Suite("Commands of a remedy") struct CommandScopeTests {
    @Test(
        "a word for the shell is typed as it is, quoted, or spelled out where nobody could type it",
        arguments: [
            ("mynamespace", "mynamespace"), ("two words", "'two words'"), ("it's", "'it'\\''s'"), ("", "''"),
            ("größe", "'größe'"), ("a\nb", "$'a\\x0ab'"), ("bad\\xffutf", "$'bad\\xffutf'"),
            ("\u{1b}'\\", "$'\\x1b\\'\\\\'"),
        ])
    func shellWords(name: String, word: String) {
        #expect(shellWord(name) == word)
    }
}
