package listen

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"shoal/internal/atomicfile"
)

// AddressesFile is the name, in the data folder, of the file that says where a running node listens.
const AddressesFile = "addresses.json"

// WriteAddresses puts addresses.json into the data folder in one step, so that whoever waits for the file never reads
// half of it: {"http":"127.0.0.1:8080","rtmp":"127.0.0.1:1935"}. Call it when all listeners listen.
func WriteAddresses(data string, listeners map[string]net.Addr) error {
	named := make(map[string]string, len(listeners))
	for name, addr := range listeners {
		named[name] = Usable(addr)
	}
	text, err := json.Marshal(named)
	if err != nil {
		return fmt.Errorf("write the node's addresses: %w", err)
	}
	if err := atomicfile.Write(filepath.Join(data, AddressesFile), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the node's addresses: %w", err)
	}
	return nil
}

// RemoveAddresses takes addresses.json away, when the node stops or before it listens; it may be gone already.
func RemoveAddresses(data string) error {
	if err := os.Remove(filepath.Join(data, AddressesFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the node's addresses: %w", err)
	}
	return nil
}

// Usable gives the address in a form that a program on the same machine can connect to: for a listener on every address,
// that is the loopback address.
func Usable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !(tcp.IP == nil || tcp.IP.IsUnspecified()) {
		return addr.String()
	}
	// A socket on [::] takes IPv4 too: Go clears IPV6_V6ONLY for it.
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
}
