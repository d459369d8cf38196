public import LinuxSystem
internal import Netlink
public import Observations
internal import CNetlink
internal import Glibc
internal import Synchronization
internal import Wire

/// Asks the kernel of one namespace where it would send a packet: RTM_GETROUTE of rtnetlink(7).
///
/// The kernel answers with its own routing code: policy rules, marks, protocol and ports, the device it came in by,
/// reverse-path filter. Nothing is sent and no state changes. One question takes two system calls and some
/// microseconds; a second one asks for the entry of the table that matched. Safe to use from several threads.
public final class RouteQuery: Sendable {
    public let namespace: String
    private let state: Mutex<State>

    private struct State {
        var conversation: NetlinkConversation
        var deviceNames: [UInt32: String] = [:]
        var deviceIndexes: [String: UInt32] = [:]
    }

    /// - Parameters:
    ///   - namespace: its name, for the decisions.
    ///   - file: nil for the namespace of the calling thread.
    public init(namespace: String, file: NetworkNamespaceFile?) throws {
        self.namespace = namespace
        let socket = try file.map { try $0.perform { try NetlinkSocket(.route) } } ?? NetlinkSocket(.route)
        state = Mutex(State(conversation: NetlinkConversation(socket)))
    }

    /// Where a packet of `tuple` goes.
    ///
    /// - Parameters:
    ///   - inDevice: the device by which it came in; nil for one that this host sends.
    ///   - mark: the firewall mark.
    ///   - user: whose socket sends it; nil for this process's own user.
    /// - Returns: the decision, with `errorNumber` where the kernel refuses: 101 ENETUNREACH (no route, or an
    ///   `unreachable` one for input), 113 EHOSTUNREACH, 13 EACCES (`prohibit`), 22 EINVAL (`blackhole`, or an incoming
    ///   packet that the reverse-path filter or a martian check throws away).
    /// - Throws: `SystemError` where the question could not be put, ENODEV for an unknown device.
    public func decision(for tuple: FlowTuple, inDevice: String? = nil, mark: UInt32 = 0, user: UInt32? = nil) throws
        -> RouteDecision
    {
        try state.withLock { state in
            var index: UInt32 = 0
            if let inDevice { index = try deviceIndex(inDevice, &state) }
            var decision = RouteDecision(
                timeNanoseconds: realTimeNanoseconds(), namespace: namespace, tuple: tuple, inDevice: inDevice,
                mark: mark)
            let question = RouteMessage.request(tuple, inDeviceIndex: index, mark: mark, user: user, wantsMatch: false)
            switch try state.conversation.answer(to: question) {
            case .refused(let number, _): decision.errorNumber = number
            case .acknowledged: break
            case .message(let message):
                guard let route = RouteMessage(message) else {
                    throw SystemError("read the route to \(tuple.destination)", errorNumber: EBADMSG)
                }
                decision.kind = route.kind
                decision.table = route.table
                decision.outDevice = route.outDeviceIndex.flatMap { deviceName($0, &state) }
                decision.gateway = route.gateway
                decision.preferredSource = route.preferredSource
                decision.pathMTU = route.pathMTU
            }
            let match = RouteMessage.request(tuple, inDeviceIndex: index, mark: mark, user: user, wantsMatch: true)
            if case .message(let message) = try state.conversation.answer(to: match), let route = RouteMessage(message)
            {
                decision.matchedRoute = route.text { deviceName($0, &state) }
            }
            return decision
        }
    }

    /// Forgets the names of devices; after links have changed.
    func forgetDevices() {
        state.withLock {
            $0.deviceNames = [:]
            $0.deviceIndexes = [:]
        }
    }

    // MARK: Devices. Asked over the same socket, which belongs to the namespace whatever thread uses it.

    private func deviceName(_ index: UInt32, _ state: inout State) -> String? {
        if let known = state.deviceNames[index] { return known }
        let request = LinkMessage.request(index: index)
        guard case .message(let message)? = try? state.conversation.answer(to: request), let link = LinkMessage(message)
        else {
            return nil
        }
        state.deviceNames[index] = link.name
        return link.name
    }

    private func deviceIndex(_ name: String, _ state: inout State) throws -> UInt32 {
        if let known = state.deviceIndexes[name] { return known }
        let message = try state.conversation.ask(
            LinkMessage.request(name: name), "find device \(name) in \(namespace)")
        guard let link = message.flatMap({ LinkMessage($0) }) else {
            throw SystemError("find device \(name) in \(namespace)", errorNumber: EBADMSG)
        }
        state.deviceIndexes[name] = link.index
        return link.index
    }
}
