internal import Glibc
internal import LinuxSystem
internal import Probes
public import Observations
public import Network
internal import Wire

/// A command, whose end ends the run. Its output goes to standard error, since standard output carries the walks.
///
/// Its failing socket calls are recorded where this process may trace it: a packet that never left shows nowhere else.
public struct RunningCommand: Activity {
    public let arguments: [String]
    /// Names of the namespaces, by inode.
    private var namespaces: [UInt64: Namespace] = [:]
    private var child: WatchedProcess?
    private var unwatched: ChildProcess?
    /// Its exit status, once it has ended.
    public private(set) var status: Int32?

    /// Becomes its standard input; -1 for this process's own.
    private let input: Int32

    public init(_ arguments: [String], input: Int32 = -1) {
        self.arguments = arguments
        self.input = input
    }

    public mutating func begin(in topology: Topology) throws {
        namespaces = Dictionary(topology.namespaces.map { ($0.inode, $0) }) { first, _ in first }
        do {
            child = try WatchedProcess(Command(arguments), input: input, output: STDERR_FILENO)
        } catch let error as SystemError where error.isPermission {
            do {
                unwatched = try Command(arguments).start(
                    input: input, output: STDERR_FILENO, parentDeathSignal: SIGTERM)
            } catch let error as SystemError where error.isPermission {
                throw RunError(.notPermitted, "\(error); make it executable, or name the program that runs it")
            }
        } catch let error as SystemError where error.errorNumber == ENOENT {
            throw RunError(.lacking, "\(error); install it, or give its path")
        }
    }

    public mutating func poll() throws -> (ended: Bool, events: [Event]) {
        if let unwatched {
            if status == nil { status = try unwatched.poll() }
            return (status != nil, [])
        }
        guard let child else { return (true, []) }
        status = child.status
        return (status != nil, child.takeFailures().flatMap(events))
    }

    public mutating func cancel() {
        guard status == nil else { return }
        child?.signal(SIGTERM)
        unwatched?.signal(SIGTERM)
        // Most programs end at once, and its status is ours.
        let clock = MonotonicClock()
        let deadline = clock.milliseconds + 500
        while status == nil, clock.milliseconds < deadline {
            usleep(10_000)
            status = child?.status ?? (try? unwatched?.poll()).flatMap(\.self)
        }
    }

    private func events(for failure: FailedSend) -> [Event] {
        guard let namespace = namespaces[failure.namespaceInode],
            let destination = IPAddress(bytes: failure.destination)
        else { return [] }
        let none = destination.isIPv4 ? IPAddress(ipv4: 0) : IPAddress(high: 0, low: 0)
        let tuple = FlowTuple(
            source: failure.source.flatMap { IPAddress(bytes: $0) } ?? none, destination: destination,
            sourcePort: failure.sourcePort, destinationPort: failure.destinationPort,
            ipProtocol: IPProtocol(rawValue: failure.ipProtocol))
        let event = Event.sendFailure(
            SendFailure(
                timeNanoseconds: failure.timeNanoseconds, namespace: namespace.name, tuple: tuple,
                errorNumber: failure.errorNumber, message: String(cString: strerror(failure.errorNumber))))
        // What the sender remembers of the path's MTU stands in no table: the kernel's answer says it.
        guard failure.errorNumber == EMSGSIZE, let file = try? NetworkNamespaceFile(path: namespace.path),
            let query = try? RouteQuery(namespace: namespace.name, file: file),
            let route = try? query.decision(for: tuple)
        else { return [event] }
        return [.route(route), event]
    }
}
