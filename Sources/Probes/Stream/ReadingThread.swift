internal import LinuxSystem

extension LiveSource {
    /// A thread of this process that reads packets, as /proc/self/task describes it.
    public struct ReadingThread: Sendable {
        public var name: String
        /// `CapEff` and `CapPrm` together.
        var capabilities: UInt64
        /// Whether it runs under a seccomp filter.
        var isFiltered: Bool

        /// Whether it can do nothing but read what is open and write to it.
        public var isConfined: Bool { capabilities == 0 && isFiltered }

        public var holding: String {
            let sets = capabilities == 0 ? "no capability" : "the capabilities \(String(capabilities, radix: 16))"
            return isFiltered ? sets : "\(sets) and runs under no seccomp filter"
        }

        /// - Parameter status: of proc(5), `/proc/PID/task/TID/status`.
        init?(status: String) {
            var fields: [Substring: Substring] = [:]
            for line in status.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2 { fields[parts[0]] = parts[1].drop { $0 == "\t" || $0 == " " } }
            }
            guard let name = fields["Name"], Self.names.contains(String(name)),
                let effective = fields["CapEff"].flatMap({ UInt64($0, radix: 16) }),
                let permitted = fields["CapPrm"].flatMap({ UInt64($0, radix: 16) })
            else { return nil }
            self.name = String(name)
            capabilities = effective | permitted
            isFiltered = fields["Seccomp"] == "2"
        }

        static let names = [readerName, receiverName]
        static let readerName = "pw-read"
        static let receiverName = "pw-stamp"
    }

    /// Those of all runs of this process.
    public static var readingThreads: [ReadingThread] {
        directoryNames("/proc/self/task").compactMap { task in
            readText("/proc/self/task/\(task)/status").flatMap { ReadingThread(status: $0) }
        }.sorted { $0.name < $1.name }
    }
}
