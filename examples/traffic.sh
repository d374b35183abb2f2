#!/bin/bash
# Makes examples/traffic.pcap: real traffic between two kernels' network stacks, taken with tcpdump, as bare IP packets.
#
#   sudo examples/traffic.sh        needs root, iproute2, ethtool, tcpdump, curl, ping, node, editcap (of Wireshark)
#
#   namespace left                                     namespace right
#   10.1.0.2, fd00:1::2  ---- veth pair, MTU 1400 ----  10.2.0.2, fd00:2::2
#
# 1400 bytes, so that a sealed packet still fits a 1500 byte path. Offloads are off, so that every checksum is
# the one that would be on a wire. Neighbours are fixed, so that nothing but the traffic is captured.
set -eu
cd "$(dirname "$0")"
left=traffic-left-$$
right=traffic-right-$$
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill $server; ip netns del $left; ip netns del $right; rm -r "$work"' EXIT

ip netns add $left
ip netns add $right
ip link add veth0 netns $left mtu 1400 address 02:00:00:00:00:01 type veth \
  peer name veth0 netns $right mtu 1400 address 02:00:00:00:00:02
for space in $left $right; do
  ip netns exec $space sysctl -qw net.ipv6.conf.veth0.accept_dad=0 net.ipv6.conf.veth0.router_solicitations=0
  ip netns exec $space ethtool -K veth0 tx off rx off tso off gso off gro off >/dev/null
done
connect() { # namespace, its IPv4 and IPv6 address, the other's networks, addresses and link address
  ip -n $1 address add $2/16 dev veth0
  ip -n $1 address add $3/64 dev veth0
  ip -n $1 link set lo up
  ip -n $1 link set veth0 up
  ip -n $1 route add $4 dev veth0
  ip -n $1 route add $5 dev veth0
  ip -n $1 neigh replace $6 lladdr $8 dev veth0 nud permanent
  ip -n $1 neigh replace $7 lladdr $8 dev veth0 nud permanent
}
connect $left 10.1.0.2 fd00:1::2 10.2.0.0/16 fd00:2::/64 10.2.0.2 fd00:2::2 02:00:00:00:00:02
connect $right 10.2.0.2 fd00:2::2 10.1.0.0/16 fd00:1::/64 10.1.0.2 fd00:1::2 02:00:00:00:00:01

ip netns exec $right node traffic-peer.mjs serve >"$work/ready" & server=$!
until grep -q ready "$work/ready"; do sleep 0.1; done
wanted='(src net 10.1.0.0/16 and dst net 10.2.0.0/16) or (src net 10.2.0.0/16 and dst net 10.1.0.0/16)
  or (src net fd00:1::/64 and dst net fd00:2::/64) or (src net fd00:2::/64 and dst net fd00:1::/64)'
ip netns exec $left tcpdump -i veth0 --immediate-mode -U -w "$work/ethernet.pcap" "$wanted" 2>"$work/tcpdump" & tcpdump=$!
until grep -q 'listening on' "$work/tcpdump"; do sleep 0.1; done

# ICMP and ICMPv6: every shape of small packet, the largest whole one, and fragments.
for target in 10.2.0.2 fd00:2::2; do
  for size in 0 1 7 8 15 16 17 31 32 33 56 64 100 200 255 256 257 500 800 1000 1200 1300 1351 1352; do
    ip netns exec $left ping -q -c 6 -i 0.02 -s $size $target >/dev/null
  done
  ip netns exec $left ping -q -c 6 -i 0.02 -s 3000 $target >/dev/null
done
# TCP: downloads and uploads of several sizes.
for host in 10.2.0.2 '[fd00:2::2]'; do
  for size in 0 1 100 1000 1400 2000 5000 20000 130000; do
    ip netns exec $left curl -sg --fail -o /dev/null "http://$host:8080/$size"
  done
  head -c 80000 /dev/urandom | ip netns exec $left curl -sg --fail --data-binary @- -o /dev/null "http://$host:8080/"
done
# UDP: name lookups, echoes of many lengths, and a port where nobody listens.
ip netns exec $left node traffic-peer.mjs ask

sleep 0.3
kill -INT $tcpdump
wait $tcpdump || true
editcap -F pcap -L -C 14 -T rawip "$work/ethernet.pcap" traffic.pcap
capinfos -csT traffic.pcap 2>/dev/null | tail -1
