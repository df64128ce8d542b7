// Package capture is the file of a recorded run: a Writer takes down the events
// that an engine handles, and a Reader is a source that tells them again, so that
// rules can be tried on a run after it, on any machine and as any user.
//
// In a nutshell: eight bytes of magic, then blocks. A block is a header (length
// of its bytes, kind, their checksum, the header's own checksum; 32 bits each,
// little-endian; CRC-32C) and its bytes. The first block is the header of the file, as JSON:
// the machine and the rows of the recording version by name. Then come blocks of
// event records as package event has them, one behind the other; and where the
// recording ended well, a block with its account, as JSON.
//
// A file is only ever appended to, block by block. So one whose writer was killed
// is whole up to its last block: the reader gives these and says that the file is
// cut off. Bytes that were changed are told from bytes that are missing, as the
// length of a block has a checksum of its own.
//
// The trap: a record means what the table, the parts and the state of a process
// meant when it was written. What of these has names is in the header, and
// checked; when the bytes of a part come to mean something else, the number in
// the magic must be raised.
package capture
