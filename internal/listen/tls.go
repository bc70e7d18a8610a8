package listen

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"time"
)

// TLSConfig says where the node's certificate comes from: files, or a local authority that the node makes for itself.
type TLSConfig struct {
	Cert    string   `yaml:"cert"`     // file: certificate chain in PEM, leaf first
	Key     string   `yaml:"key"`      // file: the leaf's private key in PEM
	LocalCA bool     `yaml:"local_ca"` // make a CA under <data>/tls and certificates from it, instead of files
	Hosts   []string `yaml:"hosts"`    // with local_ca: names and addresses by which viewers know the node
}

// Validate reports all mistakes at once.
func (c TLSConfig) Validate() error {
	var errs []error
	files := c.Cert != "" || c.Key != ""
	if files && c.LocalCA {
		errs = append(errs, errors.New("local_ca is set beside cert and key: give one or the other, not both"))
	}
	if c.Cert == "" && c.Key != "" {
		errs = append(errs, errors.New("cert is missing beside key: give the file with the certificate chain"))
	}
	if c.Key == "" && c.Cert != "" {
		errs = append(errs, errors.New("key is missing beside cert: give the file with the private key"))
	}
	for _, h := range c.Hosts {
		if err := checkHost(h); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Enabled says whether there is a certificate to serve with.
func (c TLSConfig) Enabled() bool { return c.LocalCA || c.Cert != "" }

// ServerTLS makes the configuration of a TLS listener: TLS 1.2 and later, HTTP/2 before HTTP/1.1. Certificates are looked
// at again while the node runs: files when they change, those of the local authority when they are half through their
// life or the machine's addresses change. data is the node's data folder.
func (c TLSConfig) ServerTLS(data string, log *slog.Logger) (*tls.Config, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	var source interface{ load() (*loaded, error) }
	if c.LocalCA {
		source = &authority{dir: filepath.Join(data, "tls"), hosts: c.Hosts, now: time.Now, addrs: net.InterfaceAddrs, log: log}
	} else {
		source = &files{cert: c.Cert, key: c.Key}
	}
	certs, err := newCertificates(source.load, time.Now, log)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: certs.get,
	}, nil
}
