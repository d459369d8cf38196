import LinuxSystem
import Testing

@Suite struct KernelNameTests {
    @Test(
        "bytes that are no UTF-8 stand as \\xHH, the others as themselves",
        arguments: [
            (Array("eth0".utf8), "eth0"), (Array("größe".utf8), "größe"), ([], ""), ([0xff], "\\xff"),
            ([0x76, 0xff, 0x05, 0x30], "v\\xff\u{5}0"), ([0xc3], "\\xc3"), ([0xe2, 0x82, 0x41], "\\xe2\\x82A"),
            ([0xc3, 0xb6, 0xb6], "ö\\xb6"),
        ] as [([UInt8], String)])
    func name(bytes: [UInt8], text: String) {
        #expect(String(kernelName: bytes) == text)
    }

    @Test("the bytes that a name stands for are found again, where there are such")
    func bytes() {
        #expect("v\\xff\u{5}0".kernelNameBytes == [0x76, 0xff, 0x05, 0x30])
        #expect("ö\\xb6".kernelNameBytes == [0xc3, 0xb6, 0xb6])
        // What is no such escape is a name with a backslash.
        for name in ["eth0", "größe", "a\\x41", "a\\xzz", "a\\x", ""] {
            #expect(name.kernelNameBytes == nil, "\(name)")
        }
    }
}
