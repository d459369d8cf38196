internal import Runs

/// The exit statuses of the contract; those from 64 on are sysexits(3)'s.
enum ExitStatus: Int32 {
    case success = 0
    /// A walk was dropped, rejected, lost or unsent, or its destination's name has no address.
    case notArrived = 1
    case usage = 64
    case badInput = 65
    /// The machine lacks something; `doctor` names it.
    case lacking = 69
    case cannotWrite = 74
    case notPermitted = 77

    init(_ kind: RunError.Kind) {
        self =
            switch kind {
            case .usage: .usage
            case .notFound: .notArrived
            case .badInput: .badInput
            case .lacking: .lacking
            case .cannotWrite: .cannotWrite
            case .notPermitted: .notPermitted
            }
    }
}

/// Standard output's reader is gone.
struct BrokenPipe: Error {}
