internal import Network
internal import Ruleset
internal import Wire

extension BridgeStep {
    /// What keeps a frame from passing; nil where it passes. Frames are taken to be untagged: they are in the VLAN that
    /// is the PVID of the port that they come in by.
    var blockage: Blockage? {
        guard bridge.isUp else { return .bridgeDown }
        for port in [entry, exit].compactMap(\.self) {
            guard port.isUp else { return .portDown(port) }
            if let state = port.bridgePort?.state, state != .forwarding, port.hasCarrier {
                return .state(port, state)
            }
        }
        if let entry, let exit, entry.name == exit.name, exit.bridgePort?.hairpin == false { return .hairpin(exit) }
        if let entry, let exit, entry.bridgePort?.isolated == true, exit.bridgePort?.isolated == true {
            return .isolated(from: entry, to: exit)
        }
        return bridge.bridge?.vlanFiltering == true ? vlanBlockage : nil
    }

    private var vlanBlockage: Blockage? {
        guard let vlan = entry.map({ $0.bridgePort?.pvid }) ?? ownVLAN, vlan != 0 else {
            return entry.map(Blockage.noPVID)
        }
        if let exit {
            let isMember = exit.bridgePort?.pvid == vlan || exit.bridgePort?.vlans.contains(vlan) == true
            return isMember ? nil : .notMember(exit, vlan: vlan)
        }
        guard let entry, let own = ownVLAN, own != vlan else { return nil }
        return bridge.bridge?.vlans?.contains(vlan) == true ? nil : .notBridges(entry, vlan: vlan)
    }

    /// Whether frames that are only bridged are handed to the IP hooks too (br_netfilter).
    func handsToIP(_ packet: PacketState) -> Bool {
        let own = packet.source.isIPv4 ? bridge.bridge?.callsIPTables : bridge.bridge?.callsIP6Tables
        return namespace.settings.bridgeCallsChains(packet.source.family)?.isOn == true || own == true
    }

    /// Whether what is too long for the port that it leaves by goes on in fragments: br_netfilter cuts IPv4 that allows it
    /// (`br_nf_dev_queue_xmit`), but nothing that came in larger fragments itself, nor IPv6.
    func fragments(_ packet: PacketState) -> Bool {
        entry != nil && handsToIP(packet) && packet.source.isIPv4 && packet.dontFragment == false
            && !packet.isFragmented
    }

    static func netfilterKey(_ packet: PacketState) -> String {
        packet.source.isIPv4 ? "net.bridge.bridge-nf-call-iptables" : "net.bridge.bridge-nf-call-ip6tables"
    }
}
