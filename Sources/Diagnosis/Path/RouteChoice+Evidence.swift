internal import Network
internal import Observations

extension RouteChoice {
    /// What the choice rests on: the kernel's answer, or the tables as read.
    var evidence: Evidence { isKernelAnswer ? .kernel : .state }
}
