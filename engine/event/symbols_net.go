package event

import "golang.org/x/sys/unix"

// The names of what calls on sockets take, each set in the order in which Falco prints it.

var domainNames = symbolSet{enum: []symbol{
	{"AF_NFC", unix.AF_NFC, 0}, {"AF_ALG", unix.AF_ALG, 0}, {"AF_CAIF", unix.AF_CAIF, 0}, {"AF_IEEE802154", unix.AF_IEEE802154, 0},
	{"AF_PHONET", unix.AF_PHONET, 0}, {"AF_ISDN", unix.AF_ISDN, 0}, {"AF_RXRPC", unix.AF_RXRPC, 0}, {"AF_IUCV", unix.AF_IUCV, 0},
	{"AF_BLUETOOTH", unix.AF_BLUETOOTH, 0}, {"AF_TIPC", unix.AF_TIPC, 0}, {"AF_CAN", unix.AF_CAN, 0}, {"AF_LLC", unix.AF_LLC, 0},
	{"AF_WANPIPE", unix.AF_WANPIPE, 0}, {"AF_PPPOX", unix.AF_PPPOX, 0}, {"AF_IRDA", unix.AF_IRDA, 0}, {"AF_SNA", unix.AF_SNA, 0},
	{"AF_RDS", unix.AF_RDS, 0}, {"AF_ATMSVC", unix.AF_ATMSVC, 0}, {"AF_ECONET", unix.AF_ECONET, 0}, {"AF_ASH", unix.AF_ASH, 0},
	{"AF_PACKET", unix.AF_PACKET, 0}, {"AF_ROUTE", unix.AF_ROUTE, 0}, {"AF_NETLINK", unix.AF_NETLINK, 0}, {"AF_KEY", unix.AF_KEY, 0},
	{"AF_SECURITY", unix.AF_SECURITY, 0}, {"AF_NETBEUI", unix.AF_NETBEUI, 0}, {"AF_DECnet", unix.AF_DECnet, 0}, {"AF_ROSE", unix.AF_ROSE, 0},
	{"AF_INET6", unix.AF_INET6, 0}, {"AF_X25", unix.AF_X25, 0}, {"AF_ATMPVC", unix.AF_ATMPVC, 0}, {"AF_BRIDGE", unix.AF_BRIDGE, 0},
	{"AF_NETROM", unix.AF_NETROM, 0}, {"AF_APPLETALK", unix.AF_APPLETALK, 0}, {"AF_IPX", unix.AF_IPX, 0}, {"AF_AX25", unix.AF_AX25, 0},
	{"AF_INET", unix.AF_INET, 0}, {"AF_LOCAL", unix.AF_LOCAL, 0}, {"AF_UNIX", unix.AF_UNIX, 0}, {"AF_UNSPEC", unix.AF_UNSPEC, 0},
}}

var shutdownHowNames = symbolSet{enum: []symbol{
	{"SHUT_RDWR", unix.SHUT_RDWR, 0}, {"SHUT_WR", unix.SHUT_WR, 0}, {"SHUT_RD", unix.SHUT_RD, 0},
}}

var sockLevelNames = symbolSet{other: symbol{name: "UNKNOWN"}, enum: []symbol{
	{"SOL_SOCKET", unix.SOL_SOCKET, 1}, {"SOL_TCP", unix.SOL_TCP, 2},
}}

// noOption is no option's value.
const noOption = 0

