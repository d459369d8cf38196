import FoundationEssentials
import Network
import Observations
import Testing
import WalkModel

/// The kernel's own list of reasons is the measure: of Linux 6.18 as recorded, and of the running kernel where tracefs
/// can be read.
@Suite("Drop reasons")
struct DropReasonTests {
    private static func names(format text: String) -> Set<DropReason> {
        var names: Set<DropReason> = []
        for piece in text.split(separator: "{").dropFirst() {
            let parts = piece.split(separator: "\"")
            if parts.count >= 2, parts[0].contains(",") { names.insert(DropReason(rawValue: String(parts[1]))) }
        }
        // The end of the enumeration.
        names.remove("MAX")
        return names
    }

    private func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("every reason of Linux 6.18 has an entry, and no entry is for a reason that there is not")
    func recorded() throws {
        let names = Self.names(format: try #require(text("fixtures/kernel/kfree_skb-6.18.format")))
        #expect(names.count == 126)
        #expect(names.subtracting(DropReason.entries.keys).isEmpty)
        #expect(Set(DropReason.entries.keys).subtracting(names).isEmpty)
    }

    @Test("every reason of the running kernel has an entry")
    func running() {
        for folder in ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"] {
            guard let text = text("\(folder)/events/skb/kfree_skb/format") else { continue }
            let missing = Self.names(format: text).subtracting(DropReason.entries.keys)
            #expect(missing.isEmpty, "reasons without an entry: \(missing.map(\.rawValue).sorted())")
        }
    }

    @Test("what the engine takes for healthy is not called a drop by its entry")
    func health() {
        for name in DropReason.alwaysHealthy {
            if let entry = name.entry { #expect(entry.health == .healthy, "\(name)") }
        }
        for name in DropReason.healthyOnceDelivered {
            if let entry = name.entry { #expect(entry.health != .drop, "\(name)") }
        }
        for name in DropReason.refusalsAfterInput {
            if let entry = name.entry { #expect(entry.health == .drop, "\(name)") }
        }
    }

    @Test("an entry is a sentence and says what to look at")
    func sentences() {
        for (name, entry) in DropReason.entries {
            #expect(entry.meaning.contains(" ") && !entry.meaning.hasSuffix("."), "\(name)")
            #expect(!entry.lookAt.isEmpty, "\(name)")
        }
        for (number, entry) in SendError.entries {
            #expect(entry.name.hasPrefix("E") && !entry.meaning.isEmpty && !entry.lookAt.isEmpty, "\(number)")
        }
    }

    /// ip(7), udp(7), tcp(7), raw(7), ipv6(7), connect(2) and send(2) list these under ERRORS.
    @Test("every error that a manual page lists for sending has an entry")
    func manual() {
        let names: Set = [
            "EACCES", "EADDRINUSE", "EADDRNOTAVAIL", "EAFNOSUPPORT", "EAGAIN", "EALREADY", "ECONNREFUSED", "ECONNRESET",
            "EDESTADDRREQ", "EFAULT", "EHOSTUNREACH", "EINPROGRESS", "EINVAL", "EISCONN", "EMSGSIZE", "ENETDOWN",
            "ENETUNREACH", "ENOBUFS", "ENODEV", "ENOMEM", "ENOPROTOOPT", "ENOTCONN", "ENOTSOCK", "EOPNOTSUPP", "EPERM",
            "EPIPE", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "ETIMEDOUT",
        ]
        #expect(names.subtracting(SendError.entries.values.map(\.name)).isEmpty)
    }
}
