/// Which sysctls a snapshot keeps. Keys are as sysctl(8) writes them.
enum Sysctls {
    /// A device's name within a key.
    static func word(_ device: String) -> String { String(device.map { $0 == "." ? "/" : $0 }) }

    /// Kept whatever they are: they decide what happens to packets.
    static let always: [String] = """
        net.ipv4.ip_forward net.ipv4.ip_default_ttl net.ipv4.ip_local_port_range
        net.ipv4.ip_local_reserved_ports net.ipv4.ip_nonlocal_bind net.ipv4.ip_unprivileged_port_start
        net.ipv4.ip_no_pmtu_disc net.ipv4.ip_forward_use_pmtu net.ipv4.ping_group_range
        net.ipv4.fwmark_reflect net.ipv4.raw_l3mdev_accept net.ipv4.fib_multipath_hash_policy
        net.ipv4.fib_multipath_hash_fields net.ipv4.fib_multipath_hash_seed net.ipv4.fib_multipath_use_neigh
        net.ipv4.nexthop_compat_mode net.ipv4.icmp_echo_ignore_all net.ipv4.icmp_echo_ignore_broadcasts
        net.ipv4.icmp_errors_use_inbound_ifaddr net.ipv4.icmp_ratelimit net.ipv4.icmp_ratemask
        net.ipv4.icmp_msgs_per_sec net.ipv4.icmp_msgs_burst net.ipv4.icmp_ignore_bogus_error_responses
        net.ipv4.tcp_l3mdev_accept net.ipv4.udp_l3mdev_accept net.ipv4.tcp_fwmark_accept
        net.ipv4.tcp_syncookies net.ipv4.tcp_abort_on_overflow net.ipv4.tcp_mtu_probing net.ipv4.tcp_ecn
        net.ipv4.tcp_timestamps net.ipv4.route.min_pmtu net.ipv4.ipfrag_high_thresh net.ipv4.ipfrag_time
        net.ipv4.igmp_max_memberships net.ipv6.fib_multipath_hash_policy net.ipv6.fib_multipath_hash_fields
        net.ipv6.ip_nonlocal_bind net.ipv6.bindv6only net.ipv6.fwmark_reflect net.ipv6.flowlabel_reflect
        net.ipv6.auto_flowlabels net.ipv6.icmp.echo_ignore_all net.ipv6.icmp.echo_ignore_multicast
        net.ipv6.icmp.echo_ignore_anycast net.ipv6.icmp.ratelimit net.ipv6.icmp.ratemask
        net.ipv6.ip6frag_high_thresh net.ipv6.ip6frag_time net.bridge.bridge-nf-call-iptables
        net.bridge.bridge-nf-call-ip6tables net.bridge.bridge-nf-call-arptables
        net.bridge.bridge-nf-filter-vlan-tagged net.bridge.bridge-nf-filter-pppoe-tagged
        net.bridge.bridge-nf-pass-vlan-input-dev net.netfilter.nf_conntrack_max
        net.netfilter.nf_conntrack_buckets net.netfilter.nf_conntrack_helper net.netfilter.nf_hooks_lwtunnel
        net.core.somaxconn net.mptcp.enabled net.netfilter.nf_conntrack_checksum
        net.netfilter.nf_conntrack_frag6_high_thresh net.netfilter.nf_conntrack_frag6_low_thresh
        net.netfilter.nf_conntrack_frag6_timeout net.netfilter.nf_conntrack_generic_timeout
        net.netfilter.nf_conntrack_gre_timeout net.netfilter.nf_conntrack_gre_timeout_stream
        net.netfilter.nf_conntrack_icmp_timeout net.netfilter.nf_conntrack_icmpv6_timeout
        net.netfilter.nf_conntrack_sctp_timeout_closed net.netfilter.nf_conntrack_sctp_timeout_cookie_echoed
        net.netfilter.nf_conntrack_sctp_timeout_cookie_wait
        net.netfilter.nf_conntrack_sctp_timeout_established
        net.netfilter.nf_conntrack_sctp_timeout_heartbeat_sent
        net.netfilter.nf_conntrack_sctp_timeout_shutdown_ack_sent
        net.netfilter.nf_conntrack_sctp_timeout_shutdown_recd
        net.netfilter.nf_conntrack_sctp_timeout_shutdown_sent net.netfilter.nf_conntrack_tcp_be_liberal
        net.netfilter.nf_conntrack_tcp_ignore_invalid_rst net.netfilter.nf_conntrack_tcp_loose
        net.netfilter.nf_conntrack_tcp_max_retrans net.netfilter.nf_conntrack_tcp_timeout_close
        net.netfilter.nf_conntrack_tcp_timeout_close_wait net.netfilter.nf_conntrack_tcp_timeout_established
        net.netfilter.nf_conntrack_tcp_timeout_fin_wait net.netfilter.nf_conntrack_tcp_timeout_last_ack
        net.netfilter.nf_conntrack_tcp_timeout_max_retrans net.netfilter.nf_conntrack_tcp_timeout_syn_recv
        net.netfilter.nf_conntrack_tcp_timeout_syn_sent net.netfilter.nf_conntrack_tcp_timeout_time_wait
        net.netfilter.nf_conntrack_tcp_timeout_unacknowledged net.netfilter.nf_conntrack_udp_timeout
        net.netfilter.nf_conntrack_udp_timeout_stream
        """.words

