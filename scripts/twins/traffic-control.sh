# Queues, classes and filters of tc(8), of the kinds that most kernels have: compared by scripts/twins/labs.py --rebuilt.
ip netns add web
ip link set lo up
ip link add ve0 type veth peer name ve1 netns web
ip link add ve2 type veth peer name ve3
for device in ve0 ve2 ve3; do ip link set $device up; done
ip -n web link set ve1 up
# Two classes below one, each with a queue of its own.
tc qdisc add dev ve0 handle 1: root htb default 10
tc class add dev ve0 parent 1: classid 1:1 htb rate 1mbit ceil 2mbit burst 2000 cburst 3000
tc class add dev ve0 parent 1:1 classid 1:10 htb rate 10kbit prio 3 quantum 2000 mpu 64 overhead 20
tc class add dev ve0 parent 1:1 classid 1:20 htb rate 33mbit prio 2 quantum 60000
tc qdisc add dev ve0 parent 1:10 handle 10: bfifo limit 2000
tc qdisc add dev ve0 parent 1:20 handle 20: tbf rate 33mbit burst 9000 latency 50ms
tc filter add dev ve0 parent 1: protocol ip prio 5 u32 match ip dst 10.0.0.1/32 match ip dport 80 0xffff flowid 1:10
tc filter add dev ve0 parent 1: protocol ipv6 prio 6 u32 match ip6 dst fd00::1/128 flowid 1:10
# Packets sent elsewhere, copied, and dropped, coming in and going out.
tc qdisc add dev ve0 clsact
tc filter add dev ve0 ingress protocol all u32 match u32 0 0 action mirred egress redirect dev ve2
tc filter add dev ve0 egress protocol ip bpf bytecode '4,40 0 0 12,21 0 1 2048,6 0 0 2,6 0 0 0' action mirred egress mirror dev ve2
tc qdisc add dev ve2 ingress
tc filter add dev ve2 ingress protocol ip bpf bytecode '1,6 0 0 2' direct-action
tc qdisc add dev ve3 root tbf rate 7mbit burst 5000 limit 20000
