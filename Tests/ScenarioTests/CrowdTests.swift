@testable import Correlation
import Glibc
import Observations
import Testing

@testable import Twin
@testable import WalkModel

/// A hundred namespaces on one bridge behind one MASQUERADE, all sending the same packet at once: equal payloads,
/// identifications and ports, in UDP, TCP and ICMP, first all delivered, then every tenth one dropped on the way.
///
/// `CROWD_RUN` names the folder of a run that was made before, `CROWD_ROUNDS` asks for more rounds.
@Suite("In a crowd", .serialized, .enabled(if: LabRun.isAvailable && geteuid() == 0))
struct CrowdTests {
    static let requestLinks = ["s# eth0 out", "host v# in", "host mybridge in", "host eth0 out", "wan wan0 in"]
    static let replyLinks = ["wan wan0 out", "host eth0 in", "host mybridge out", "host v# out", "s# eth0 in"]
    /// Dropped in forward: the bridge's own device was the last link.
    static let lostLinks = Array(requestLinks[..<3])

    @Test("no walk holds two packets, and every packet has its walk")
    func everyPacketHasItsWalk() throws {
        let folder = try Folder()
        let run = try CrowdRun(recording: folder.path + "/run.pcapng")
        let sent = Set(
            ["sent.0", "sent.1", "sent-lossy.0", "sent-lossy.1"].flatMap { numbers(in: folder.path + "/" + $0) })
        let arrived = Set(numbers(in: folder.path + "/arrived"))
        #expect(arrived.isSubset(of: sent))
        #expect(sent.count >= 1800)
        // The packets do look alike, and the engine was not helped by the truth that it carried.
        #expect(run.labels == run.labels.filter { $0.value.count == 1 } && run.labels.count == 3)
        #expect(run.walks.map(\.identifier) == run.walksWithoutTruth.map(\.identifier))
        #expect(run.walks.map(\.observationCount) == run.walksWithoutTruth.map(\.observationCount))

        #expect(run.twins.count * 50 <= run.observationCounts.count)
        let merged = run.pieces.filter { $0.packets.count > 1 }
        #expect(merged.isEmpty, "\(merged.count) walks of several packets: \(merged.prefix(3).map(\.description))")
        // A join that is not certain says what it rests on.
        for piece in run.pieces {
            for step in piece.steps where step.confidence != .exact && step.parent >= 0 {
                #expect(step.joint.names.count > 1, "\(piece.description)")
            }
        }
        let faults = run.faults(sent: sent, arrived: arrived)
        let whole = run.observationCounts.count - faults.values.reduce(0, +)
        let report = """
            sent \(sent.count), arrived \(arrived.count), walks of them whole \(whole) of \(run.observationCounts.count); \
            twins \(run.twins.count); observations \(run.statistics.observations), lost \(run.losses.map { "\($0.source): \($0.lost)" })
            """
        print(report)
        let worst = faults.sorted { $0.value > $1.value }.prefix(12).map { "\($0.value) × \($0.key)" }
        let share = Double(whole) / Double(run.observationCounts.count)
        let comment = Comment(rawValue: report + "\n" + worst.joined(separator: "\n"))
        #expect(share >= 0.999, comment)
    }

    /// The same crowd, seen by BPF programs: the engine that knows labels alone is judged by the packets' identities in the
    /// kernel, and these by what the senders wrote into the packets.
    @Test("no packet of the kernel is in two walks of the engine that knows labels alone")
    func kernelIdentityIsTruth() throws {
        let folder = try Folder(options: "--hooks bpf --links bpf", environmentName: "CROWD_KERNEL_RUN")
        let run = try KernelTruth(recording: folder.path + "/run.pcapng")
        // Reasons of drops, of whatever else runs on the machine, say nothing of a packet's identity.
        let losses = run.losses.filter { $0.source != "drop reasons" }
        #expect(losses.isEmpty, "\(losses)")
        let report = """
            packets \(run.packetCount), of the kernel \(run.identityCount), in one walk by labels \(run.whole), by identities \(run.wholeByIdentity); \
            sent more than once under one identity \(run.confused.count); twins \(run.twinCount), split without a clash \(run.split.map(\.number))
            """
        print(report)
        let comment = Comment(rawValue: report)
        // Each request that was sent and each reply: of a packet that is copied the copies have identities of their own.
        let sent = ["sent.0", "sent.1", "sent-lossy.0", "sent-lossy.1"].flatMap { numbers(in: folder.path + "/" + $0) }
        #expect(run.packetCount >= sent.count && sent.count >= 1800, comment)
        #expect(run.identityCount >= run.packetCount, comment)
        // An identity is one packet's, whatever its bytes say.
        #expect(run.confused.isEmpty, "\(run.confused.prefix(3))")
        #expect(run.wholeByIdentity == run.identityCount, comment)
        // Where the kernel gave two flows one translation labels can't tell them apart, and say so.
        #expect(run.twinCount * 50 <= run.packetCount, comment)
        #expect(Double(run.split.count) / Double(run.identityCount) <= 0.002, comment)
        #expect(Double(run.whole) / Double(run.identityCount) >= 0.99, comment)
    }

