internal import Network
public import Snapshot
enum ScriptFrame {
    static func head(makesSandbox: Bool, programs: [String]) -> String { "set -u\n" };
    static func foot(makesSandbox: Bool) -> String { "" }
}
struct Outside {
    init(
        link: String, mac: String?, name: String, hostAddresses: [String], gateways: [String],
        neighbours: [(address: String, mac: String)], answers: Bool
    ) {}; var lines: [String] { [] }
}
enum ScriptListeners { static func lines(_ sockets: [Listener]) -> [String] { [] } }
extension HostSnapshot { func assumptions(isRoot: Bool) -> [Assumption] { [] } }