    /// Below net.ipv4.conf.DEVICE, likewise.
    static let ipv4Devices: [String] = """
        accept_local accept_redirects accept_source_route arp_accept arp_announce arp_evict_nocarrier
        arp_filter arp_ignore arp_notify bc_forwarding disable_policy disable_xfrm drop_gratuitous_arp
        drop_unicast_in_l2_multicast force_igmp_version forwarding ignore_routes_with_linkdown medium_id
        promote_secondaries proxy_arp proxy_arp_pvlan route_localnet rp_filter secure_redirects send_redirects
        shared_media src_valid_mark
        """.words

    /// Below net.ipv6.conf.DEVICE, likewise.
    static let ipv6Devices: [String] = """
        accept_dad accept_ra accept_ra_defrtr accept_ra_pinfo accept_redirects accept_source_route
        accept_untracked_na addr_gen_mode autoconf dad_transmits disable_ipv6 disable_policy
        drop_unicast_in_l2_multicast drop_unsolicited_na force_forwarding force_mld_version forwarding
        hop_limit ignore_routes_with_linkdown keep_addr_on_down mtu ndisc_evict_nocarrier optimistic_dad
        proxy_ndp router_solicitations rpl_seg_enabled seg6_enabled suppress_frag_ndisc use_oif_addrs_only
        use_tempaddr
        """.words

    /// Below net.ipv4.neigh.DEVICE and net.ipv6.neigh.DEVICE: devices of every namespace begin with the values of the
    /// machine's first one. `retrans_time`, `base_reachable_time` and `unres_qlen` are the same variables in other units.
    static let neighbours: [String] = """
        anycast_delay app_solicit base_reachable_time_ms delay_first_probe_time gc_stale_time
        interval_probe_time_ms locktime mcast_resolicit mcast_solicit proxy_delay proxy_qlen retrans_time_ms
        ucast_solicit unres_qlen_bytes
        """.words

    /// Where the others stand: folders below /proc/sys/net and the keys that they begin.
    static let folders: [(String, String)] = [
        "core", "ipv4", "ipv4/route", "ipv6", "ipv6/icmp", "ipv6/route", "netfilter", "bridge", "mptcp", "unix",
    ].map { ($0, "net." + String($0.map { $0 == "/" ? "." : $0 })) }

    /// Keys of TCP Fast Open and of stable IPv6 addresses.
    static let secrets: Set<String> = ["tcp_fastopen_key", "stable_secret"]

    /// Commands, what counts or lists for the whole machine, and what the kernel sizes by the machine's memory.
    static let derived: Set<String> = """
        net.ipv4.route.flush net.ipv6.route.flush net.ipv4.tcp_available_ulp net.ipv4.tcp_ehash_entries
        net.ipv4.udp_hash_entries net.ipv4.tcp_child_ehash_entries net.ipv4.udp_child_hash_entries
        net.netfilter.nf_log_all_netns net.core.netdev_rss_key net.core.optmem_max net.ipv4.tcp_rmem net.ipv4.tcp_wmem
        net.ipv4.tcp_max_syn_backlog net.ipv4.tcp_max_tw_buckets net.ipv4.tcp_congestion_control
        """.words.asSet

