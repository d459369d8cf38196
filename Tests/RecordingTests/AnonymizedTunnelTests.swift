import FoundationEssentials
import Network
import Observations
import Testing
import Wire

@testable import Recording

/// Of a packet in a tunnel or behind a tag no address is kept, wherever in the frame it stands.
@Suite struct AnonymizedTunnelTests {
    private static let folder =
        String(#filePath.dropLast("/Tests/RecordingTests/AnonymizedTunnelTests.swift".count))
        + "/fixtures/wire/encapsulations"

    @Test("no address of any encapsulated packet is written", arguments: [1, 51, 105, 113, 219, 276, 284, 285])
    func addresses(link: Int) throws {
        var anonymizer = Anonymizer(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
        var count = 0
        try RecordingReader(path: "\(Self.folder)/link-\(link).pcap").read(
            events: { _, _ in },
            packets: { _, observation, bytes in
                let headers = observation.headers
                let kept = bytes.withUnsafeBytes {
                    anonymizer.packet($0, linkType: LinkType(rawValue: UInt16(link)), headers)
                }
                for address in [headers.source, headers.destination, headers.tunnelSource, headers.tunnelDestination]
                where address != IPAddress(ipv4: 0) {
                    count += 1
                    #expect(!kept.contains(address.bytes), "\(address) in packet \(count)")
                }
            })
        #expect(count > 6)
    }
}
