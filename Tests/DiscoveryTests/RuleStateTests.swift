import Network
import Testing
import Wire

@testable import Discovery

/// What rules rest on beside themselves.
@Suite("Queues and lists")
struct RuleStateTests {
    @Test("the queues of nfnetlink_queue")
    func queues() {
        // queue_num peer_portid queue_total copy_mode copy_range queue_dropped user_dropped id_sequence 1
        let text =
            "    0   1234     0 2 65531     0     0        0  1\n    7   1234     0 2 65531     0     0        0  1\n"
        #expect(Netfilter.queueNumbers(text) == [0, 7])
        #expect(Netfilter.queueNumbers("rubbish\n").isEmpty)
    }

    @Test("a list of xt_recent, its times in jiffies")
    func recent() throws {
        let clock = JiffyClock(now: 4_294_997_744, ticksPerSecond: 1000)
        let text = """
            src=172.19.0.2 ttl: 64 last_seen: 4294996744 oldest_pkt: 2 4294995744, 4294996744
            src=2001:db8::2 ttl: 64 last_seen: 4294997744 oldest_pkt: 1 4294997744
            nothing
            """
        #expect(
            Netfilter.entries(text, of: "ssh", clock) == [
                RecentEntry(list: "ssh", address: try #require(IPAddress("172.19.0.2")), secondsAgo: [2, 1]),
                RecentEntry(list: "ssh", address: try #require(IPAddress("2001:db8::2")), secondsAgo: [0]),
            ])
    }

    @Test("the rate of jiffies from how long the machine is up", arguments: [100, 250, 300, 1000] as [UInt64])
    func rate(ticksPerSecond: UInt64) {
        let now = 1 << 32 - 300 * ticksPerSecond + 7200 * ticksPerSecond
        #expect(JiffyClock(now: now, uptime: 7201) == JiffyClock(now: now, ticksPerSecond: ticksPerSecond))
        #expect(JiffyClock(now: now, uptime: 100_000) == nil)
    }

    @Test(
        "a stopped process, whatever its name",
        arguments: [("42 (a) T b) T 1 42", true), ("42 (nc) S 1 42", false), ("", false)])
    func state(line: String, isStopped: Bool) {
        #expect(Listener.isStoppedState(line) == isStopped)
    }

    @Test("a paused container's processes are stopped: the freezers of both versions of control groups are asked")
    func frozen() {
        let files = Listener.freezerFiles(
            "9:name=systemd:/\n6:cpu,freezer:/docker/ab12\n4:memory:/docker/ab12\n0::/docker/ab12\n")
        #expect(
            files.map(\.file) == [
                "/sys/fs/cgroup/freezer/docker/ab12/freezer.state", "/sys/fs/cgroup/docker/ab12/cgroup.events",
                "/sys/fs/cgroup/unified/docker/ab12/cgroup.events",
            ])
        #expect(files.map(\.word) == ["FROZEN", "frozen 1", "frozen 1"])
        #expect(Listener.freezerFiles("0::/\nnonsense\n").isEmpty)
    }
}
