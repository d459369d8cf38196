import Glibc
import LinuxSystem
import Testing

@testable import Twin

/// What a shell prints inside a sandbox, and its status.
private func shell(_ line: String, privilege: Sandbox.Privilege = .userNamespace) throws -> (
    status: Int32, text: String
) {
    let path = "/tmp/packetwalk-sandbox-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    defer { unlink(path) }
    let status = try Sandbox.run(
        path: "/bin/sh", arguments: ["sh", "-c", "exec >\(path) 2>&1; \(line)"], privilege: privilege)
    return (status, readText(path) ?? "")
}

@Suite("A sandbox", .serialized)
struct SandboxTests {
    @Test("holds only lo, down, and root without privilege outside")
    func newNetwork() throws {
        let inside = try shell("id -u; ip -br link | tr -s ' '; ls /run/netns | wc -l; ls /sys/class/net")
        let lines = inside.text.split(separator: "\n")
        #expect(lines.first == "0")
        #expect(lines.count == 4)
        #expect(lines.dropFirst().first?.hasPrefix("lo DOWN") == true)
        #expect(lines.dropFirst(2) == ["0", "lo"])
    }

    @Test("takes ip netns, veth, iptables and nft", arguments: [Sandbox.Privilege.userNamespace, .automatic])
    func carriesALab(privilege: Sandbox.Privilege) throws {
        let inside = try shell(
            """
            set -e; ip netns add a; ip link add v type veth peer name w netns a; ip -n a link set w up
            iptables-nft -A FORWARD -j DROP; iptables-legacy -A FORWARD -j DROP; nft add table inet t
            ip netns exec a true; ip netns list
            """, privilege: privilege)
        #expect(inside.status == 0, "\(inside.text)")
        #expect(inside.text.split(separator: "\n").last?.hasPrefix("a") == true)
    }

    @Test("gives the program's status, or the signal's")
    func status() throws {
        #expect(try shell("exit 3").status == 3)
        #expect(try shell("kill -9 $$").status == 137)
    }

    @Test("names the program that can't be run")
    func missingProgram() {
        #expect(throws: SandboxError.self) { try Sandbox.run(path: "/no/such/program", arguments: ["x"]) }
        let error = SandboxError(step: .execute, errorNumber: ENOENT)
        #expect(
            error.description
                == "cannot make a sandbox: cannot run this program inside it: No such file or directory")
    }

    @Test("ends all its processes with its program")
    func backgroundProcesses() throws {
        let mark = "98\(Int.random(in: 1_000...9_999))"
        #expect(try shell("sleep \(mark) & exit 0").status == 0)
        #expect(processes(running: mark).isEmpty)
    }

    @Test("is not believed in by its mark alone")
    func mark() {
        #expect(Sandbox.decode(mark: "4026531840:user", inode: 4_026_532_001)?.isPrivileged == false)
        #expect(Sandbox.decode(mark: "4026531840:root", inode: 4_026_532_001)?.isPrivileged == true)
        #expect(Sandbox.decode(mark: "4026531840:user", inode: 4_026_531_840) == nil)
        #expect(Sandbox.decode(mark: "1", inode: 4_026_531_840) == nil)
        #expect(Sandbox.decode(mark: "1:user", inode: nil) == nil)
    }

    @Test("says which setting forbids it")
    func remedy() {
        let files = ["/proc/sys/user/max_user_namespaces": "0"]
        #expect(
            SandboxError.remedy(step: .namespaces) { files[$0] } == "sysctl -w user.max_user_namespaces=15000")
        #expect(SandboxError.remedy(step: .execute) { files[$0] } == nil)
        let debian = ["/proc/sys/kernel/unprivileged_userns_clone": "0"]
        #expect(
            SandboxError.remedy(step: .namespaces) { debian[$0] } == "sysctl -w kernel.unprivileged_userns_clone=1")
    }
}

/// Processes with `argument` among their arguments.
private func processes(running argument: String) -> [String] {
    directoryNames("/proc").filter { name in
        guard UInt32(name) != nil, let line = readText("/proc/\(name)/cmdline") else { return false }
        return line.split(separator: "\0").dropFirst().contains { $0 == argument }
    }
}