    /// Where the run's files are; made by the sandbox, and gone with the test, unless it was made before.
    private final class Folder {
        let path: String
        private let isOwn: Bool

        /// - Parameters:
        ///   - options: of `record`.
        ///   - environmentName: the variable that names the folder of a run that was made before.
        init(options: String = "", environmentName: String = "CROWD_RUN") throws {
            if let given = getenv(environmentName) {
                path = String(cString: given)
                isOwn = false
                return
            }
            var template = Array("/tmp/packetwalk-crowd-XXXXXX".utf8CString)
            path = template.withUnsafeMutableBufferPointer { buffer in
                buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? ""
            }
            isOwn = true
            let script = """
                cd "$(dirname '\(#filePath)')/../../fixtures/crowd"
                sh -eu setup.sh
                exec \(LabRun.program) record \(options) -o \(path)/run.pcapng 'ip and host 198.51.100.1' -- \
                    python3 send.py $COUNT $ROUNDS 100 \(path)
                """
            let rounds = getenv("CROWD_ROUNDS").map { String(cString: $0) } ?? "3"
            let status = try Sandbox.run(
                path: "/bin/sh", arguments: ["sh", "-eu", "-c", script],
                environment: ["COUNT": "100", "ROUNDS": rounds])
            try #require(status == 0)
        }

        deinit {
            guard isOwn else { return }
            for name in ["run.pcapng", "sent.0", "sent.1", "sent-lossy.0", "sent-lossy.1", "arrived"] {
                unlink("\(path)/\(name)")
            }
            rmdir(path)
        }
    }
}

extension CrowdRun {
    /// All of a request's links but that of the host's way out, and what follows.
    private static let linksBeforeTranslation = CrowdTests.lostLinks.count

    /// What is wrong with the walks of the packets that were seen, and how often.
    fileprivate func faults(sent: Set<UInt32>, arrived: Set<UInt32>) -> [String: Int] {
        var best: [Packet: Piece] = [:]
        for piece in pieces {
            guard let packet = piece.packets.first.flatMap({ $0 }) else { continue }
            if piece.observationCount > best[packet]?.observationCount ?? 0 { best[packet] = piece }
        }
        var faults: [String: Int] = [:]
        for number in sent where observationCounts[Packet(number: number, isReply: false)] == nil {
            faults["unseen", default: 0] += 1
        }
        for (packet, count) in observationCounts {
            let pattern =
                packet.isReply
                ? CrowdTests.replyLinks
                : arrived.contains(packet.number) ? CrowdTests.requestLinks : CrowdTests.lostLinks
            let expected = pattern.map { String($0.split(separator: "#").joined(separator: "\(packet.sender)")) }
            let piece = best[packet]
            let links = piece?.hops.filter { $0.split(separator: " ").count == 3 }
            if piece?.observationCount == count, links == expected { continue }
            // Where it looked as another one did, what it was before that is still its own.
            if twins.contains(packet), links?.starts(with: expected.prefix(Self.linksBeforeTranslation)) == true {
                continue
            }
            // The same fault of several senders is one.
            let hops = piece?.description.split(whereSeparator: \.isNumber).joined(separator: "#") ?? ""
            let kind = "\(packet.isReply ? "reply" : "request") of round \(packet.number >> 8 & 0xffff)"
            faults[
                "\(kind)\(packet.isLossy ? ", lossy" : ""): \(piece?.observationCount ?? 0) of \(count): \(hops)",
                default: 0] += 1
        }
        return faults
    }
}

extension CrowdRun.Piece {
    fileprivate var description: String {
        "\(packets.compactMap { $0?.number }.sorted()) \(hops.joined(separator: ", "))"
    }
}
