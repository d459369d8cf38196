import Glibc
import LinuxSystem
import Testing

@Suite struct ClockTests {
    @Test func `the wall clock counts nanoseconds since 1970`() {
        let before = Int64(time(nil))
        let now = realTimeNanoseconds()
        let after = Int64(time(nil))
        // time(2) may lag behind by a tick.
        #expect(now / 1_000_000_000 >= before && now / 1_000_000_000 <= after + 1)
    }

    @Test func `spans are as long as they are`() {
        let began = monotonicNanoseconds()
        usleep(20_000)
        let span = monotonicNanoseconds() - began
        #expect(span >= 20_000_000 && span < 20_000_000_000)
    }
}

@Suite struct SystemCallTests {
    @Test func `a call is repeated while a signal interrupts it`() throws {
        var calls = 0
        let value = try retryingInterrupts("try") { () -> Int32 in
            calls += 1
            errno = EINTR
            return calls < 3 ? -1 : 7
        }
        #expect(value == 7 && calls == 3)
    }

    @Test func `any other failure is thrown with its number`() {
        #expect(throws: SystemError("try", errorNumber: EPERM)) {
            try retryingInterrupts("try") { () -> Int32 in
                errno = EPERM
                return -1
            }
        }
        #expect(SystemError("try", errorNumber: EPERM).isPermission)
        #expect(!SystemError("try", errorNumber: EINVAL).isPermission)
    }

    @Test func `descriptors that there are hundreds of stand above those of select(2)`() {
        let low = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let descriptor = highDescriptor(low)
        defer { close(descriptor) }
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #expect(descriptor >= 1024 || limit.rlim_cur <= 1024)
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test func `a capability is what the kernel says of this process`() throws {
        let status = try #require(readText("/proc/self/status"))
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("CapEff:") })
        let set = try #require(UInt64(line.split(separator: "\t")[1], radix: 16))
        for number in [0, 12, 21, 40] {
            #expect(Capability(number: number).isEffective == (set >> UInt64(number) & 1 == 1))
        }
        #expect(!Capability(number: 63).isEffective)
    }
}
