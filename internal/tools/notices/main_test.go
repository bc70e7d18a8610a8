package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

func TestNoticesAreCurrent(t *testing.T) {
	want, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "THIRD_PARTY_NOTICES.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("THIRD_PARTY_NOTICES.md is not what the binary is made of: run make notices")
	}
	for _, s := range []string{"the Go standard library and runtime", "github.com/prometheus/client_golang ", "hls.js "} {
		if !bytes.Contains(want, []byte(s)) {
			t.Errorf("the notices do not name %s", s)
		}
	}
}

func TestLicences(t *testing.T) {
	top, sub := t.TempDir(), t.TempDir()
	for name, text := range map[string]string{
		top + "/LICENSE": "one\r\n", top + "/license.go": "package x", top + "/NOTICE.md": "two", top + "/README": "no",
		sub + "/COPYING": "\n one \n", sub + "/LICENCE_1_0.txt": "three```",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(sub+"/licenses", 0o700); err != nil {
		t.Fatal(err)
	}
	got, err := licences([]string{top, sub})
	if err != nil || !slices.Equal(got, []string{"one", "two", "three'''"}) {
		t.Errorf("%q %v", got, err)
	}
	if _, err := licences([]string{filepath.Join(top, "nowhere")}); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

func TestGroup(t *testing.T) {
	got := group([]work{{"a v1", []string{"mit"}}, {"golang.org/x/net v1", []string{"bsd"}}, {"b v1", []string{"mit"}}, {"golang.org/x/sys v1", []string{"bsd"}}})
	var names []string
	for _, g := range got {
		names = append(names, strings.Join(g.names, ", "))
	}
	want := []string{"a v1, b v1", "the Go standard library and runtime, golang.org/x/net v1, golang.org/x/sys v1"}
	if !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
}
