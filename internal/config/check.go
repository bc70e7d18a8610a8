package config

import (
	"fmt"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Validate reports all mistakes at once, as Mistakes.
func (c *Config) Validate() error {
	if m := c.check(nil); len(m) > 0 {
		return m
	}
	return nil
}

// check finds what is wrong with values. What is known to be wrong already is not looked at again: a value that could not
// be read is still the default, and a second mistake about it would only confuse.
func (c *Config) check(known Mistakes) (found Mistakes) {
	mistake := func(key, format string, args ...any) {
		if slices.ContainsFunc(known, func(m Mistake) bool { return m.Key == key }) {
			return
		}
		found = append(found, Mistake{c.origins.of(key), key, fmt.Sprintf(format, args...)})
	}

	if c.Data == "" {
		mistake("data", "is not known, since neither HOME nor XDG_DATA_HOME is set: name a folder with --data")
	}
	c.checkAddresses(mistake)
	if n := c.Listen.MaxConnections; n < 1 || n > 1_000_000 {
		mistake("listen.max_connections", "is %d: give 1 to 1,000,000", n)
	}
	if c.HTTPS != "" && !c.TLS.Enabled() {
		mistake("https", "is %q without a certificate: set tls.cert and tls.key, or tls.local_ca", c.HTTPS)
	}
	if c.HTTPS == "" && c.TLS.Enabled() {
		mistake("https", "is off, so that nothing uses the certificate that tls sets: give an address, such as :8443")
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "") {
		mistake("public_url", "is %q: give scheme and host alone, such as https://live.example.org", c.PublicURL)
	}
	if n := len([]rune(string(c.RootPassword))); n > 0 && n < shortPassword {
		mistake("root_password", "has %d characters: give at least %d", n, shortPassword)
	}
	checkLives(c.Lives, mistake)

	for _, f := range fields(reflect.ValueOf(c).Elem()) {
		v, ok := f.value.Interface().(interface{ Validate() error })
		if !ok {
			continue
		}
		for _, err := range split(v.Validate()) {
			key, text := c.about(f.name, err.Error())
			mistake(key, "%s", text)
		}
	}
	return found
}

func (c *Config) checkAddresses(mistake func(key, format string, args ...any)) {
	taken := map[string]string{}
	for _, a := range []struct {
		key, address string
		off          bool
	}{{"http", c.HTTP, false}, {"https", c.HTTPS, true}, {"rtmp", c.RTMP, false}} {
		if a.address == "" && a.off {
			continue
		}
		_, port, err := net.SplitHostPort(a.address)
		n, perr := strconv.ParseUint(port, 10, 16)
		if err != nil || perr != nil {
			mistake(a.key, "is %q: give host:port or :port, with a port of 0 (any that is free) to 65535", cut(a.address))
			continue
		}
		if other, twice := taken[a.address]; twice && n != 0 {
			mistake(a.key, "is %s like %s: give each its own port", a.address, other)
		}
		taken[a.address] = a.key
	}
}

// about finds the key that a part's own complaint begins with ("floor is 3s: give 12s to 10m0s"): what is left is the
// rest of the sentence. A complaint that begins otherwise is about the section.
func (c *Config) about(section, complaint string) (key, text string) {
	word, text, _ := strings.Cut(complaint, " ")
	for _, k := range c.keys() {
		if k.path == section+"."+word {
			return k.path, text
		}
	}
	return section, "is not usable: " + complaint
}

// split undoes errors.Join.
func split(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}