var sockOptionNames = symbolSet{other: symbol{name: "UNKNOWN"}, enum: []symbol{
	{"SO_COOKIE", unix.SO_COOKIE, 53}, {"SO_MEMINFO", unix.SO_MEMINFO, 52}, {"SO_PEERGROUPS", unix.SO_PEERGROUPS, 51},
	{"SO_ATTACH_BPF", unix.SO_ATTACH_BPF, 50}, {"SO_INCOMING_CPU", unix.SO_INCOMING_CPU, 49}, {"SO_BPF_EXTENSIONS", unix.SO_BPF_EXTENSIONS, 48},
	{"SO_MAX_PACING_RATE", unix.SO_MAX_PACING_RATE, 47}, {"SO_BUSY_POLL", unix.SO_BUSY_POLL, 46}, {"SO_SELECT_ERR_QUEUE", unix.SO_SELECT_ERR_QUEUE, 45},
	{"SO_LOCK_FILTER", unix.SO_LOCK_FILTER, 44}, {"SO_NOFCS", unix.SO_NOFCS, 43}, {"SO_PEEK_OFF", unix.SO_PEEK_OFF, 42},
	{"SO_WIFI_STATUS", unix.SO_WIFI_STATUS, 41}, {"SO_RXQ_OVFL", unix.SO_RXQ_OVFL, 40}, {"SO_DOMAIN", unix.SO_DOMAIN, 39},
	{"SO_PROTOCOL", unix.SO_PROTOCOL, 38}, {"SO_TIMESTAMPING", unix.SO_TIMESTAMPING, 37}, {"SO_MARK", unix.SO_MARK, 36},
	{"SO_TIMESTAMPNS", unix.SO_TIMESTAMPNS, 35}, {"SO_PASSSEC", unix.SO_PASSSEC, 34}, {"SO_PEERSEC", unix.SO_PEERSEC, 31},
	{"SO_ACCEPTCONN", unix.SO_ACCEPTCONN, 30}, {"SO_TIMESTAMP", unix.SO_TIMESTAMP, 29}, {"SO_PEERNAME", unix.SO_PEERNAME, 28},
	{"SO_DETACH_FILTER", unix.SO_DETACH_FILTER, 27}, {"SO_ATTACH_FILTER", unix.SO_ATTACH_FILTER, 26}, {"SO_BINDTODEVICE", unix.SO_BINDTODEVICE, 25},
	{"SO_SECURITY_ENCRYPTION_NETWORK", unix.SO_SECURITY_ENCRYPTION_NETWORK, 24},
	{"SO_SECURITY_ENCRYPTION_TRANSPORT", unix.SO_SECURITY_ENCRYPTION_TRANSPORT, 23}, {"SO_SECURITY_AUTHENTICATION", unix.SO_SECURITY_AUTHENTICATION, 22},
	{"SO_SNDTIMEO", unix.SO_SNDTIMEO, 21}, {"SO_RCVTIMEO", unix.SO_RCVTIMEO, 20}, {"SO_SNDLOWAT", unix.SO_SNDLOWAT, 19},
	{"SO_RCVLOWAT", unix.SO_RCVLOWAT, 18}, {"SO_PEERCRED", unix.SO_PEERCRED, 17}, {"SO_PASSCRED", unix.SO_PASSCRED, 16},
	{"SO_REUSEPORT", unix.SO_REUSEPORT, 15}, {"SO_BSDCOMPAT", unix.SO_BSDCOMPAT, 14}, {"SO_LINGER", unix.SO_LINGER, 13},
	{"SO_PRIORITY", unix.SO_PRIORITY, 12}, {"SO_NO_CHECK", unix.SO_NO_CHECK, 11}, {"SO_OOBINLINE", unix.SO_OOBINLINE, 10},
	{"SO_KEEPALIVE", unix.SO_KEEPALIVE, 9}, {"SO_RCVBUFFORCE", unix.SO_RCVBUFFORCE, 33}, {"SO_SNDBUFFORCE", unix.SO_SNDBUFFORCE, 32},
	{"SO_RCVBUF", unix.SO_RCVBUF, 8}, {"SO_SNDBUF", unix.SO_SNDBUF, 7}, {"SO_BROADCAST", unix.SO_BROADCAST, 6}, {"SO_DONTROUTE", unix.SO_DONTROUTE, 5},
	{"SO_ERROR", unix.SO_ERROR, 4}, {"SO_TYPE", unix.SO_TYPE, 3}, {"SO_REUSEADDR", unix.SO_REUSEADDR, 2}, {"SO_DEBUG", unix.SO_DEBUG, 1},
}}
