package listen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"shoal/internal/atomicfile"
)

const (
	leafLife = 180 * 24 * time.Hour // browsers refuse more than 825 days even from an authority that the user added
	skew     = time.Hour            // how far the clock of a viewer's device may be behind
)

// The life of an authority, and the earliest moment that a board without a clock can believe in after power-on.
var (
	epoch  = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	caEnds = epoch.AddDate(20, 0, 0)
)

// authority is a certificate authority for one node, in a folder of its own, and the certificate that it gives the node:
//
//	ca.pem      to be trusted on viewers' devices, once
//	ca-key.pem  mode 0600
//	server.pem  the node's certificate
//	server-key.pem  mode 0600
//
// The authority is bound by name constraints (RFC 5280, section 4.2.1.10) to the local network and to the configured
// hosts: whoever trusts it does not put other sites into the hands of whoever steals its key.
type authority struct {
	dir   string
	hosts []string
	now   func() time.Time
	addrs func() ([]net.Addr, error)
	log   *slog.Logger
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

// time is the clock's, but never before the authority's own beginning.
func (a *authority) time() time.Time {
	if now := a.now(); now.After(epoch) {
		return now
	}
	return epoch.Add(skew)
}

// load gives the node's certificate from the folder, or a new one where that is missing, past half its life, or lacks a
// name or an address that the node has now.
func (a *authority) load() (*loaded, error) {
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the local CA: %w", err)
	}
	ca, err := a.authority()
	if err != nil {
		return nil, err
	}
	wanted, err := a.names()
	if err != nil {
		return nil, err
	}
	if outside := wanted.outside(ca.Leaf); len(outside) > 0 {
		return nil, fmt.Errorf("the local CA in %s may not vouch for %v, which tls.hosts names: "+
			"move the folder away for a new CA, which viewers' devices must trust anew", a.dir, outside)
	}
	if leaf := a.stored(ca.Leaf, wanted); leaf != nil {
		return a.serve(leaf), nil
	}
	leaf, err := a.issue(ca, wanted)
	if err != nil {
		return nil, fmt.Errorf("make a certificate from the local CA: %w", err)
	}
	return a.serve(leaf), nil
}

func (a *authority) serve(leaf *tls.Certificate) *loaded {
	return &loaded{cert: leaf, stale: func() bool {
		wanted, err := a.names()
		return err == nil && !a.good(leaf.Leaf, wanted)
	}}
}

// good says whether a certificate names all that is wanted and is in the first half of its life.
func (a *authority) good(leaf *x509.Certificate, wanted names) bool {
	half := leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2)
	return wanted.within(leaf) && a.time().Before(half)
}

// stored gives the certificate in the folder, nil if it is not there or not good: another one is made at no cost.
func (a *authority) stored(ca *x509.Certificate, wanted names) *tls.Certificate {
	leaf, err := tls.LoadX509KeyPair(a.path("server.pem"), a.path("server-key.pem"))
	if err != nil || leaf.Leaf.CheckSignatureFrom(ca) != nil || !a.good(leaf.Leaf, wanted) {
		return nil
	}
	return &leaf
}

// authority gives the authority in the folder, or makes one where there never was one.
func (a *authority) authority() (*tls.Certificate, error) {
	_, err := os.Stat(a.path("ca.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		ca, err := a.found()
		if err != nil {
			return nil, fmt.Errorf("make the local CA: %w", err)
		}
		a.log.Info("a local CA was made; viewers' devices must trust it once", "file", a.path("ca.pem"))
		return ca, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the local CA: %w", err)
	}
	ca, err := tls.LoadX509KeyPair(a.path("ca.pem"), a.path("ca-key.pem"))
	if err != nil {
		return nil, fmt.Errorf("read the local CA: put ca.pem and ca-key.pem back as they were, or move %s away for a new CA, "+
			"which viewers' devices must trust anew: %w", a.dir, err)
	}
	return &ca, nil
}

// found makes the authority. The key is written first: a folder with a key alone is one where nothing was trusted yet.
func (a *authority) found() (*tls.Certificate, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	dns, ips := constraints(a.hosts)
	return a.write("ca", &x509.Certificate{
		Subject:                     pkix.Name{Organization: []string{"Shoal"}, CommonName: "Shoal local CA of " + host},
		NotBefore:                   epoch,
		NotAfter:                    caEnds,
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		KeyUsage:                    x509.KeyUsageCertSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         dns,
		PermittedIPRanges:           ips,
	}, nil)
}

func (a *authority) issue(ca *tls.Certificate, wanted names) (*tls.Certificate, error) {
	now := a.time()
	return a.write("server", &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"Shoal"}},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(leafLife),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:              wanted.dns,
		IPAddresses:           wanted.ips,
	}, ca)
}

// write makes a key and a certificate for it, signed by ca or, when that is nil, by itself, and stores both.
func (a *authority) write(name string, template *x509.Certificate, ca *tls.Certificate) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	var parent, signer any = template, key
	if ca != nil {
		parent, signer = ca.Leaf, ca.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.(*x509.Certificate), key.Public(), signer)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
	if err := atomicfile.Write(a.path(name+"-key.pem"), keyPEM, 0o600); err != nil {
		return nil, err
	}
	if err := atomicfile.Write(a.path(name+".pem"), certPEM, 0o644); err != nil {
		return nil, err
	}
	cert, err := tls.X509KeyPair(certPEM, keyPEM)
	return &cert, err
}
