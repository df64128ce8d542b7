package event

import "golang.org/x/sys/unix"

// descriptorFields are of the descriptor that a call is about: the one that it
// makes, or the first that it is given.
var descriptorFields = []Field{
	{"fd.num", TypeInt, NoArg, 0, 0, "the descriptor's number; -1 where none was made", fdNum},
	{"fd.type", TypeString, NoArg, 0, typeFacts, "file, directory, ipv4, ipv6, unix, netlink, pipe, event, eventpoll, inotify, signalfd, timerfd, memfd, bpf, userfaultfd, iouring, pidfd", fdType},
	{"fd.typechar", TypeString, NoArg, 0, typeFacts, "the same as one character: f d 4 6 u n p e l i s t m b u r P, and o for any other", fdTypeChar},
	{"fd.name", TypeString, NoArg, 0, fdFacts, "the absolute path, or the connection: client->server", fdName},
	{"fd.nameraw", TypeString, NoArg, 0, 0, "the path as the call gave it", fdNameRaw},
	{"fd.directory", TypeString, NoArg, 0, fdFacts, "the directory of the path", fdDirectory},
	{"fd.filename", TypeString, NoArg, 0, fdFacts, "the path's last element", fdFilename},
	{"fd.ip", TypeAddr, NoArg, Many | FilterOnly | NoRHS | NoTransformer, sockFacts, "an address of the connection, either end", either(fdEnd(client), fdEnd(server))},
	{"fd.cip", TypeAddr, NoArg, 0, sockFacts, "the client's address", fdEnd(client)},
	{"fd.sip", TypeAddr, NoArg, 0, sockFacts, "the server's address", fdEnd(server)},
	{"fd.lip", TypeAddr, NoArg, 0, sockFacts, "the local address", fdEnd(local)},
	{"fd.rip", TypeAddr, NoArg, 0, sockFacts, "the remote address", fdEnd(remote)},
	{"fd.port", TypePort, NoArg, Many | FilterOnly | NoRHS | NoTransformer, sockFacts, "a port of the connection, either end", either(fdPort(client), fdPort(server))},
	{"fd.cport", TypePort, NoArg, 0, sockFacts, "the client's port", fdPort(client)},
	{"fd.sport", TypePort, NoArg, 0, sockFacts, "the server's port", fdPort(server)},
	{"fd.lport", TypePort, NoArg, 0, sockFacts, "the local port", fdPort(local)},
	{"fd.rport", TypePort, NoArg, 0, sockFacts, "the remote port", fdPort(remote)},
	{"fd.net", TypeNet, NoArg, Many | FilterOnly | NoRHS | NoTransformer, sockFacts, "as fd.ip, to compare with networks", either(fdEnd(client), fdEnd(server))},
	{"fd.cnet", TypeNet, NoArg, FilterOnly | NoRHS | NoTransformer, sockFacts, "as fd.cip, to compare with networks", fdEnd(client)},
	{"fd.snet", TypeNet, NoArg, FilterOnly | NoRHS | NoTransformer, sockFacts, "as fd.sip, to compare with networks", fdEnd(server)},
	{"fd.lnet", TypeNet, NoArg, FilterOnly | NoRHS | NoTransformer, sockFacts, "as fd.lip, to compare with networks", fdEnd(local)},
	{"fd.rnet", TypeNet, NoArg, FilterOnly | NoRHS | NoTransformer, sockFacts, "as fd.rip, to compare with networks", fdEnd(remote)},
	{"fd.l4proto", TypeString, NoArg, 0, sockFacts, "tcp, udp, icmp or raw", fdProto},
	{"fd.sockfamily", TypeString, NoArg, 0, sockFacts, "ip or unix", fdFamily},
	{"fd.is_server", TypeBool, NoArg, 0, sockFacts, "the process is the connection's server", fdIsServer},
	{"fd.types", TypeString, MayIndex, List | NoRHS, facts(FactDescriptors), "the types of the process's descriptors, each once; with a number, that descriptor's", fdTypes},
	{"fd.uid", TypeString, NoArg, 0, 0, "the thread's number and the descriptor's, one behind the other", fdUID},
	{"fd.containername", TypeString, NoArg, 0, fdFacts | facts(FactGroup), "container.id, a colon and fd.name", inContainer(fdName)},
	{"fd.containerdirectory", TypeString, NoArg, 0, fdFacts | facts(FactGroup), "container.id, a colon and fd.directory", inContainer(fdDirectory)},
	{"fd.proto", TypePort, NoArg, Many | FilterOnly | NoRHS | NoTransformer, sockFacts, "as fd.port", either(fdPort(client), fdPort(server))},
	{"fd.cproto", TypeString, NoArg, 0, sockFacts, "the client's port, as text", portText(client)},
	{"fd.sproto", TypeString, NoArg, 0, sockFacts, "the server's port, as text", portText(server)},
	{"fd.lproto", TypeString, NoArg, 0, sockFacts, "the local port, as text", portText(local)},
	{"fd.rproto", TypeString, NoArg, 0, sockFacts, "the remote port, as text", portText(remote)},
	{"fd.connected", TypeBool, NoArg, 0, sockFacts, "the socket has a remote end", fdConnected},
	{"fd.dev", TypeInt32, NoArg, 0, facts(FactInode), "the number of the device that the file is on", factNum(FactInode, InodeDevice)},
	{"fd.dev.major", TypeInt32, NoArg, 0, facts(FactInode), "its major number", deviceHalf(unix.Major)},
	{"fd.dev.minor", TypeInt32, NoArg, 0, facts(FactInode), "its minor number", deviceHalf(unix.Minor)},
	{"fd.ino", TypeInt, NoArg, 0, facts(FactInode), "the file's inode number", factNum(FactInode, InodeNumber)},
	{"fd.is_upper_layer", TypeBool, NoArg, 0, facts(FactInode), "the file was written since the container's image (overlay file system)", layerIs(LayerUpper)},
	{"fd.is_lower_layer", TypeBool, NoArg, 0, facts(FactInode), "the file is of the container's image (overlay file system)", layerIs(LayerLower)},
}

// pathFields are of the paths that a call names.
var pathFields = []Field{
	{"fs.path.name", TypeString, NoArg, 0, 0, "the path that the call is about, absolute; absent where there are two", fsPath},
	{"fs.path.nameraw", TypeString, NoArg, 0, 0, "the same as the call gave it", fsPathRaw},
	{"fs.path.source", TypeString, NoArg, 0, facts(FactCwd), "of a rename the old name, of a link the new one, of a mount the device", fsPathOf(source)},
	{"fs.path.sourceraw", TypeString, NoArg, 0, 0, "the same as the call gave it", fsRawOf(source)},
	{"fs.path.target", TypeString, NoArg, 0, facts(FactCwd), "of a rename the new name, of a link what it leads to, of a mount the folder", fsPathOf(target)},
	{"fs.path.targetraw", TypeString, NoArg, 0, 0, "the same as the call gave it", fsRawOf(target)},
}
