/// What one request got.
package enum NetlinkAnswer: Sendable, Hashable {
    case message(NetlinkMessage)
    /// NLMSG_ERROR with the number 0, or the end of an empty dump.
    case acknowledged
    /// - Parameters:
    ///   - errorNumber: a positive errno.
    ///   - explanation: the kernel's own text, where it gives one.
    case refused(errorNumber: Int32, explanation: String?)
}
