/// What a look at an event socket brought.
package enum NetlinkReception {
    /// One or more messages, in the buffer that was given.
    case datagram(ArraySlice<UInt8>)
    /// Nothing waits.
    case nothing
    /// ENOBUFS: the kernel dropped messages.
    case overrun
    /// A positive errno: the socket is of no more use.
    case failed(Int32)
}
