import Glibc
import LinuxSystem
import Testing

@testable import Recording

/// Which file is read after one that has come to its end, and when the reading ends.
@Suite("A recording that is still written")
struct FollowingTests {
    @Test(
        "a file of a ring has a stem, a number and an ending",
        arguments: [
            ("ring_00003.pcapng", "", "ring_", 3, ".pcapng"),
            ("/var/lib/x_00120.pcapng", "/var/lib/", "x_", 120, ".pcapng"),
            ("a_b_00001", "", "a_b_", 1, ""), ("dir_00001/r_100000.p", "dir_00001/", "r_", 100_000, ".p"),
        ])
    func names(path: String, folder: String, stem: String, number: Int, ending: String) throws {
        let name = try #require(RingName(path))
        #expect(name.folder == folder && name.stem == stem && name.number == number && name.ending == ending)
        #expect(name.path(number) == path)
    }

    @Test("others have none", arguments: ["trace.pcapng", "ring_1.pcapng", "ring_.pcapng", "dir_00001/a.pcapng", ""])
    func others(path: String) { #expect(RingName(path) == nil) }

    /// A folder with files of the given names, and the first of them open at its end.
    private func successor(_ names: [String], after change: (String) throws -> Void = { _ in }) throws -> String? {
        let folder = "/tmp/packetwalk-following-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        mkdir(folder, 0o700)
        defer { _ = try? Command(["rm", "-r", folder]).run() }
        for name in names { try writeWhole([1, 2, 3, 4], to: "\(folder)/\(name)") }
        let path = "\(folder)/\(names[0])"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        lseek(descriptor, 0, SEEK_END)
        try change(folder)
        return Following.successor(of: path, descriptor).map { String($0.dropFirst(folder.utf8.count + 1)) }
    }

    @Test("the next one of the ring follows, and of several the nearest")
    func next() throws {
        #expect(try successor(["r_00002.p", "r_00001.p"]) == nil)
        #expect(try successor(["r_00002.p", "r_00003.p"]) == "r_00003.p")
        #expect(try successor(["r_00002.p", "r_00009.p", "r_00005.p", "q_00003.p", "r_00003.q"]) == "r_00005.p")
        #expect(try successor(["r_99999.p", "r_100000.p"]) == "r_100000.p")
    }

    @Test("where it was moved away the first of another run follows")
    func moved() throws {
        #expect(try successor(["r_00007.p", "r_00001.p", "r_00002.p"]) { unlink("\($0)/r_00007.p") } == "r_00001.p")
        #expect(try successor(["r_00007.p"]) { unlink("\($0)/r_00007.p") } == nil)
        #expect(try successor(["a.p"]) { unlink("\($0)/a.p") } == nil)
        #expect(
            try successor(["a.p"]) {
                unlink("\($0)/a.p")
                try writeWhole([5], to: "\($0)/a.p")
            } == "a.p")
    }

    @Test("one that is shorter than what was read of it is written anew")
    func anew() throws {
        #expect(try successor(["a.p"]) { truncate("\($0)/a.p", 1) } == "a.p")
    }

    @Test("the reading ends where it is told to")
    func ends() throws {
        var asked = 0
        let following = Following {
            asked += 1
            return asked > 2
        }
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(following.wait(at: "/dev/null", descriptor) == .more)
        #expect(following.wait(at: "/dev/null", descriptor) == .more)
        #expect(following.wait(at: "/dev/null", descriptor) == .end && following.hasEnded)
    }
}
