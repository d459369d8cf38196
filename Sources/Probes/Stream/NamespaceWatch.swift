internal import Glibc
internal import LinuxSystem

/// Tells when names of namespaces come and go: inotify(7) on the folders in which ip-netns(8) and container engines mount
/// them. A namespace without a name shows by the links that lead there (`LinkWatch`).
final class NamespaceWatch: ProbeSource {
    let name = "inotify"
    let descriptor: Int32
    private let report: () -> Void
    /// By the watch's number.
    private var folders: [Int32: String] = [:]
    private var buffer = [UInt8](repeating: 0, count: 16_384)

    /// The first two may not be there yet: what they stand in says when they are made.
    private static let named = ["/run/netns", "/run/docker/netns"]
    private static let parents = ["/run", "/run/docker"]

    /// Throws `SystemError`.
    init(report: @escaping () -> Void) throws {
        self.report = report
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { throw SystemError("watch folders", errorNumber: errno) }
        self.descriptor = descriptor
        watch()
    }

    /// A folder that is watched already keeps its number.
    private func watch() {
        for folder in Self.named + Self.parents {
            let isParent = Self.parents.contains(folder)
            let mask = isParent ? IN_CREATE : IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM
            let number = inotify_add_watch(descriptor, folder, UInt32(mask))
            if number >= 0 { folders[number] = folder }
        }
    }

    func read(into intake: Intake, limit: Int) -> ReadOutcome {
        var isChanged = false
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            for event in Self.events(buffer[..<count]) {
                guard let folder = folders[event.watch], Self.parents.contains(folder) else {
                    isChanged = true
                    continue
                }
                // Much else is made in /run.
                if (Self.named + Self.parents).contains("\(folder)/\(event.name)") {
                    watch()
                    isChanged = true
                }
            }
        }
        if isChanged { report() }
        return .drained
    }

    /// `struct inotify_event`: watch, mask, cookie and length of the name, 32 bits each, then the name, filled up with zeros.
    static func events(_ bytes: ArraySlice<UInt8>) -> [(watch: Int32, name: String)] {
        var events: [(watch: Int32, name: String)] = []
        var rest = bytes
        func number(at offset: Int) -> UInt32 {
            var value: UInt32 = 0
            withUnsafeMutableBytes(of: &value) {
                $0.copyBytes(from: rest[(rest.startIndex + offset)..<(rest.startIndex + offset + 4)])
            }
            return value
        }
        while rest.count >= 16 {
            let length = Int(number(at: 12))
            guard rest.count >= 16 + length else { break }
            let name = rest[(rest.startIndex + 16)..<(rest.startIndex + 16 + length)].prefix { $0 != 0 }
            events.append((Int32(bitPattern: number(at: 0)), String(decoding: name, as: UTF8.self)))
            rest = rest.dropFirst(16 + length)
        }
        return events
    }

    func reportLosses(into intake: Intake) {}
    func close() { Glibc.close(descriptor) }
}
