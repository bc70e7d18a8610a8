package logstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"github.com/hashicorp/raft"
)

// An entry's value, in little endian: CRC32C over the key and what follows (4 bytes), format (1), type (1), term (8), time in
// Unix nanoseconds (8), length of the extensions (4), extensions, data. The key is the index in big endian, so that keys
// ascend with it.
const (
	entryFormat = 1
	entryHeader = 4 + 1 + 1 + 8 + 8 + 4
	// noTime stands for the zero time, which has no Unix nanoseconds.
	noTime = math.MinInt64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errChecksum = errors.New("the checksum does not match")

// entryKey is the key of an entry.
func entryKey(index uint64) []byte { return binary.BigEndian.AppendUint64(nil, index) }

// entryIndex is the index that a key stands for.
func entryIndex(key []byte) (uint64, error) {
	if len(key) != 8 {
		return 0, fmt.Errorf("a key of %d bytes", len(key))
	}
	return binary.BigEndian.Uint64(key), nil
}

// checksum is CRC32C over a key and what is kept under it.
func checksum(key, rest []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, rest)
}

// encodeEntry gives an entry's value.
func encodeEntry(l *raft.Log) []byte {
	at := int64(noTime)
	if !l.AppendedAt.IsZero() {
		at = l.AppendedAt.UnixNano()
	}
	b := make([]byte, 4, entryHeader+len(l.Extensions)+len(l.Data))
	b = append(b, entryFormat, byte(l.Type))
	b = binary.LittleEndian.AppendUint64(b, l.Term)
	b = binary.LittleEndian.AppendUint64(b, uint64(at))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(l.Extensions)))
	b = append(b, l.Extensions...)
	b = append(b, l.Data...)
	binary.LittleEndian.PutUint32(b, checksum(entryKey(l.Index), b[4:]))
	return b
}

// decodeEntry reads an entry; the slices of l point into the value.
func decodeEntry(key, value []byte, l *raft.Log) error {
	index, err := entryIndex(key)
	if err != nil {
		return err
	}
	if len(value) < entryHeader {
		return fmt.Errorf("entry %d has %d bytes", index, len(value))
	}
	if binary.LittleEndian.Uint32(value) != checksum(key, value[4:]) {
		return fmt.Errorf("entry %d: %w", index, errChecksum)
	}
	if value[4] != entryFormat {
		return fmt.Errorf("entry %d has format %d, this program knows %d", index, value[4], entryFormat)
	}
	rest, extensions := value[entryHeader:], uint64(binary.LittleEndian.Uint32(value[22:]))
	if extensions > uint64(len(rest)) {
		return fmt.Errorf("entry %d: extensions of %d bytes", index, extensions)
	}
	*l = raft.Log{Index: index, Type: raft.LogType(value[5]), Term: binary.LittleEndian.Uint64(value[6:]), Data: rest[extensions:]}
	if extensions > 0 {
		l.Extensions = rest[:extensions]
	}
	if at := int64(binary.LittleEndian.Uint64(value[14:])); at != noTime {
		l.AppendedAt = time.Unix(0, at)
	}
	return nil
}

// encodeStable gives the form in which a stable value is kept: CRC32C over the key and itself, then itself.
func encodeStable(key, value []byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, checksum(key, value)), value...)
}

// decodeStable reads a stable value; it points into what it was read from.
func decodeStable(key, kept []byte) ([]byte, error) {
	if len(kept) < 4 {
		return nil, fmt.Errorf("value %q has %d bytes", key, len(kept))
	}
	if binary.LittleEndian.Uint32(kept) != checksum(key, kept[4:]) {
		return nil, fmt.Errorf("value %q: %w", key, errChecksum)
	}
	return kept[4:], nil
}
