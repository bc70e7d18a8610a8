package obs

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// LogConfig says what is logged, and how.
type LogConfig struct {
	Level  string `yaml:"level"`  // the least that is logged: debug, info, warn or error
	Format string `yaml:"format"` // text, for people, or json, for machines
}

// DefaultLogConfig logs what an operator wants to know, for people.
func DefaultLogConfig() LogConfig { return LogConfig{Level: "info", Format: "text"} }

// Validate reports all mistakes at once.
func (c LogConfig) Validate() error {
	_, level := parseLevel(c.Level)
	return errors.Join(level, checkFormat(c.Format))
}

// NewLogger makes a logger that writes lines to w. It fails on a configuration that Validate refuses.
func NewLogger(w io.Writer, c LogConfig) (*slog.Logger, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("make the logger: %w", err)
	}
	level, _ := parseLevel(c.Level)
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), nil
}

// parseLevel knows four names only: slog's own parser also takes "INFO+2", which nobody would guess.
func parseLevel(s string) (slog.Level, error) {
	switch strings.ToLower(s) {
	case "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("level is %q: give debug, info, warn or error", s)
}

func checkFormat(s string) error {
	if s != "text" && s != "json" {
		return fmt.Errorf("format is %q: give text or json", s)
	}
	return nil
}
