internal import Network
public import Wire

/// Addresses of virtual machines, as libvirt's DHCP server gave them: its leases name hardware addresses, the guest's state says
/// which are its own.
public enum GuestAddresses {
    /// Of a guest that runs, by its name, IPv4 first; empty where libvirt knows none.
    public static func addresses(of guest: String) -> [IPAddress] { addresses(of: guest, HostFiles()) }

    static func addresses(of guest: String, _ files: HostFiles) -> [IPAddress] {
        let folder = "/run/libvirt/qemu"
        let hardware = files.names(folder).filter { $0.hasSuffix(".xml") }.compactMap { files.text("\(folder)/\($0)") }
            .map { XMLElements($0) }.filter { $0.text(of: "name") == guest }
            .flatMap { $0.attributes("address", of: "mac", in: "interface") }.map { $0.lowercased() }
        let leases = "/var/lib/libvirt/dnsmasq"
        let found = files.names(leases).filter { $0.hasSuffix(".status") }
            .flatMap { files.json("\(leases)/\($0)")?.elements ?? [] }
            .filter { $0["mac-address"]?.string.map { hardware.contains($0.lowercased()) } ?? false }
            .compactMap { $0["ip-address"]?.string.flatMap { IPAddress($0) } }
        return found.filter(\.isIPv4) + found.filter { !$0.isIPv4 }
    }
}
