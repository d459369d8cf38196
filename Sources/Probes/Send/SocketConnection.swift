internal import Glibc
public import Wire

/// connect(2) of a socket of the address's family. Gives the error's number, 0 where there is none.
public func connectSocket(_ descriptor: Int32, to address: IPAddress, port: UInt16) -> Int32 {
    PacketSender.withSocketAddress(address, port: port) { connect(descriptor, $0, $1) } == 0 ? 0 : errno
}
