package catalog

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"shoal/cluster/state"
)

// Patterns of names and keys.
var (
	// userName and channelName are what PeerTube takes (server/core/helpers/custom-validators/users.ts, video-channels.ts).
	userName    = regexp.MustCompile(`^[a-z0-9._]{1,50}$`)
	channelName = regexp.MustCompile(`^[a-zA-Z0-9\-_.:]{1,50}$`)
	language    = regexp.MustCompile(`^[a-zA-Z0-9-]{1,10}$`)
	// aliasName and streamKey are as the configuration has them.
	aliasName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	streamKey = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,128}$`)
)

// reserved are names that the instance has for itself: its ActivityPub actor, and the owner of lives while there is no user.
var reserved = []string{"peertube", systemAccount}

// Lengths, in UTF-16 code units as PeerTube counts them (server/core/initializers/constants.ts, CONSTRAINTS_FIELDS): other
// instances refuse what is longer.
const (
	minVideoName, maxVideoName = 3, 120
	maxVideoDescription        = 10000
	maxDescription             = 1000 // of an account or a channel
	maxSupport                 = 1000
	maxDisplay                 = 120
	maxTags                    = 5
	minTag, maxTag             = 2, 30
	maxReason                  = 250
	maxInstanceName            = 50
	maxShort                   = 250
	maxLong                    = 50000
	maxEmail                   = 320
	maxPasswords               = 100 // of a video
	maxUnits                   = 1 << 40
)

// checker collects the first mistake of a change. Its methods tidy what they check.
type checker struct{ mistake *state.Refusal }

// err gives the mistake.
func (c *checker) err() error {
	if c.mistake == nil {
		return nil
	}
	return c.mistake
}

// fail notes a mistake, unless there is one.
func (c *checker) fail(format string, args ...any) {
	if c.mistake == nil {
		c.mistake = invalid(format, args...)
	}
}

// units is the length of a text in UTF-16 code units.
func units(text string) int {
	n := 0
	for _, r := range text {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

// fit cuts a text to a number of UTF-16 code units.
func fit(text string, most int) string {
	n := 0
	for i, r := range text {
		if n++; r > 0xFFFF {
			n++
		}
		if n > most {
			return text[:i]
		}
	}
	return text
}

// text checks a text of several lines. nil is no change.
func (c *checker) text(what string, text *string, least, most int) {
	if text == nil {
		return
	}
	*text = strings.TrimSpace(strings.ReplaceAll(*text, "\r\n", "\n"))
	c.characters(what, *text, "\n\t")
	if n := units(*text); n < least {
		c.fail("The %s is too short: give at least %d characters.", what, least)
	} else if n > most {
		c.fail("The %s has %d characters: shorten it to %d.", what, n, most)
	}
}

// line checks a text of one line.
func (c *checker) line(what string, text *string, least, most int) {
	if text == nil {
		return
	}
	c.text(what, text, least, most)
	c.characters(what, *text, "")
}

// characters refuses what cannot be shown: other machines, and the state's own checks, make something else of it.
func (c *checker) characters(what, text, allowed string) {
	if !utf8.ValidString(text) {
		c.fail("The %s is not valid UTF-8: type it again.", what)
	}
	for _, r := range text {
		if unicode.IsControl(r) && !strings.ContainsRune(allowed, r) {
			c.fail("The %s has a character that cannot be shown (%U): remove it.", what, r)
		}
	}
}

// plain makes a line of a text of the program's own, whatever is in it.
func plain(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?")))
}

// user checks a user's name.
func (c *checker) user(name string) {
	if !userName.MatchString(name) {
		c.fail("The user name is not allowed: use 1 to 50 of the characters a-z, 0-9, dot and underscore.")
	}
	c.unreserved(name)
}

// channel checks a channel's name.
func (c *checker) channel(name string) {
	if !channelName.MatchString(name) {
		c.fail("The channel's short name is not allowed: use 1 to 50 of the characters a-z, A-Z, 0-9, dot, underscore, hyphen and colon.")
	}
	c.unreserved(name)
}

// unreserved refuses the instance's own names.
func (c *checker) unreserved(name string) {
	for _, r := range reserved {
		if strings.EqualFold(name, r) {
			c.fail("The name %q is the instance's own: choose another one.", r)
		}
	}
}

// email checks an address; "" is none.
func (c *checker) email(address *string) {
	if address == nil {
		return
	}
	c.line("email address", address, 0, maxEmail)
	if *address == "" {
		return
	}
	if a, err := mail.ParseAddress(*address); err != nil || a.Address != *address {
		c.fail("The email address is not one: give it as name@example.org, or leave it out.")
	}
}

// role checks a role.
func (c *checker) role(r *Role) {
	if r != nil && (*r < Admin || *r > Ordinary) {
		c.fail("There is no role %d: give 0 for an admin, 1 for a moderator, 2 for an ordinary user.", *r)
	}
}

// quota checks a number of bytes that may be Unlimited.
func (c *checker) quota(what string, n *int64) {
	if n != nil && *n < Unlimited {
		c.fail("The %s is negative: give a number of bytes, or -1 for no limit.", what)
	}
}

// privacy checks a privacy.
func (c *checker) privacy(what string, p *Privacy) {
	if p != nil && (*p < Public || *p > Protected) {
		c.fail("There is no %s %d: give 1 (public), 2 (unlisted), 3 (private), 4 (internal) or 5 (with a password).", what, *p)
	}
}

// latency checks a latency mode.
func (c *checker) latency(l *Latency) {
	if l != nil && (*l < DefaultLatency || *l > SmallLatency) {
		c.fail("There is no latency mode %d: give 1 (default), 2 (high) or 3 (small).", *l)
	}
}

// takeover checks a rule of takeover.
func (c *checker) takeover(t *Takeover) {
	if t != nil && *t != RefuseSecond && *t != NewestWins {
		c.fail("There is no rule %d for a second encoder: give 0 (refuse it) or 1 (the newest wins).", *t)
	}
}

// comments checks a comments policy.
func (c *checker) comments(n *int) {
	if n != nil && (*n < 1 || *n > 3) {
		c.fail("There is no comments policy %d: give 1 (on), 2 (off) or 3 (with approval).", *n)
	}
}

// number checks one of PeerTube's numbers of a category or licence; 0 is none.
func (c *checker) number(what string, n *int64) {
	if n != nil && (*n < 0 || *n > maxUnits) {
		c.fail("The %s %d is not one: give its number, or 0 for none.", what, *n)
	}
}

// language checks a language code; "" is none.
func (c *checker) language(code *string) {
	if code != nil && *code != "" && !language.MatchString(*code) {
		c.fail("The language %q is not one: give a code such as en or fr.", *code)
	}
}

// tags checks tags, and gives them without empty and repeated ones.
func (c *checker) tags(tags []string) []string {
	tidy := []string{}
	for _, t := range tags {
		c.line("tag", &t, 0, maxTag)
		if t == "" || containsFold(tidy, t) {
			continue
		}
		if units(t) < minTag {
			c.fail("The tag %q is too short: give at least %d characters.", t, minTag)
		}
		tidy = append(tidy, t)
	}
	if len(tidy) > maxTags {
		c.fail("There are %d tags: give at most %d.", len(tidy), maxTags)
	}
	return tidy
}

// containsFold says whether there is such a tag, as the state compares them: letters of ASCII in either case are the same.
func containsFold(tags []string, tag string) bool {
	for _, t := range tags {
		if asciiLower(t) == asciiLower(tag) {
			return true
		}
	}
	return false
}

// asciiLower is SQLite's NOCASE.
func asciiLower(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, text)
}

// uuid checks a UUID, and gives its canonical form. "" is a new one.
func (c *checker) uuid(text string) string {
	if text == "" {
		return newUUID()
	}
	u, err := uuid.Parse(text)
	if err != nil || len(text) != 36 {
		c.fail("%q is not a UUID: leave it out to have one made.", text)
	}
	return u.String()
}

// key checks a stream key.
func (c *checker) key(key string) {
	if !streamKey.MatchString(key) {
		c.fail("The stream key is not allowed: use 1 to 128 letters, digits and the characters . _ ~ and -; encoders put it into an address.")
	}
}

// alias checks an alias; "" is none.
func (c *checker) alias(name string) {
	if name != "" && !aliasName.MatchString(name) {
		c.fail("The short name %q is not allowed: use 1 to 63 of the characters a-z, 0-9 and hyphen, not beginning with a hyphen.", name)
	}
}

// passwords checks how many passwords there are.
func (c *checker) passwords(hashes []string) {
	if len(hashes) > maxPasswords {
		c.fail("There are %d passwords: give at most %d.", len(hashes), maxPasswords)
	}
}
