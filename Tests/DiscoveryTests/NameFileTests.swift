import FoundationEssentials
import Testing
import Wire

@testable import Discovery
@testable import Network

/// Files below a root of their own, as the programs that name namespaces leave them. Namespaces are links, as those of /proc.
private struct FakeRoot {
    let files: HostFiles

    init(_ contents: [String: String], namespaces: [String: UInt64] = [:]) throws {
        let root = FileManager.default.temporaryDirectory.path() + "/names-\(UInt64.random(in: 0...UInt64.max))"
        files = HostFiles(root: root)
        for (path, content) in contents {
            try makeFolder(of: root + path)
            try content.write(toFile: root + path, atomically: false, encoding: .utf8)
        }
        for (path, inode) in namespaces {
            try makeFolder(of: root + path)
            try FileManager.default.createSymbolicLink(
                atPath: root + path, withDestinationPath: "net:[\(inode)]")
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: files.root) }

    private func makeFolder(of path: String) throws {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }
}

@Suite("Names by files") struct NameFileTests {
    private static let podmanID = String(repeating: "c9873b68", count: 8)
    private static let criID = String(repeating: "5a1b2c3d", count: 8)

    @Test("Podman without its socket: the name that conmon was told, the mount that the runtime joined")
    func podman() throws {
        let bundle = "/var/lib/containers/storage/overlay-containers/\(Self.podmanID)/userdata"
        let state = "/run/containers/storage/overlay-containers/\(Self.podmanID)/userdata"
        let mount = "/run/netns/netns-885ad130-af6e-f342-a130-66b5857a32f4"
        let words = [
            "/usr/bin/conmon", "--api-version", "1", "-c", Self.podmanID, "-u", Self.podmanID, "-b", bundle, "-p",
            "\(state)/pidfile", "-n", "pweb", "--exit-dir", "/run/libpod/exits",
        ]
        let root = try FakeRoot(
            [
                "\(state)/conmon.pid": "88", "\(state)/pidfile": "91\n",
                "/proc/88/cmdline": words.joined(separator: "\0") + "\0",
                "\(bundle)/config.json":
                    #"{"annotations":{"io.container.manager":"libpod"},"linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"\#(mount)"}]}}"#,
            ], namespaces: [mount: 4_026_532_001, "/proc/91/ns/net": 4_026_532_001])
        defer { root.remove() }
        let found = RuntimeBundles.containers(root.files)
        #expect(
            found == [
                Container(
                    name: "pweb", paths: [mount, "/proc/91/ns/net"],
                    workloads: [Workload(.container, "pweb", identifier: Self.podmanID, by: .podman)])
            ])
        #expect(root.files.namespace(mount) == 4_026_532_001)
    }

    @Test("Podman's pods: what holds the namespace is called by the pod's name, where its own was made up")
    func podmanPod() throws {
        let state = "/run/containers/storage/overlay-containers"
        let other = String(repeating: "dead0000", count: 8)
        let root = try FakeRoot(
            [
                "\(state)/\(Self.podmanID)/userdata/pidfile": "91",
                "\(state)/\(Self.podmanID)/userdata/config.json":
                    #"{"hostname":"mypod","annotations":{"io.container.manager":"libpod"}}"#,
                "\(state)/\(other)/userdata/pidfile": "92",
                "\(state)/\(other)/userdata/config.json":
                    #"{"hostname":"mypod","annotations":{"io.container.manager":"libpod"}}"#,
                "/var/lib/containers/storage/overlay-containers/containers.json":
                    #"[{"id":"\#(Self.podmanID)","names":["5b6e222a4853-infra"]},{"id":"\#(other)","names":["cafe-infra"]}]"#,
            ], namespaces: ["/proc/91/ns/net": 7, "/proc/92/ns/net": 7])
        defer { root.remove() }
        let found = RuntimeBundles.containers(root.files).sorted { $0.name < $1.name }
        #expect(found.map(\.name) == ["cafe-infra", "mypod"])
        #expect(found.last?.workloads.last == Workload(.pod, "mypod", by: .podman))
        #expect(found.first?.workloads.contains { $0.kind == .pod } == false)
    }

    @Test("Podman whose conmon has gone: the name in the storage's list; a container that has ended is none")
    func podmanStorage() throws {
        let state = "/run/containers/storage/overlay-containers"
        let ended = String(repeating: "dead0000", count: 8)
        let root = try FakeRoot(
            [
                "\(state)/\(Self.podmanID)/userdata/pidfile": "91", "\(state)/\(ended)/userdata/pidfile": "92",
                "/var/lib/containers/storage/overlay-containers/containers.json":
                    #"[{"id":"\#(Self.podmanID)","names":["pweb"]}]"#,
            ], namespaces: ["/proc/91/ns/net": 7])
        defer { root.remove() }
        #expect(RuntimeBundles.containers(root.files).map(\.name) == ["pweb"])
    }

    @Test("containerd's CRI: the pod, its namespace and its container by annotations")
    func containerd() throws {
        let task = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/\(Self.criID)"
        let root = try FakeRoot([
            "\(task)/init.pid": "77",
            "\(task)/config.json":
                #"{"annotations":{"io.kubernetes.cri.container-name":"nginx","io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-name":"web-6d4b75cb6d-hvx2k","io.kubernetes.cri.sandbox-namespace":"shop"},"linux":{"namespaces":[{"type":"network","path":"/proc/70/ns/net"}]}}"#,
        ])
        defer { root.remove() }
        #expect(
            RuntimeBundles.containers(root.files) == [
                Container(
                    name: "nginx", paths: ["/proc/70/ns/net", "/proc/77/ns/net"],
                    workloads: [
                        Workload(.container, "nginx", identifier: Self.criID, by: .containerd),
                        Workload(.pod, "web-6d4b75cb6d-hvx2k", in: "shop", by: .kubernetes),
                    ])
            ])
    }

    @Test("containerd's other clients: a name chosen by hand, nerdctl's annotation, Docker's own record")
    func containerdClients() throws {
        let tasks = "/run/containerd/io.containerd.runtime.v2.task"
        let root = try FakeRoot([
            "\(tasks)/default/redis/init.pid": "5", "\(tasks)/default/redis/config.json": "{}",
            "\(tasks)/default/\(Self.criID)/init.pid": "6",
            "\(tasks)/default/\(Self.criID)/config.json": #"{"annotations":{"nerdctl/name":"cache"}}"#,
            "\(tasks)/moby/\(Self.podmanID)/init.pid": "7", "\(tasks)/moby/\(Self.podmanID)/config.json": "{}",
            "/var/lib/docker/containers/\(Self.podmanID)/config.v2.json":
                #"{"Name":"/shop-api-1","Config":{"Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"api"}}}"#,
        ])
        defer { root.remove() }
        let found = RuntimeBundles.containers(root.files)
        #expect(Set(found.map(\.name)) == ["redis", "cache", "shop-api-1"])
        let service = found.flatMap(\.workloads).first { $0.kind == .service }
        #expect(service == Workload(.service, "api", in: "shop", by: .docker))
    }

    @Test("bridges by the networks of Podman, CNI and libvirt; a guest's device by libvirt")
    func bridges() throws {
        let root = try FakeRoot([
            "/etc/containers/networks/shop.json":
                #"{"name":"shop","id":"cae5","driver":"bridge","network_interface":"podman1"}"#,
            "/etc/cni/net.d/10-flannel.conflist":
                #"{"name":"cbr0","plugins":[{"type":"bridge","bridge":"cni1"},{"type":"portmap"}]}"#,
            "/etc/cni/net.d/20-plain.conf": #"{"name":"plain","type":"bridge"}"#,
            "/run/libvirt/network/default.xml":
                "<networkstatus>\n  <network>\n    <name>default</name>\n    <bridge name='virbr0' stp='on' delay='0'/>\n  </network>\n</networkstatus>\n",
            "/run/libvirt/qemu/web1.xml": """
            <domstatus state='running' reason='booted' pid='4711'>
              <domain type='kvm' id='3'>
                <name>web &amp; mail</name>
                <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
                <devices>
                  <disk type='file'><target dev='vda' bus='virtio'/></disk>
                  <interface type='network'>
                    <mac address='52:54:00:12:34:56'/>
                    <target dev='vnet0'/>
                  </interface>
                </devices>
              </domain>
            </domstatus>
            """,
            "/run/libvirt/qemu/broken.xml": "<domstatus><name",
        ])
        defer { root.remove() }
        let found = BridgeNetworks(root.files).workloads.mapValues(\.words)
        #expect(
            found == [
                "podman0": "network podman", "podman1": "network shop", "cni1": "network cbr0", "cni0": "network plain",
                "virbr0": "network default", "vnet0": "guest web & mail",
            ])
    }

    @Test("a guest's addresses by libvirt's leases for its hardware addresses")
    func guests() throws {
        let root = try FakeRoot([
            "/run/libvirt/qemu/web1.xml": """
            <domstatus><domain type='kvm'><name>web1</name><devices>
            <interface type='network'><mac address='52:54:00:AA:bb:01'/><target dev='vnet0'/></interface>
            </devices></domain></domstatus>
            """,
            "/var/lib/libvirt/dnsmasq/virbr0.status":
                #"[{"ip-address":"fd00::2d","mac-address":"52:54:00:aa:bb:01","expiry-time":1},{"ip-address":"192.168.122.45","mac-address":"52:54:00:aa:bb:01","hostname":"web1","expiry-time":1},{"ip-address":"192.168.122.46","mac-address":"52:54:00:aa:bb:02"}]"#,
        ])
        defer { root.remove() }
        #expect(
            GuestAddresses.addresses(of: "web1", root.files) == [IPAddress("192.168.122.45"), IPAddress("fd00::2d")])
        #expect(GuestAddresses.addresses(of: "web2", root.files) == [])
    }

    @Test("Docker's networks by its API: by the bridge's option, or by the network's number")
    func dockerNetworks() throws {
        let list = try JSONTree(
            parsing: Array(
                #"[{"Name":"bridge","Id":"aa","Driver":"bridge","Options":{"com.docker.network.bridge.name":"docker0"}},{"Name":"shop","Id":"8534014c115f0b1c","Driver":"bridge","Options":{}},{"Name":"host","Id":"bb","Driver":"host","Options":{}}]"#
                    .utf8))
        #expect(
            ContainerEngines.networks(list).mapValues(\.words) == [
                "docker0": "network bridge", "br-8534014c115f": "network shop",
            ])
    }

    @Test(
        "a control group",
        arguments: [
            ("/system.slice/nginx.service", "unit nginx.service"),
            ("/system.slice/docker-\(podmanID).scope", "container c9873b68c987"),
            ("/kubepods.slice/kubepods-pod1.slice/cri-containerd-\(podmanID).scope", "container c9873b68c987"),
            ("/machine.slice/systemd-nspawn@build.service", "container build"),
            ("/lxc.payload.mail/init.scope", "container mail"),
            ("/machine/lxc-138-vm1.libvirt-lxc", "container vm1"),
            (#"/machine.slice/machine-lxc\x2d2\x2dmail\x2dold.scope"#, "container mail-old"),
            // The emulator's own process is the host's.
            (#"/machine.slice/machine-qemu\x2d1\x2ddebian.scope"#, nil),
            ("/user.slice/user-0.slice/session-3.scope", nil), ("/", nil),
        ] as [(String, String?)])
    func groups(path: String, words: String?) {
        #expect(ControlGroups.workload(path)?.words == words)
    }

    @Test("a service has a namespace of its own only where all of its processes are in it")
    func services() throws {
        let root = try FakeRoot(
            [
                "/proc/10/cgroup": "0::/system.slice/private.service\n",
                "/sys/fs/cgroup/system.slice/private.service/cgroup.procs": "10\n11\n",
                "/proc/20/cgroup": "0::/system.slice/ssh.service\n",
                "/sys/fs/cgroup/system.slice/ssh.service/cgroup.procs": "19\n20\n",
            ], namespaces: ["/proc/10/ns/net": 5, "/proc/11/ns/net": 5, "/proc/19/ns/net": 1, "/proc/20/ns/net": 6])
        defer { root.remove() }
        let groups = ControlGroups(files: root.files)
        #expect(groups.workload(ofProcess: 10, in: 5)?.name == "private.service")
        // A shell that made a namespace of its own.
        #expect(groups.workload(ofProcess: 20, in: 6) == nil)
    }

    @Test("a group of version 1 is that of any controller")
    func controllers() throws {
        let root = try FakeRoot([
            "/proc/30/cgroup": "9:name=systemd:/\n4:memory:/machine/lxc-138-vm1.libvirt-lxc\n0::/\n"
        ])
        defer { root.remove() }
        #expect(ControlGroups(files: root.files).workload(ofProcess: 30, in: 7)?.words == "container vm1")
    }

    @Test("a pod's name goes before its containers', a made-up name behind them")
    func precedence() {
        func site(_ inode: UInt64, _ netns: String?, _ containers: [String], pod: String? = nil) -> NamespaceSite {
            NamespaceSite(
                inode: inode, paths: [], netnsName: netns, containers: containers,
                workloads: pod.map { [Workload(.pod, $0, in: "shop", by: .kubernetes)] } ?? [])
        }
        let uuid = "8b5318ec-0f13-55e9-d1c5-0f1e0a8b7c6d"
        #expect(
            NamespaceSearch.names(of: [
                site(1, "cni-\(uuid)", ["nginx"], pod: "web-1"), site(2, "netns-\(uuid)", ["pweb"]),
                site(3, "netns-\(uuid)", []), site(4, "blue", ["nginx"]), site(5, nil, ["nginx"], pod: "web-1"),
            ]) == ["web-1", "pweb", "netns-\(uuid)", "blue", "shop/web-1"])
    }

    @Test("a stopped container by its name, its service, its number")
    func stopped() throws {
        let list = try JSONTree(
            parsing: Array(
                #"[{"Id":"e954beab9ba8","Names":["/shop-db-1"],"State":"exited","Status":"Exited (137) 2 minutes ago","Labels":{"com.docker.compose.service":"db"}},{"Id":"aaaa","Names":["/api"],"State":"running","Status":"Up"}]"#
                    .utf8))
        let database = ContainerEngines.Stopped(name: "shop-db-1", state: "Exited (137) 2 minutes ago")
        #expect(ContainerEngines.stopped("shop-db-1", in: list) == database)
        #expect(ContainerEngines.stopped("db", in: list) == database)
        let container = try JSONTree(parsing: Array(#"{"HostConfig":{"Dns":["198.51.100.53","2001:db8::53"]}}"#.utf8))
        #expect(ContainerEngines.resolvers(container).map(\.description) == ["198.51.100.53", "2001:db8::53"])
        #expect(ContainerEngines.resolvers(list).isEmpty)
        #expect(ContainerEngines.stopped("e954beab", in: list) == database)
        #expect(ContainerEngines.stopped("api", in: list) == nil)
    }
}
