package config

import (
	"net/netip"

	"shoal/ingest/rtmp"
	"shoal/internal/auth"
	"shoal/internal/blob"
	"shoal/internal/broadcast"
	"shoal/internal/listen"
	"shoal/internal/live"
	"shoal/internal/obs"
	"shoal/relay/hls"
)

// Config is all that can be configured. deploy/shoal.yaml explains each key.
type Config struct {
	Data  string `yaml:"data"`  // folder; after Load, an absolute path
	HTTP  string `yaml:"http"`  // host:port
	HTTPS string `yaml:"https"` // host:port, "" for off
	RTMP  string `yaml:"rtmp"`  // host:port
	// PublicURL is the address under which the world knows the instance, "" to take what each visitor asked for.
	PublicURL string `yaml:"public_url"`
	// RootPassword is that of the user root when the node makes it, at its first start; "" to have one made and printed.
	RootPassword Secret `yaml:"root_password"`

	TLS       listen.TLSConfig `yaml:"tls"`
	Listen    Listen           `yaml:"listen"`
	Log       obs.LogConfig    `yaml:"log"`
	Metrics   Metrics          `yaml:"metrics"`
	Ingest    rtmp.Config      `yaml:"ingest"`
	Broadcast broadcast.Config `yaml:"broadcast"`
	Live      live.Config      `yaml:"live"`
	HLS       hls.Config       `yaml:"hls"`
	Auth      auth.Config      `yaml:"auth"`
	Storage   blob.Config      `yaml:"storage"`
	Lives     []Live           `yaml:"lives"`

	// Demo says that the node is there to be tried out: its pages tell everybody how to send to it. No key sets it.
	Demo bool `yaml:"-"`

	origins origins
}

// Listen limits what the sockets take.
type Listen struct {
	MaxConnections int `yaml:"max_connections"` // open at once, for HTTP and again for HTTPS
}

// Metrics says who may read /metrics.
type Metrics struct {
	Allow []netip.Prefix `yaml:"allow"`
}

// Default is what holds where nothing is configured. Data is empty: Load fills it in.
func Default() *Config {
	return &Config{
		HTTP:   ":8080",
		RTMP:   ":1935",
		TLS:    listen.TLSConfig{Hosts: []string{}},
		Listen: Listen{MaxConnections: 10_000},
		Log:    obs.DefaultLogConfig(),
		Metrics: Metrics{Allow: []netip.Prefix{
			netip.MustParsePrefix("127.0.0.0/8"),
			netip.MustParsePrefix("::1/128"),
			netip.MustParsePrefix("10.0.0.0/8"),
			netip.MustParsePrefix("172.16.0.0/12"),
			netip.MustParsePrefix("192.168.0.0/16"),
			netip.MustParsePrefix("fc00::/7"),
			netip.MustParsePrefix("fe80::/10"),
		}},
		Ingest:    rtmp.DefaultConfig(),
		Broadcast: broadcast.DefaultConfig(),
		Live:      live.DefaultConfig(),
		HLS:       hls.DefaultConfig(),
		Auth:      auth.DefaultConfig(),
		Storage:   blob.DefaultConfig(),
		Lives:     []Live{},
	}
}
