internal import Glibc
internal import LinuxSystem

/// Has a file be read on while it is written, as `tail -F` does: at its end more is waited for, and where its ring goes on in
/// another file, or it is written anew, that one is read next.
public final class Following {
    /// What follows a file's end.
    enum Step {
        /// There may be more of it now.
        case more
        /// Nothing more comes of it.
        case end
    }

    /// Asked while nothing comes: whether the reading ends.
    private let isOver: () -> Bool
    /// Whether the reading has ended before the file: what is cut off there is no damage.
    private(set) var hasEnded = false
    /// The file that was found to come after the one that is read.
    private(set) var next: String?

    /// How often is looked for more.
    private static let waitMicroseconds: UInt32 = 50_000

    /// - Parameter isOver: asked some twenty times a second while nothing comes; true ends the reading.
    public init(until isOver: @escaping () -> Bool) { self.isOver = isOver }

    /// Waits at the end of a file; gives the step once there may be more, or never will.
    func wait(at path: String, _ descriptor: CInt) -> Step {
        // Found at the last end: what was written before it was begun has been read by now.
        if next != nil { return .end }
        if isOver() {
            hasEnded = true
            return .end
        }
        next = Self.successor(of: path, descriptor)
        if next == nil { usleep(Self.waitMicroseconds) }
        return .more
    }

    /// Takes the file that comes next.
    func takeNext() -> String? {
        defer { next = nil }
        return next
    }

    /// Waits until the first bytes of a file are there. False where the reading ends before.
    func waitForBeginning(of path: String) -> Bool {
        var status = stat()
        while stat(path, &status) != 0 || status.st_size < 4 {
            if isOver() {
                hasEnded = true
                return false
            }
            usleep(Self.waitMicroseconds)
        }
        return true
    }

    // MARK: Which file is next

    /// The one that is written after a file that has been read to its end; nil where that one is still written.
    static func successor(of path: String, _ descriptor: CInt) -> String? {
        let name = RingName(path)
        let numbers = name?.numbers ?? []
        if let name, let number = numbers.filter({ $0 > name.number }).min() { return name.path(number) }
        var open = stat()
        var named = stat()
        guard fstat(descriptor, &open) == 0 else { return nil }
        guard stat(path, &named) == 0, (named.st_ino, named.st_dev) == (open.st_ino, open.st_dev) else {
            // Moved away, or taken out of the ring. Another run has begun where there are files at all.
            return name.flatMap { name in numbers.min().map(name.path) } ?? (access(path, R_OK) == 0 ? path : nil)
        }
        // Written anew.
        return open.st_size < lseek(descriptor, 0, SEEK_CUR) ? path : nil
    }
}

/// The name of a file of a ring: `ring_00003.pcapng` (`RecordingRing.path`).
struct RingName {
    var folder: String
    /// `ring_`
    var stem: String
    var number: Int
    /// `.pcapng`
    var ending: String

    /// Nil where a path is none of a ring.
    init?(_ path: String) {
        let start = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let name = path[start...]
        let dot = name.lastIndex(of: ".") ?? name.endIndex
        guard let mark = name[..<dot].lastIndex(of: "_") else { return nil }
        let digits = name[name.index(after: mark)..<dot]
        guard digits.utf8.count >= 5, digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits)
        else {
            return nil
        }
        folder = String(path[..<start])
        stem = String(name[...mark])
        self.number = number
        ending = String(name[dot...])
    }

    /// Of a path; -1 where it is none of a ring.
    static func number(_ path: String) -> Int { RingName(path)?.number ?? -1 }

    func path(_ number: Int) -> String {
        let digits = String(number)
        return folder + stem + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + ending
    }

    /// Of the files that the ring has now.
    var numbers: [Int] {
        directoryNames(folder.isEmpty ? "." : folder).compactMap { name in
            RingName(folder + name).flatMap { $0.stem == stem && $0.ending == ending ? $0.number : nil }
        }
    }
}
