package config

// redacted stands for a secret wherever one would be shown.
const redacted = "(redacted)"

// Secret is a text that never shows itself: printed, logged or encoded, it is "(redacted)". Convert it to a string where
// it is needed.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString hides it from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides it from encoders (YAML, JSON, slog).
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
