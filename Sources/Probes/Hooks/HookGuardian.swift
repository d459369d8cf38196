internal import Glibc
internal import LinuxSystem

/// A process that outlives the tool by a moment, to remove the iptables rules that no kernel would remove for it.
///
/// It is given the journal, opens every namespace in it, answers, and then waits for its input to end: at the tool's
/// normal end, or when the kernel closes the pipe of a process that was killed. Only then it acts.
public enum HookGuardian {
    /// The command's hidden argument that means `run`.
    public static let argument = "__guardian"

    /// How the program is told to be a guardian; empty where this process is another program.
    public static var standardCommand: [String] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let start = bytes.bindMemory(to: CChar.self).baseAddress else { return -1 }
            return readlink("/proc/self/exe", start, bytes.count)
        }
        guard count > 0 else { return [] }
        let path = String(decoding: buffer[..<count], as: UTF8.self)
        // A program that was replaced while it runs can still be started through its link.
        let isReplaced = path.hasSuffix(" (deleted)")
        let name = path.split(separator: "/").last?.split(separator: " ").first ?? ""
        return name == "packetwalk" ? [isReplaced ? "/proc/self/exe" : path, argument] : []
    }

    /// Is the guardian, until its work is done.
    ///
    /// - Returns: the exit status: 0 where everything was removed.
    public static func run() -> Int32 {
        for number in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE] { signal(number, SIG_IGN) }
        guard let text = readLine(strippingNewline: true), let journal = HookJournal.decode(Array(text.utf8)) else {
            return 64
        }
        var files: [UInt64: NetworkNamespaceFile] = [:]
        for entry in journal.entries {
            guard let file = try? NetworkNamespaceFile(path: entry.path), file.inode == entry.inode else { continue }
            files[entry.inode] = file
        }
        let path = try? journal.write()
        // Should nobody read this any more, the end of the input is already there.
        _ = writeAll(Array("ready\n".utf8), to: 1)

        // Its end is the signal. What is read, if anything, is none.
        while readLine() != nil {}
        let failures = HookRemoval.undo(journal, files: files)
        for failure in failures { _ = writeAll(Array("packetwalk: \(failure)\n".utf8), to: 2) }
        if failures.isEmpty, let path { HookJournal.erase(path) }
        return failures.isEmpty ? 0 : 1
    }
}
