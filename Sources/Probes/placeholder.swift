internal import CNetlink
internal import CPcap
func probe() -> String { String(cString: pcap_lib_version()) + "\(NFULNL_MSG_PACKET) \(NFNL_SUBSYS_NFTABLES) \(RTM_NEWROUTE) \(nflog_open() == nil)" }
