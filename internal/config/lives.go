package config

import (
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"shoal/internal/media"
)

// shortKey is the length, in characters, below which a stream key can be guessed by trying.
const shortKey = 12

// namespace is that of the UUIDs that are derived from names. It must never change: links hold them.
var namespace = uuid.MustParse("b1a5c6e0-6d0f-5a8e-9c1b-3f0f5d1c7a42")

// shortPassword is the length, in characters, that PeerTube's and our interface ask of a password.
const shortPassword = 6

var (
	liveName  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	streamKey = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,128}$`) // unreserved in a URI (RFC 3986, section 2.3): encoders put it into one
)

// Live is a live that the configuration declares.
type Live struct {
	Name  string `yaml:"name"`            // stands in links: /w/<name>
	Key   Secret `yaml:"key"`             // the stream key
	UUID  string `yaml:"uuid,omitempty"`  // "" to derive it from the name
	Title string `yaml:"title,omitempty"` // for viewers, "" for the name
	// Replay says that each broadcast leaves a replay of its own.
	Replay bool `yaml:"replay,omitempty"`
}

// ID is the live's UUID: the configured one, or one derived from the name (RFC 9562, section 5.5), the same at every
// start and on every node. It is meant for a Live that Validate accepts.
func (l Live) ID() media.LiveID {
	if id, err := media.ParseLiveID(l.UUID); err == nil {
		return id
	}
	return media.LiveID(uuid.NewSHA1(namespace, []byte("live:"+l.Name)).String())
}

// checkLives reports every mistake of lives as (key path, text).
func checkLives(lives []Live, mistake func(key, format string, args ...any)) {
	names, keys, ids := map[string]int{}, map[Secret]int{}, map[media.LiveID]int{}
	for i, l := range lives {
		at := func(field string) string { return fmt.Sprintf("lives[%d].%s", i, field) }
		first, sameName := names[l.Name]
		if !liveName.MatchString(l.Name) {
			mistake(at("name"), "is %q: give 1 to 63 of a-z, 0-9 and -, not beginning with -", l.Name)
		} else if sameName {
			mistake(at("name"), "is %q like that of lives[%d]: give each live its own", l.Name, first)
		}
		if !streamKey.MatchString(string(l.Key)) {
			mistake(at("key"), "is empty or has other characters than letters, digits and . _ ~ -, or more than 128: encoders put it into an address")
		} else if first, twice := keys[l.Key]; twice {
			mistake(at("key"), "is that of lives[%d]: give each live its own, it says which live an encoder means", first)
		}
		if _, err := media.ParseLiveID(l.UUID); err != nil && l.UUID != "" {
			mistake(at("uuid"), "is %q, %v; leave it out to have one derived from the name", l.UUID, err)
		} else if first, twice := ids[l.ID()]; twice && !sameName {
			mistake(at("uuid"), "is %s like that of lives[%d]: give each live its own", l.ID(), first)
		}
		if len([]rune(l.Title)) > 200 {
			mistake(at("title"), "has %d characters: give at most 200", len([]rune(l.Title)))
		}
		note(names, l.Name, i)
		note(keys, l.Key, i)
		note(ids, l.ID(), i)
	}
}

// note remembers where something was first seen.
func note[K comparable](seen map[K]int, k K, i int) {
	if _, ok := seen[k]; !ok {
		seen[k] = i
	}
}

// Warnings are what is allowed and unwise, in words for an operator.
func (c *Config) Warnings() []string {
	var w []string
	for _, l := range c.Lives {
		if n := len(l.Key); n < shortKey {
			w = append(w, fmt.Sprintf("the stream key of live %q has %d characters, which can be guessed: give it at least %d", l.Name, n, shortKey))
		}
	}
	return w
}
