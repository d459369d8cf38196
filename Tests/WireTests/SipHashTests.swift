import Testing
import Wire

@Suite struct SipHashTests {
    /// Appendix A of the SipHash paper: key 00…0f, message 00…0e.
    @Test func vectorOfThePaper() {
        var hash = SipHash(key: (0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908))
        hash.mix(0x0706_0504_0302_0100)
        #expect(hash.finished(last: 0x0e_0d0c_0b0a_0908, lastCount: 7) == 0xa129_ca61_49be_45e5)
    }
}