    /// What the kernel begins with (Linux 6.18), of those that are kept only where they differ.
    static let defaults: [String: String] = {
        var values: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let sign = line.firstIndex(of: "=") else { continue }
            values[String(line[..<sign])] = String(line[line.index(after: sign)...])
        }
        return values
    }()

    private static let text = """
        net.core.xfrm_acq_expires=30
        net.core.xfrm_aevent_etime=10
        net.core.xfrm_aevent_rseqth=2
        net.core.xfrm_larval_drop=1
        net.ipv6.ioam6_id=16777215
        net.ipv6.ioam6_id_wide=72057594037927935
        net.ipv6.route.gc_elasticity=9
        net.ipv6.route.gc_interval=30
        net.ipv6.route.gc_min_interval=0
        net.ipv6.route.gc_min_interval_ms=500
        net.ipv6.route.gc_thresh=1024
        net.ipv6.route.gc_timeout=60
        net.ipv6.route.min_adv_mss=1220
        net.ipv6.route.mtu_expires=600
        net.ipv6.route.skip_notify_on_dev_down=0
        net.core.rps_default_mask=0
        net.core.tstamp_allow_data=1
        net.core.txrehash=1
        net.ipv4.fib_notify_on_flag_change=0
        net.ipv4.icmp_echo_enable_probe=0
        net.ipv4.igmp_link_local_mcast_reports=1
        net.ipv4.igmp_max_msf=10
        net.ipv4.igmp_qrv=2
        net.ipv4.ip_autobind_reuse=0
        net.ipv4.ip_dynaddr=0
        net.ipv4.ip_early_demux=1
        net.ipv4.ip_forward_update_priority=1
        net.ipv4.ipfrag_low_thresh=3145728
        net.ipv4.ipfrag_max_dist=64
        net.ipv4.route.min_adv_mss=256
        net.ipv4.route.mtu_expires=600
        net.ipv4.tcp_adv_win_scale=1
        net.ipv4.tcp_app_win=31
        net.ipv4.tcp_autocorking=1
        net.ipv4.tcp_backlog_ack_defer=1
        net.ipv4.tcp_base_mss=1024
        net.ipv4.tcp_challenge_ack_limit=2147483647
        net.ipv4.tcp_comp_sack_delay_ns=1000000
        net.ipv4.tcp_comp_sack_nr=44
        net.ipv4.tcp_comp_sack_slack_ns=100000
        net.ipv4.tcp_dsack=1
        net.ipv4.tcp_early_demux=1
        net.ipv4.tcp_early_retrans=3
        net.ipv4.tcp_ecn_fallback=1
        net.ipv4.tcp_ecn_option=2
        net.ipv4.tcp_ecn_option_beacon=3
        net.ipv4.tcp_fack=0
        net.ipv4.tcp_fastopen=1
        net.ipv4.tcp_fastopen_blackhole_timeout_sec=0
        net.ipv4.tcp_fin_timeout=60
        net.ipv4.tcp_frto=2
        net.ipv4.tcp_invalid_ratelimit=500
        net.ipv4.tcp_keepalive_intvl=75
        net.ipv4.tcp_keepalive_probes=9
        net.ipv4.tcp_keepalive_time=7200
        net.ipv4.tcp_limit_output_bytes=4194304
        net.ipv4.tcp_max_reordering=300
        net.ipv4.tcp_migrate_req=0
        net.ipv4.tcp_min_rtt_wlen=300
        net.ipv4.tcp_min_snd_mss=48
        net.ipv4.tcp_min_tso_segs=2
        net.ipv4.tcp_moderate_rcvbuf=1
        net.ipv4.tcp_mtu_probe_floor=48
        net.ipv4.tcp_no_metrics_save=0
        net.ipv4.tcp_no_ssthresh_metrics_save=1
        net.ipv4.tcp_notsent_lowat=4294967295
        net.ipv4.tcp_orphan_retries=0
        net.ipv4.tcp_pacing_ca_ratio=120
        net.ipv4.tcp_pacing_ss_ratio=200
        net.ipv4.tcp_pingpong_thresh=1
        net.ipv4.tcp_plb_cong_thresh=128
        net.ipv4.tcp_plb_enabled=0
        net.ipv4.tcp_plb_idle_rehash_rounds=3
        net.ipv4.tcp_plb_rehash_rounds=12
        net.ipv4.tcp_plb_suspend_rto_sec=60
        net.ipv4.tcp_probe_interval=600
        net.ipv4.tcp_probe_threshold=8
        net.ipv4.tcp_recovery=1
        net.ipv4.tcp_reflect_tos=0
        net.ipv4.tcp_reordering=3
        net.ipv4.tcp_retrans_collapse=1
        net.ipv4.tcp_retries1=3
        net.ipv4.tcp_retries2=15
        net.ipv4.tcp_rfc1337=0
        net.ipv4.tcp_rto_max_ms=120000
        net.ipv4.tcp_rto_min_us=200000
        net.ipv4.tcp_sack=1
        net.ipv4.tcp_shrink_window=0
        net.ipv4.tcp_slow_start_after_idle=1
        net.ipv4.tcp_stdurg=0
        net.ipv4.tcp_syn_linear_timeouts=4
        net.ipv4.tcp_syn_retries=6
        net.ipv4.tcp_synack_retries=5
        net.ipv4.tcp_thin_linear_timeouts=0
        net.ipv4.tcp_tso_rtt_log=9
        net.ipv4.tcp_tso_win_divisor=3
        net.ipv4.tcp_tw_reuse=2
        net.ipv4.tcp_tw_reuse_delay=1000
        net.ipv4.tcp_window_scaling=1
        net.ipv4.tcp_workaround_signed_windows=0
        net.ipv4.udp_early_demux=1
        net.ipv4.udp_rmem_min=4096
        net.ipv4.udp_wmem_min=4096
        net.ipv4.xfrm4_gc_thresh=32768
        net.ipv6.anycast_src_echo_reply=0
        net.ipv6.fib_notify_on_flag_change=0
        net.ipv6.flowlabel_consistency=1
        net.ipv6.flowlabel_state_ranges=0
        net.ipv6.icmp.error_anycast_as_unicast=0
        net.ipv6.idgen_delay=1
        net.ipv6.idgen_retries=3
        net.ipv6.ip6frag_low_thresh=3145728
        net.ipv6.max_dst_opts_length=2147483647
        net.ipv6.max_dst_opts_number=8
        net.ipv6.max_hbh_length=2147483647
        net.ipv6.max_hbh_opts_number=8
        net.ipv6.route.max_size=2147483647
        net.ipv6.seg6_flowlabel=0
        net.ipv6.xfrm6_gc_thresh=32768
        net.mptcp.add_addr_timeout=120
        net.mptcp.allow_join_initial_addr_port=1
        net.mptcp.blackhole_timeout=3600
        net.mptcp.checksum_enabled=0
        net.mptcp.close_timeout=60
        net.mptcp.path_manager=kernel
        net.mptcp.pm_type=0
        net.mptcp.scheduler=default
        net.mptcp.stale_loss_cnt=4
        net.mptcp.syn_retrans_before_tcp_fallback=2
        net.netfilter.nf_conntrack_acct=0
        net.netfilter.nf_conntrack_events=2
        net.netfilter.nf_conntrack_log_invalid=0
        net.netfilter.nf_conntrack_timestamp=0
        net.unix.max_dgram_qlen=10
        """
}

extension String {
    fileprivate var words: [String] { split(whereSeparator: \.isWhitespace).map(String.init) }
}

extension [String] {
    fileprivate var asSet: Set<String> { Set(self) }
}

extension NamespaceSnapshot {
    /// What the kernel begins with where a snapshot keeps a setting because it differs (Linux 6.18); nil for all others.
    public static func usualSetting(_ name: String) -> String? { Sysctls.defaults[name] }
}
